"""Notices: what people are told, once, in words that carry nothing that isn't ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from deliveries_by_hand import SECRET, Clock, enforce, find_campaign, read_message
from ledgers_by_hand import KEY, appeal, campaign, decision, finding
from loopback_receiver import Receiver

from stillwatch.app.deliver.jobs import Job, make_jobs, run_once
from stillwatch.app.deliver.settings import DeliverSettings
from stillwatch.app.loops.shields import ENFORCEMENT, PROTECTED
from stillwatch.domain.service_limits import NOTICE_AGE_S_MAX, NOTICE_LINES_MAX
from stillwatch.gateway import verify_webhook
from stillwatch.store.ledger import Ledger, open_ledger
from stillwatch.store.ledger.audit.chain import ENTRIES
from stillwatch.store.ledger.engine import begin_write
from stillwatch.store.ledger.errors import AuditBroken
from stillwatch.store.ledger.nouns.effects import Failure

Receive = Callable[..., Receiver]
HOSTILE = "<!channel> ann@corp.example\u202e =cmd|' /C' http://evil.example/ \u001b[31m"


def jobs_for(
    ledger: Ledger, receiver: Receiver, clock: Clock, **settings: object
) -> Callable[[], None]:
    """Give what does all jobs once."""
    given = DeliverSettings(
        notice_url=receiver.url,
        notice_secrets=SECRET,
        link_base="https://watch.example/console",
        **settings,  # type: ignore[arg-type]
    )
    jobs = [one for one in make_jobs(ledger, given, clock.means()) if one.name != "audit"]

    def go() -> None:
        failures: list[object] = []
        run_once(jobs, complain=failures.append)
        assert failures == []

    return go


def told(receiver: Receiver) -> list[dict[str, object]]:
    """Give all notices that came, in their order."""
    return [one for body in receiver.bodies for one in read_message(body)["notices"]]


def kinds(receiver: Receiver) -> list[object]:
    """Give their kinds."""
    return [one["kind"] for one in told(receiver)]


def test_a_new_campaign_is_told_once_whatever_restarts(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """Signed, with figures, certainty and a link; later looks and other deliverers add nothing."""
    receiver = receive()
    go = jobs_for(either, receiver, clock)
    find_campaign(either, clock.now)
    go()
    for _ in range(3):
        clock.move(minutes=1)
        find_campaign(either, clock.now, exchanges=1300)
        go()
        jobs_for(either, receiver, clock)()
    (one,) = told(receiver)
    assert (one["kind"], one["accounts"], one["q_value"]) == ("campaign_new", 3, 0.001)
    assert one["link"] == "https://watch.example/console/campaign?id=c-1"
    assert "q = 0.001, 3 accounts, 1,200 exchanges" in str(one["says"])
    _, headers, body = receiver.requests[0]
    verify_webhook(body, headers=headers, secrets=[SECRET], now=int(headers["webhook-timestamp"]))


def test_growth_is_told_when_it_doubles_and_again_after_it_was_acted_on(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """Grown much; then, under an effect, any five accounts more are a campaign that regrows."""
    receiver = receive()
    go = jobs_for(ledger, receiver, clock)
    steps = []
    for accounts in (10, 19, 20, 39):
        find_campaign(ledger, clock.now, accounts=accounts)
        clock.move(minutes=1)
        go()
        steps.append(len(told(receiver)))
    assert steps == [1, 1, 2, 2]
    enforce(ledger, accounts=tuple(f"a{n}" for n in range(39)), campaign_id="c-1", now=clock.now)
    for accounts in (43, 44):
        find_campaign(ledger, clock.now, accounts=accounts)
        clock.move(minutes=1)
        go()
    assert kinds(receiver)[:2] == ["campaign_new", "campaign_grown"]
    assert kinds(receiver)[-1] == "campaign_regrown"
    assert kinds(receiver).count("campaign_regrown") == 1


def test_a_finding_may_say_that_a_campaign_has_regrown(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """The lake's memory knows better than a count of accounts."""
    receiver = receive()
    go = jobs_for(ledger, receiver, clock)
    find_campaign(ledger, clock.now)
    go()
    clock.move(minutes=1)
    with ledger.write(actor="service:look", now=clock.now) as change:
        change.record_finding(finding(kind="regrown"))
    go()
    assert kinds(receiver) == ["campaign_new", "campaign_regrown"]


