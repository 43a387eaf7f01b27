"""What is in force and what speaks against acting, asked on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from ledgers_by_hand import NOW, appeal, campaign, decision, later, put_in_force

from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import BadValue, StaleVersion
from stillwatch.store.ledger.nouns.findings import Campaign, NewDisposition
from stillwatch.store.ledger.nouns.terms import Terms


def note(ledger: Ledger, subject: tuple[str, str], answer: str, minutes: int) -> None:
    """Let a person answer what something was."""
    kind, subject_id = subject
    with ledger.write(actor="ann", now=later(minutes=minutes)) as change:
        change.note_disposition(
            NewDisposition(
                disposition_id=f"n-{kind}-{subject_id}-{minutes}",
                subject_kind=kind,
                subject_id=subject_id,
                answer=answer,
                source_kind="case",
                source_id="case-1",
            )
        )


def propose(ledger: Ledger, decision_id: str, *accounts: str, **terms: Any) -> None:  # noqa: ANN401
    """Propose a suspension, for one person to approve."""
    given = Terms(decision_id=decision_id, **terms)
    with ledger.write(actor="ann", now=NOW) as change:
        change.record_campaign(campaign())
        change.propose_decision(
            decision(decision_id, campaign_id="c-1"), account_ids=accounts, terms=given
        )


def test_terms_come_with_what_is_in_force(ledger: Ledger) -> None:
    """A decision without terms has the plain ones; the log covers terms too."""
    propose(ledger, "d-1", "a", parameters='{"method":"card"}', api_key_id="k-1", is_shared=True)
    with ledger.write(actor="ben", now=NOW) as change:
        change.approve("d-1")
        change.enqueue_effects("d-1", channels=())
        change.propose_decision(decision("d-2", approvals_needed=0), account_ids=["b"])
        change.approve("d-2")
        change.enqueue_effects("d-2", channels=())
    with ledger.read() as view:
        rows = {one.account_id: one for one in view.list_effects_in_force(now=NOW)}
        shared = view.list_decisions_in_force(now=NOW, ids=["d-1"])
        assert view.list_places_in_force(now=NOW) == [("d-1", "a"), ("d-2", "b")]
        assert view.list_places_in_force(now=NOW, ids=["d-2"]) == [("d-2", "b")]
        assert view.list_places_in_force(now=later(days=31)) == []
    assert (rows["a"].parameters, rows["a"].api_key_id) == ('{"method":"card"}', "k-1")
    assert (rows["b"].parameters, rows["b"].is_shared) == ("{}", False)
    assert [(one.decision_id, one.is_shared) for one in shared] == [("d-1", True)]
    assert ledger.verify().is_whole


def test_whoever_remembers_a_number_learns_which_decisions_changed(ledger: Ledger) -> None:
    """A case or a claim is none of them."""
    put_in_force(ledger)
    with ledger.read() as view:
        head = view.find_head()
        assert view.find_entry_hash(head.entries) == head.head_hash
        assert view.find_entry_hash(head.entries + 1) is None
        assert view.list_changed_decisions(after=0) == ["d-1"]
    with ledger.write(actor="service:webhook", now=NOW) as change:
        change.claim_effects("claim-1", channel="webhook", until=later(minutes=1))
    with ledger.read() as view:
        assert view.find_head().entries == head.entries + 1
        assert view.list_changed_decisions(after=head.entries) == []


def test_who_was_let_go_is_spared(ledger: Ledger) -> None:
    """Released, reverted, or after an appeal that was won; since an instant, the latest counts."""
    put_in_force(ledger, ("acct-1", "acct-2", "acct-3"))
    with ledger.write(actor="service:form", now=NOW) as change:
        change.file_appeal(appeal())
    with ledger.write(actor="cora", now=later(minutes=1)) as change:
        change.review_appeal("a-1")
        change.resolve_appeal("a-1", outcome="overturned", answer="", disposition="innocent")
        change.release_account("d-1", "acct-2", why="a mistake")
    with ledger.read() as view:
        spared = [(one.account_id, one.at) for one in view.list_spared(since=NOW)]
        assert spared == [("acct-1", later(minutes=1)), ("acct-2", later(minutes=1))]
        assert view.list_spared(since=later(minutes=1)) == []
        assert [one.account_id for one in view.list_spared(since=NOW, after="acct-1")] == ["acct-2"]
    with ledger.write(actor="cora", now=later(minutes=2)) as change:
        change.revert_decision("d-1", why="all of it")
    with ledger.read() as view:
        spared = [(one.account_id, one.at) for one in view.list_spared(since=NOW)]
    assert spared == [(f"acct-{n}", later(minutes=2)) for n in (1, 2, 3)]


def test_the_latest_answer_counts(ledger: Ledger) -> None:
    """By kind and id; `unsure` says nothing."""
    note(ledger, ("account", "a"), "innocent", 1)
    note(ledger, ("account", "a"), "unsure", 2)
    note(ledger, ("campaign", "a"), "permitted", 1)
    note(ledger, ("account", "b"), "innocent", 1)
    note(ledger, ("account", "b"), "distillation", 2)
    with ledger.read() as view:
        found = [(o.subject_kind, o.subject_id, o.answer) for o in view.list_spared_subjects()]
        rest = view.list_spared_subjects(after=("account", "a"))
    assert found == [("account", "a", "innocent"), ("campaign", "a", "permitted")]
    assert [one.subject_kind for one in rest] == ["campaign"]


def test_what_stands_is_named_until_it_is_over(ledger: Ledger) -> None:
    """Waiting, in force and rejected; not what was reverted or released, nor another campaign's."""
    propose(ledger, "d-1", "a", result="look-1", rule="sure")
    propose(ledger, "d-2", "b", result="look-1")
    put = {"now": later(minutes=1), "actor": "ben"}
    with ledger.write(**put) as change:  # type: ignore[arg-type]
        change.reject("d-2", why="no")
    with ledger.read() as view:
        standing = [(o.account_id, o.state, o.rule) for o in view.list_standing("c-1", now=NOW)]
        assert standing == [("a", "proposed", "sure"), ("b", "rejected", None)]
        assert view.list_standing(None, now=NOW) == []
        assert view.list_standing("c-1", now=later(days=31)) == []
        assert view.has_decisions_over(now=later(days=31))
        assert not view.has_decisions_over(now=NOW)
    with ledger.write(**put) as change:  # type: ignore[arg-type]
        change.approve("d-1")
        change.revert_decision("d-1", why="no")
    with ledger.read() as view:
        assert [one.account_id for one in view.list_standing("c-1", now=NOW)] == ["b"]
        assert [one.account_id for one in view.list_decided_at("look-1")] == ["a", "b"]
        assert view.known_ids(Campaign, ["c-1", "c-2"]) == {"c-1"}
        assert view.known_ids(Campaign, []) == set()
        with pytest.raises(BadValue):
            view.known_ids(Campaign, [str(n) for n in range(10_001)])


