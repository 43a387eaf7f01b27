"""From a wish to a decision in force and back, by the pages: dry run, two people, races."""

from __future__ import annotations

import re

from control_service import CAMPAIGN, HEADS
from desks import Desk, plain

from stillwatch.store.ledger.nouns.decisions import Decision


def decision_of(desk: Desk, decision_id: str) -> Decision:
    """Give a decision as the ledger has it."""
    with desk.ledger.read() as view:
        return view.find(Decision, decision_id)


def test_a_dry_run_tells_what_it_would_do_and_writes_nothing(desk: Desk) -> None:
    """Accounts, share of traffic, programmes, protected accounts, revenue, guards; no decision."""
    found = desk.person("ann").look("/decide", campaign=CAMPAIGN, effect="suspend")
    words = plain(found.text)
    for said in (
        "5 accounts",
        "of the traffic",
        "research 1",
        "protected accounts 1",
        "8.1 % of all",
    ):
        assert said in words, said
    assert "Protected by the register: head-5" in words
    assert 'value="propose"' not in found.text
    with desk.ledger.read() as view:
        assert view.list(Decision).rows == ()


def test_protected_accounts_can_be_left_out(shared: Desk) -> None:
    """With the box ticked the rest can be proposed, and the decision names the rest alone."""
    decision_id = shared.propose(accounts="", without_protected="yes")
    found = decision_of(shared, decision_id)
    assert (found.accounts_count, found.subject_kind, found.state) == (4, "campaign", "proposed")


def test_what_was_typed_stays_when_something_is_missing(shared: Desk) -> None:
    """A form without an effect, with a day that is none, or with ids that don't fit comes back."""
    ann = shared.person("ann")
    fields = {"accounts": "head-1", "basis": "a hunch", "step": "try"}
    for more, said in (
        ({}, "Choose what is to happen"),
        ({"effect": "suspend", "until": "tomorrow"}, "This is no day"),
        ({"effect": "suspend", "until": "2001-01-01"}, "The end is within"),
        ({"effect": "suspend", "accounts": "x" * 300}, "One of the ids is too long"),
        ({"effect": "throttle"}, "Say how much, or what."),
    ):
        found = ann.send("/decide", {**fields, **more})
        assert (found.status_code, said in plain(found.text)) == (422, True), said
        assert "a hunch" in found.text
    rated = {"effect": "throttle", "exchanges_per_hour": "1,000"}
    assert ann.send("/decide", {**fields, **rated}).status_code == 200


def test_proposing_twice_proposes_once(desk: Desk) -> None:
    """The same form again leads to the same decision."""
    ann = desk.person("ann")
    fields = {"accounts": "head-1", "effect": "deny"}
    tried = ann.send("/decide", {**fields, "step": "try"}).text
    for name in ("seen", "own_id"):
        fields[name] = re.search(rf'name="{name}" value="([^"]+)"', tried)[1]  # type: ignore[index]
    leads = {ann.send("/decide", {**fields, "step": "propose"}).headers["location"] for _ in "12"}
    assert len(leads) == 1
    with desk.ledger.read() as view:
        assert len(view.list(Decision).rows) == 1


def test_figures_that_were_not_looked_at_are_not_proposed(shared: Desk) -> None:
    """Where the accounts are others than those of the dry run, the figures are shown again."""
    fields = {"accounts": "head-1", "effect": "deny", "step": "propose", "seen": "0" * 20}
    found = shared.person("ann").send("/decide", fields)
    assert found.status_code == 422
    assert "The newest result is another one now" in plain(found.text)


def test_a_selection_from_a_table_arrives_whole(shared: Desk) -> None:
    """Ids that another page posts stand in the form, and nothing is wrong yet."""
    found = shared.person("ann").send(
        "/decide", {"accounts": "head-2\nhead-1", "campaign": CAMPAIGN}
    )
    assert found.status_code == 200
    assert "head-2\nhead-1</textarea>" in found.text