def test_who_was_left_out_of_what_people_approved_is_told(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """How many, of which decision and why, once; what a person's answer let go is no news."""
    receiver = receive()
    go = jobs_for(either, receiver, clock)
    enforce(either, "d-1", ("acct-1", "acct-2", "acct-3"), channels=(), now=clock.now)
    enforce(either, "d-2", ("acct-4", "acct-5"), channels=(), now=clock.now)
    with either.write(actor=ENFORCEMENT, now=clock.now) as change:
        for account_id in ("acct-1", "acct-2"):
            change.release_account("d-1", account_id, why=PROTECTED)
        change.release_account("d-2", "acct-4", why="a person has answered `innocent`")
    go()
    jobs_for(either, receiver, clock)()
    (one,) = [each for each in told(receiver) if each["kind"] == "accounts_left_out"]
    assert (one["subject_id"], one["accounts"]) == ("d-1", 2)
    assert one["says"] == (
        "2 accounts left out of decision d-1 (suspend), nothing is taken there any more: "
        "protected in the register."
    )
    assert str(one["link"]).endswith("/decision?id=d-1")


def test_what_waits_is_told_with_what_it_waits_for(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """A proposal, an appeal, and an appeal whose deadline is near; none names a person."""
    receiver = receive()
    go = jobs_for(either, receiver, clock)
    with either.write(actor="ann", now=clock.now) as change:
        change.propose_decision(decision(), account_ids=["acct-1"])
    go()
    with either.write(actor="ben", now=clock.now) as change:
        change.approve("d-1")
        change.enqueue_effects("d-1", channels=())
    with either.write(actor="service:form", now=clock.now) as change:
        change.file_appeal(appeal())
    for _ in range(30):
        clock.move(hours=12)
        go()
    assert kinds(receiver) == ["decision_waits", "appeal_waits", "appeal_deadline"]
    sentences = " ".join(str(one["says"]) for one in told(receiver))
    assert "waits for 1 person other than its proposer to approve it: suspend" in sentences
    assert not re.search(r"\bann\b|\bben\b|acct-1|school", sentences)


def test_a_delivery_that_failed_for_good_is_told(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """How many, of which decision, and what it means for the accounts."""
    receiver = receive()
    go = jobs_for(ledger, receiver, clock)
    enforce(ledger)
    with ledger.write(actor="service:deliver", now=clock.now) as change:
        until = clock.now + timedelta(minutes=1)
        change.claim_effects("c", channel="webhook", until=until)
        failures = [
            Failure(decision_id="d-1", account_id=a, operation="apply", error="status 401")
            for a in ("acct-1", "acct-2")
        ]
        change.note_failed("c", failures, retry_at=None)
    go()
    one = told(receiver)[-1]
    assert one["kind"] == "delivery_failed"
    assert "Of decision d-1 2 deliveries (apply, webhook) failed for good" in str(one["says"])
    assert "status 401; those accounts are not under the effect there" in str(one["says"])


def test_a_flood_is_one_message(ledger: Ledger, clock: Clock, receive: Receive) -> None:
    """Many campaigns are a message a quarter of a minute, which counts what it leaves out."""
    receiver = receive()
    go = jobs_for(ledger, receiver, clock)
    find_campaign(ledger, clock.now)
    go()
    with ledger.write(actor="service:look", now=clock.now) as change:
        for number in range(2, 122):
            change.record_campaign(campaign(f"c-{number}"))
    go()
    assert len(receiver.requests) == 1
    clock.move(seconds=15)
    go()
    go()
    assert len(receiver.requests) == 2
    message = read_message(receiver.bodies[1])
    assert len(message["notices"]) == 120
    assert f"… and {120 - NOTICE_LINES_MAX} more" in message["text"]
    assert message["text"].count("\n- ") <= NOTICE_LINES_MAX + 1


def test_a_notice_that_cannot_be_told_is_told_later(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """Retried under the same id after a failure; nothing is lost when the process ends."""
    receiver = receive(script=(503,))
    find_campaign(ledger, clock.now)
    jobs_for(ledger, receiver, clock)()
    clock.move(minutes=2)
    jobs_for(ledger, receiver, clock)()
    assert kinds(receiver) == ["campaign_new", "campaign_new"]
    ids = {read_message(body)["message_id"] for body in receiver.bodies}
    assert len(ids) == 1


def test_what_is_long_past_is_nobodys_news(ledger: Ledger, clock: Clock, receive: Receive) -> None:
    """An old ledger's first look is no flood."""
    receiver = receive()
    find_campaign(ledger, clock.now)
    clock.move(seconds=NOTICE_AGE_S_MAX + 1)
    jobs_for(ledger, receiver, clock)()
    assert receiver.requests == []


def test_text_from_outside_carries_nothing(ledger: Ledger, clock: Clock, receive: Receive) -> None:
    """Ids and summaries full of mentions, links, addresses and escapes arrive as nothing of it."""
    receiver = receive()
    hostile = HOSTILE.replace("\u001b", "")
    find_campaign(ledger, clock.now, campaign_id=hostile, summary=hostile)
    with ledger.write(actor="ann", now=clock.now) as change:
        proposal = decision(hostile, subject_kind="account", subject_id="acct-1", reason=hostile)
        change.propose_decision(proposal, account_ids=["acct-1"])
    jobs_for(ledger, receiver, clock)()
    message = read_message(receiver.bodies[0])
    assert len(message["notices"]) == 2
    for text in (message["text"], *(one["says"] for one in message["notices"])):
        said = "\n".join(x for x in text.splitlines() if not x.startswith("  https://watch."))
        assert not re.search(r"[<>@|\u202e]|//|\.[a-z]", said)
    assert "acct-1" not in message["text"]


def test_a_broken_audit_log_is_told_past_the_ledger(
    place: Path, clock: Clock, receive: Receive
) -> None:
    """The ledger takes no writes any more; every sink hears of it once."""
    receiver = receive()
    ledger = open_ledger(place, key=KEY)
    find_campaign(ledger, clock.now)
    with begin_write(ledger._engine) as connection:
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.execute(ENTRIES.update().values(verb="nothing.happened"))
    settings = DeliverSettings(notice_url=receiver.url, notice_secrets=SECRET)
    jobs: list[Job] = make_jobs(ledger, settings, clock.means())
    failures: list[Exception] = []
    for _ in range(3):
        assert not run_once(jobs, complain=failures.append)
        clock.move(minutes=1)
    assert any(isinstance(one, AuditBroken) for one in failures)
    assert kinds(receiver) == ["audit_broken"]
    ledger.close()


def test_the_text_alone_is_what_a_chat_takes(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """One member, `text`, and no signature is needed."""
    receiver = receive()
    find_campaign(ledger, clock.now)
    settings = DeliverSettings(notice_url=receiver.url, notice_format="text", audit_hours=0.0)
    run_once(make_jobs(ledger, settings, clock.means()), complain=pytest.fail)
    assert set(read_message(receiver.bodies[0])) == {"text"}
    assert "webhook-signature" not in receiver.requests[0][1]
