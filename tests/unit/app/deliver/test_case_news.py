"""Those who follow a case are told when it changes: once, by whom else, and never by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from deliveries_by_hand import SECRET, Clock
from ledgers_by_hand import appeal, campaign, decision
from loopback_receiver import Receiver
from test_notices import jobs_for, told

from stillwatch.app.deliver.jobs import make_jobs
from stillwatch.app.deliver.notices.case_news import CaseNews
from stillwatch.app.deliver.settings import DeliverSettings
from stillwatch.app.deliver.targets import follower_targets
from stillwatch.domain.errors import SettingError
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.cases import NewCase
from stillwatch.store.ledger.nouns.notices import NewNotice
from stillwatch.store.ledger.nouns.people import NewUser

Receive = Callable[..., Receiver]


def open_followed_case(ledger: Ledger, clock: Clock) -> None:
    """A case about a campaign that ann follows."""
    with ledger.write(actor="root", now=clock.now) as change:
        for name in ("ann", "ben", "cora"):
            change.add_user(NewUser(user_id=name, roles=("analyst", "approver")))
        change.record_campaign(campaign())
        change.open_case(NewCase(case_id="case-1", title="One queue", campaign_id="c-1"))
    with ledger.write(actor="ann", now=clock.now) as change:
        change.follow_case("case-1")


def test_a_follower_is_told_of_all_that_happens_to_a_case(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """Assigned, commented, decided, appealed, reverted, closed; once, with a link, no name."""
    receiver = receive()
    go = jobs_for(either, receiver, clock)
    open_followed_case(either, clock)
    with either.write(actor="ben", now=clock.now) as change:
        change.assign_case("case-1", assignee="ben")
        change.comment_case("case-1", text="my secret words")
        change.propose_decision(decision(campaign_id="c-1"), account_ids=["acct-1", "acct-2"])
    with either.write(actor="cora", now=clock.now) as change:
        change.approve("d-1")
        change.enqueue_effects("d-1", channels=())
    with either.write(actor="service:form", now=clock.now) as change:
        change.file_appeal(appeal())
    with either.write(actor="ben", now=clock.now) as change:
        change.revert_decision("d-1", why="a mistake")
        change.close_case("case-1", outcome="a class")
    for _ in range(3):
        clock.move(minutes=1)
        go()
    news = [one for one in told(receiver) if one["kind"] == "case_changed"]
    words = [str(one["says"]).partition(": ")[2] for one in news]
    assert [one.partition(";")[0] for one in sorted(words)] == sorted(
        [
            "it was given to somebody",
            "somebody has commented on it",
            "a decision about it was proposed",
            "a decision about it is in force",
            "an appeal against a decision about it was filed",
            "a decision about it was taken back, or an account of it released",
            "it was closed",
        ]
    )
    assert {one["link"] for one in news} == {"https://watch.example/console/case?id=case-1"}
    assert not re.search(r"\bann\b|\bben\b|\bcora\b|acct-1|secret|class", " ".join(words))


def test_accounts_released_one_by_one_are_told_once(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """A machine may let go a thousand at once: that is one piece of news an hour."""
    receiver = receive()
    go = jobs_for(ledger, receiver, clock)
    open_followed_case(ledger, clock)
    accounts = [f"acct-{number}" for number in range(4)]
    with ledger.write(actor="ben", now=clock.now) as change:
        change.propose_decision(decision(campaign_id="c-1"), account_ids=accounts)
    with ledger.write(actor="cora", now=clock.now) as change:
        change.approve("d-1")
        change.enqueue_effects("d-1", channels=())
    with ledger.write(actor="service:enforcement", now=clock.now) as change:
        for one in accounts[:3]:
            change.release_account("d-1", one, why="protected in the register")
    for _ in range(3):
        clock.move(minutes=1)
        go()
    released = [one for one in told(receiver) if "released" in str(one["says"])]
    assert [one["kind"] for one in released] == ["case_changed"]


def test_nobody_is_told_of_what_they_did_or_do_not_follow(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """Its only follower's own comment, and a case that nobody follows, are no news."""
    receiver = receive()
    go = jobs_for(ledger, receiver, clock)
    open_followed_case(ledger, clock)
    with ledger.write(actor="ann", now=clock.now) as change:
        change.comment_case("case-1", text="Mine alone.")
        change.unfollow_case("case-1")
    with ledger.write(actor="service:policy", now=clock.now) as change:
        change.comment_case("case-1", text="By a program.")
    go()
    assert [one["kind"] for one in told(receiver)] == ["campaign_new"]


def test_mail_goes_to_the_followers_own_addresses(tmp_path: Path, ledger: Ledger) -> None:
    """One sink a follower who has an address; the team's mail gets none of it then."""
    file = tmp_path / "followers"
    file.write_text("# who\nann ann@watch.example\nben ben@watch.example\n")
    file.chmod(0o600)
    settings = DeliverSettings(
        notice_url="http://127.0.0.1:1/",
        notice_secrets=SECRET,
        mail_to="team@watch.example",
        mail_from="sw@watch.example",
        mail_host="mail.watch.example",
        mail_followers_file=str(file),
    )
    assert {name: one.recipients for name, one in follower_targets(settings).items()} == {
        "ann": ("ann@watch.example",),
        "ben": ("ben@watch.example",),
    }
    names = [one.name for one in make_jobs(ledger, settings)]
    assert {"tell webhook", "tell mail", "tell mail:ann", "tell mail:ben"} <= set(names)
    news = CaseNews(
        NewNotice(notice_id="n", kind="case_changed", subject_id="c", says="."), ("ann", "cora")
    )
    team, addressed = ("webhook", "mail"), frozenset({"ann", "ben"})
    assert news.sinks(team, addressed) == ("webhook", "mail:ann")
    assert news.sinks(team, frozenset()) == team


@pytest.mark.parametrize("line", ["ann", "ann nowhere", "ann a@b.example\nann c@b.example"])
def test_a_line_that_is_no_name_and_address_is_refused(tmp_path: Path, line: str) -> None:
    """Before anything is sent."""
    file = tmp_path / "followers"
    file.write_text(line + "\n")
    file.chmod(0o600)
    settings = DeliverSettings(
        mail_from="sw@watch.example", mail_host="localhost", mail_followers_file=str(file)
    )
    with pytest.raises(SettingError):
        follower_targets(settings)