def test_news_in_the_log_stops_whoever_read_before(ledger: Ledger) -> None:
    """Of the kinds that matter, and not their own."""
    note(ledger, ("account", "a"), "innocent", 1)
    with ledger.write(actor="ben", now=NOW) as change:
        change.expect_no_news(after=0, kinds=("decision",))
        change.expect_no_news(after=1, kinds=("disposition",))
        change.expect_no_news(after=0, kinds=("disposition",), but_by="ann")
        with pytest.raises(StaleVersion):
            change.expect_no_news(after=0, kinds=("decision", "disposition"))


def test_an_answer_names_what_machines_hold(ledger: Ledger) -> None:
    """By the account or the campaign, and after the proposal; not what people approved."""
    with ledger.write(actor="service:policy", now=NOW) as change:
        change.record_campaign(campaign())
        for name, needed in (("d-1", 0), ("d-2", 1)):
            made = decision(name, campaign_id="c-1", approvals_needed=needed)
            change.propose_decision(made, account_ids=["a", "b"])
        change.approve("d-1")
        change.enqueue_effects("d-1", channels=())
    with ledger.write(actor="ben", now=NOW) as change:
        change.approve("d-2")
        change.enqueue_effects("d-2", channels=())
    note(ledger, ("account", "a"), "innocent", 1)
    with ledger.read() as view:
        assert view.list_answered() == [("d-1", "a")]
    note(ledger, ("campaign", "c-1"), "permitted", 2)
    with ledger.read() as view:
        assert view.list_answered() == [("d-1", "a"), ("d-1", "b")]
        assert view.list_answered(after=("d-1", "a")) == [("d-1", "b")]
    note(ledger, ("campaign", "c-1"), "distillation", 3)
    with ledger.read() as view:
        assert view.list_answered() == [("d-1", "a")]
