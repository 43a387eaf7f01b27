"""Questions about one decision, one account, one deadline; on both databases."""

from __future__ import annotations

from ledgers_by_hand import NOW, appeal, decision, fill, later

from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.terms import Terms


def test_an_account_of_a_decision_is_found_or_isn_t(ledger: Ledger) -> None:
    """With the instant of its release; None for another account or decision."""
    fill(ledger)
    with ledger.write(actor="ann", now=later(minutes=5)) as change:
        change.release_account("d-1", "acct-2", why="a typing error")
    with ledger.read() as view:
        found = view.find_decided("d-1", "acct-2")
        assert found is not None
        assert found.released_at == later(minutes=5)
        assert view.find_decided("d-1", "acct-9") is None
        assert view.find_decided("d-9", "acct-1") is None


def test_an_account_has_its_decisions_the_newest_first(ledger: Ledger) -> None:
    """All that name it, whatever became of them, up to a bound."""
    fill(ledger)
    with ledger.write(actor="ann", now=later(hours=1)) as change:
        change.propose_decision(decision("d-2", effect="watch"), account_ids=["acct-1", "acct-7"])
    with ledger.read() as view:
        assert [one.decision_id for one in view.list_decisions_about("acct-1")] == ["d-2", "d-1"]
        assert [one.decision_id for one in view.list_decisions_about("acct-1", limit=1)] == ["d-2"]
        assert view.list_decisions_about("acct-9") == []


def test_effects_of_a_decision_are_listed_and_counted(ledger: Ledger) -> None:
    """By account, in pages; counted by channel, operation and state."""
    fill(ledger)
    with ledger.write(actor="service:webhook", now=later(minutes=3)) as change:
        change.claim_effects("claim-1", channel="webhook", until=later(minutes=4), limit=1)
        change.note_delivered("claim-1")
    with ledger.read() as view:
        first, second = view.list_effects("d-1")
        assert (first.account_id, second.account_id) == ("acct-1", "acct-2")
        place = (first.account_id, first.channel, first.operation)
        assert view.list_effects("d-1", after=place) == [second]
        assert view.count_effects_of("d-1") == {
            ("webhook", "apply", "delivered"): 1,
            ("webhook", "apply", "queued"): 1,
        }
        assert view.count_effects_of("d-9") == {}


def test_appeals_are_overdue_from_their_deadline_until_they_are_answered(ledger: Ledger) -> None:
    """The longest over first."""
    fill(ledger)
    with ledger.write(actor="service:form", now=later(days=1)) as change:
        change.file_appeal(appeal("a-2", account_id="acct-2", deadline_at=later(days=7)))
    with ledger.read() as view:
        assert view.list_overdue_appeals(now=later(days=6)) == []
        late = view.list_overdue_appeals(now=later(days=14))
        assert [one.appeal_id for one in late] == ["a-2", "a-1"]
    with ledger.write(actor="cora", now=later(days=15)) as change:
        change.review_appeal("a-2")
        change.resolve_appeal("a-2", outcome="upheld", answer="It stands.", disposition="unsure")
    with ledger.read() as view:
        late = view.list_overdue_appeals(now=later(days=16))
        assert [one.appeal_id for one in late] == ["a-1"]


def test_terms_are_found_where_there_are_any(ledger: Ledger) -> None:
    """None for a decision without any."""
    fill(ledger)
    terms = Terms(decision_id="d-3", parameters='{"exchanges_per_hour":20}', result="monday")
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(
            decision("d-3", effect="throttle"), account_ids=["acct-1"], terms=terms
        )
    with ledger.read() as view:
        assert view.seek_terms("d-3") == terms
        assert view.seek_terms("d-9") is None
