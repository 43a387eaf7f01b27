"""The jobs of a deliverer: which there are, and how they run and end together."""

from __future__ import annotations

import threading

import pytest
from deliveries_by_hand import SECRET, Clock

from stillwatch.app.deliver.jobs import Job, make_jobs, run_for_good, run_once
from stillwatch.app.deliver.settings import DeliverSettings
from stillwatch.app.loops.rounds import Ending
from stillwatch.store.ledger import Ledger


def test_there_is_a_job_for_all_that_is_set(ledger: Ledger, clock: Clock) -> None:
    """Nothing set: decisions still end. Everything set: one job each."""
    assert [one.name for one in make_jobs(ledger, DeliverSettings(), clock.means())] == ["endings"]
    settings = DeliverSettings(
        webhook_url="https://accounts.example/",
        webhook_secrets=SECRET,
        files="out",
        notice_url="https://chat.example/",
        notice_format="text",
        mail_to="ann@example.com",
        mail_from="stillwatch@example.com",
        mail_host="mail.example.com",
    )
    names = [one.name for one in make_jobs(ledger, settings, clock.means())]
    assert names == [
        "endings",
        "webhook",
        "files",
        "notices",
        "tell webhook",
        "tell mail",
        "audit",
    ]


def test_a_job_that_fails_holds_up_no_other() -> None:
    """Once: the others are done, and it is said that not all is well."""
    done: list[str] = []

    def fail() -> bool:
        raise OSError

    def work() -> bool:
        done.append("once")
        return len(done) < 3

    said: list[Exception] = []
    assert not run_once([Job("a", fail), Job("b", work)], complain=said.append)
    assert (len(done), len(said)) == (3, 1)


def test_a_fault_of_ours_ends_them_all() -> None:
    """Whoever keeps the process running starts it anew; it doesn't live on half dead."""
    began = threading.Event()

    def break_down() -> bool:
        assert began.wait(10)
        raise ZeroDivisionError

    def work() -> bool:
        began.set()
        return False

    jobs = [Job("works", work), Job("breaks", break_down)]
    with pytest.raises(ZeroDivisionError):
        run_for_good(jobs, every_s=60, ending=Ending(), complain=pytest.fail)


def test_they_end_when_they_are_told_to() -> None:
    """After the rounds under way, and without a fault."""
    ending, rounds = Ending(), []

    def work() -> bool:
        rounds.append(1)
        ending.tell()
        return True

    run_for_good([Job("one", work)], every_s=60, ending=ending, complain=pytest.fail)
    assert rounds == [1]