def test_one_other_person_puts_it_in_force_and_gateways_know(shared: Desk) -> None:
    """Approved, it is in force in the same moment; the table follows; reverted, it is gone."""
    decision_id = shared.put_in_force()
    words = plain(shared.person("ben").look("/decision", id=decision_id, told="in_force").text)
    assert "Approved, and in force." in words
    assert "ben approved" in words
    assert "webhook bring out 2 0 0 0" in words
    fields = {"id": decision_id, "version": str(decision_of(shared, decision_id).version)}
    missing = shared.person("dora").send("/decision/revert", fields)
    assert (missing.status_code, "A reason is missing" in missing.text) == (422, True)
    done = shared.person("dora").send("/decision/revert", {**fields, "why": "a class of pupils"})
    assert "Taken back for all" in plain(shared.person("dora").follow(done).text)
    again = shared.person("dora").send("/decision/revert", {**fields, "why": "a class of pupils"})
    assert again.status_code == 303
    assert decision_of(shared, decision_id).state == "reverted"


def test_whoever_proposes_does_not_approve(shared: Desk) -> None:
    """An approver's own proposal waits for another approver, whatever form they send."""
    decision_id = shared.propose("ben")
    page = shared.person("ben").look("/decision", id=decision_id)
    assert "You have proposed it; somebody else has to approve it" in plain(page.text)
    forced = {"id": decision_id, "version": "1", "seen": "0"}
    found = shared.person("ben").send("/decision/approve", forced)
    assert (found.status_code, "Somebody else has to do this" in found.text) == (403, True)
    assert decision_of(shared, decision_id).state == "proposed"


def test_two_approvals_are_two_people_and_the_second_sees_the_first(shared: Desk) -> None:
    """Termination takes two; who approves twice approves once; an overtaken form is told so."""
    decision_id = shared.propose(effect="terminate")
    assert decision_of(shared, decision_id).approvals_needed == 2
    first = {"id": decision_id, "version": "1", "seen": "0"}
    for _ in "12":
        done = shared.person("ben").send("/decision/approve", first)
        assert "told=approved" in done.headers["location"]
    late = shared.person("carl").send("/decision/approve", first)
    assert late.status_code == 409
    assert "Somebody else has approved meanwhile" in plain(late.text)
    done = shared.person("carl").send("/decision/approve", {**first, "seen": "1"})
    assert "told=in_force" in done.headers["location"]
    assert decision_of(shared, decision_id).state == "in_force"


def test_a_version_that_is_over_is_refused_in_words(shared: Desk) -> None:
    """Whoever rejects what was approved meanwhile reads that somebody was faster."""
    decision_id = shared.put_in_force()
    found = shared.person("dora").send(
        "/decision/reject", {"id": decision_id, "version": "1", "why": "no"}
    )
    assert found.status_code == 409
    assert "Somebody else has changed this meanwhile" in plain(found.text)


def test_one_account_is_released_and_the_others_stay(shared: Desk) -> None:
    """A release is one account's; doing it twice is doing it once."""
    decision_id = shared.put_in_force()
    fields = {"id": decision_id, "account": HEADS[0], "why": "it is a school"}
    for _ in "12":
        assert shared.person("dora").send("/decision/release", fields).status_code == 303
    words = plain(shared.person("dora").look("/decision", id=decision_id).text)
    assert "1 of its accounts" in words
    assert decision_of(shared, decision_id).state == "in_force"


def test_what_failed_is_tried_again(desk: Desk) -> None:
    """Failed deliveries are shown with their reason, and queued again by a button."""
    from datetime import timedelta  # noqa: PLC0415  one test alone

    from stillwatch.store.ledger.nouns.effects import Failure  # noqa: PLC0415  likewise

    decision_id = desk.put_in_force()
    with desk.write("service:delivery") as change:
        until = desk.now + timedelta(minutes=5)
        claimed = change.claim_effects("claim-1", channel="webhook", until=until)
        failures = [
            Failure(
                decision_id=one.decision_id,
                account_id=one.account_id,
                operation=one.operation,
                error="410 <b>gone</b>",
            )
            for one in claimed
        ]
        change.note_failed("claim-1", failures, retry_at=None)
    page = desk.person("dora").look("/decision", id=decision_id)
    assert "410 <b>gone</b>" in plain(page.text) or "410 &lt;b&gt;" in page.text
    assert "<b>gone</b>" not in page.text
    assert desk.person("dora").send("/decision/retry", {"id": decision_id}).status_code == 303
    words = plain(desk.person("dora").look("/decision/rollout", id=decision_id).text)
    assert "webhook bring out 2 0 0 0" in words
