"""Decisions from proposal to end: the state machine, the four eyes, and what the gateway sees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledgers_by_hand import NOW, POLICY, decision, fill, later, put_in_force

from stillwatch.domain.service_limits import (
    LEDGER_DECISION_ACCOUNTS_MAX,
)
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.errors import (
    BadValue,
    FourEyesNeeded,
    MoveRefused,
    RowExists,
    StaleVersion,
    UnknownRow,
)
from stillwatch.store.ledger.nouns.decisions import Decision


def state_of(ledger: Ledger, decision_id: str = "d-1") -> str:
    """Look up a decision's state."""
    with ledger.read() as view:
        return view.find(Decision, decision_id).state


def in_force(ledger: Ledger, **span: float) -> list[tuple[str, str]]:
    """List accounts and effects as the gateway sees them some time after the beginning."""
    with ledger.read() as view:
        rows = view.list_effects_in_force(now=later(**span))
        return [(one.account_id, one.effect) for one in rows]


def test_a_decision_goes_from_proposal_into_force(ledger: Ledger) -> None:
    """Nothing is in force before another person has approved and it was enqueued."""
    with ledger.write(actor="ann", now=NOW) as change:
        assert change.propose_decision(decision(), account_ids=["acct-2", "acct-1", "acct-2"])
    assert (state_of(ledger), in_force(ledger)) == ("proposed", [])
    with ledger.write(actor="ben", now=NOW) as change:
        assert change.approve("d-1", note="I agree").state == "approved"
    assert in_force(ledger) == []
    with ledger.write(actor=POLICY, now=NOW) as change:
        assert change.enqueue_effects("d-1", channels=("gateway", "webhook")) == 4
    assert state_of(ledger) == "in_force"
    assert in_force(ledger) == [("acct-1", "suspend"), ("acct-2", "suspend")]
    assert in_force(ledger, days=30) == []


def test_a_retry_of_a_proposal_is_no_second_proposal(ledger: Ledger) -> None:
    """The same id with the same content does nothing; with other accounts it is refused."""
    with ledger.write(actor="ann", now=NOW) as change:
        assert change.propose_decision(decision(), account_ids=["acct-1"])
    with ledger.write(actor="ann", now=later(minutes=1)) as change:
        assert not change.propose_decision(decision(), account_ids=["acct-1"])
    with pytest.raises(RowExists), ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(), account_ids=["acct-2"])
    with pytest.raises(RowExists), ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(effect="deny"), account_ids=["acct-1"])
    assert ledger.verify().entries == 1


@pytest.mark.parametrize("approver", ["ann", "service:robot"])
def test_four_eyes_are_two_people(approver: str, ledger: Ledger) -> None:
    """Neither the proposer nor a program approves what needs another person."""
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(), account_ids=["acct-1"])
    with pytest.raises(FourEyesNeeded), ledger.write(actor=approver, now=NOW) as change:
        change.approve("d-1")
    assert state_of(ledger) == "proposed"


def test_two_approvals_are_of_two_people(ledger: Ledger) -> None:
    """The second approval of one person doesn't count; the first leaves it a proposal."""
    with ledger.write(actor=POLICY, now=NOW) as change:
        change.propose_decision(decision(approvals_needed=2), account_ids=["acct-1"])
    with ledger.write(actor="ann", now=NOW) as change:
        assert change.approve("d-1").state == "proposed"
    with pytest.raises(FourEyesNeeded), ledger.write(actor="ann", now=NOW) as change:
        change.approve("d-1")
    with ledger.write(actor="ben", now=NOW) as change:
        assert change.approve("d-1").state == "approved"
    with ledger.read() as view:
        assert [one.approver for one in view.list_approvals("d-1")] == ["ann", "ben"]


def test_a_policy_may_let_its_own_proposal_pass_but_never_terminate(ledger: Ledger) -> None:
    """Without a person a program may do all but what can't be undone."""
    with ledger.write(actor=POLICY, now=NOW) as change:
        change.propose_decision(decision(approvals_needed=0), account_ids=["acct-1"])
        assert change.approve("d-1").state == "approved"
    undoing = decision("d-2", effect="terminate", approvals_needed=0)
    with pytest.raises(FourEyesNeeded), ledger.write(actor=POLICY, now=NOW) as change:
        change.propose_decision(undoing, account_ids=["acct-1"])


def test_a_decision_ends_by_itself(ledger: Ledger) -> None:
    """What is past its end expires, proposals too, and no other."""
    put_in_force(ledger)
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision("d-2", expires_at=later(days=1)), account_ids=["acct-3"])
        change.propose_decision(decision("d-3", expires_at=later(days=90)), account_ids=["acct-3"])
    with ledger.write(actor=POLICY, now=later(days=31)) as change:
        assert change.expire_decisions() == ["d-2", "d-1"]
        assert change.expire_decisions() == []
    assert [state_of(ledger, one) for one in ("d-1", "d-2", "d-3")] == [
        "expired",
        "expired",
        "proposed",
    ]


def test_an_account_is_released_and_the_others_stay(ledger: Ledger) -> None:
    """With its last account a decision is reverted; releasing twice is releasing once."""
    put_in_force(ledger)
    with ledger.write(actor="cora", now=NOW) as change:
        assert change.release_account("d-1", "acct-1", why="a school")
        assert not change.release_account("d-1", "acct-1", why="a school")
    assert (state_of(ledger), in_force(ledger)) == ("in_force", [("acct-2", "suspend")])
    with ledger.write(actor="cora", now=NOW) as change:
        change.release_account("d-1", "acct-2", why="a school")
    assert (state_of(ledger), in_force(ledger)) == ("reverted", [])
    with pytest.raises(UnknownRow), ledger.write(actor="cora", now=NOW) as change:
        change.release_account("d-1", "acct-9", why="unknown")


MOVES = {
    "approve": lambda change: change.approve("d-1"),
    "reject": lambda change: change.reject("d-1", why="no"),
    "enqueue": lambda change: change.enqueue_effects("d-1", channels=("gateway",)),
    "revert": lambda change: change.revert_decision("d-1", why="no"),
}
PATHS = {
    "proposed": ([], {"approve", "reject"}),
    "approved": (["approve"], {"enqueue", "revert"}),
    "rejected": (["reject"], set()),
    "in_force": (["approve", "enqueue"], {"revert"}),
    "reverted": (["approve", "revert"], set()),
}


@pytest.mark.parametrize("move", sorted(MOVES))
@pytest.mark.parametrize("state", sorted(PATHS))
def test_a_state_leads_where_it_leads_and_nowhere_else(
    state: str, move: str, ledger: Ledger
) -> None:
    """Every verb from every state: it is done, or refused and nothing has changed."""
    path, allowed = PATHS[state]
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(), account_ids=["acct-1"])
    with ledger.write(actor="ben", now=NOW) as change:
        for step in path:
            MOVES[step](change)
    before = ledger.verify()
    if move in allowed:
        with ledger.write(actor="ben", now=NOW) as change:
            MOVES[move](change)
    else:
        with pytest.raises(MoveRefused), ledger.write(actor="ben", now=NOW) as change:
            MOVES[move](change)
        assert (state_of(ledger), ledger.verify()) == (state, before)


def test_nothing_starts_after_its_end(ledger: Ledger) -> None:
    """A decision that is over is neither approved nor put in force, nor proposed."""
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(), account_ids=["acct-1"])
    for move in ("approve", "enqueue"):
        with pytest.raises(MoveRefused), ledger.write(actor="ben", now=later(days=30)) as change:
            MOVES[move](change)
        with ledger.write(actor="ben", now=NOW) as change:
            if state_of(ledger) == "proposed":
                change.approve("d-1")
    with pytest.raises(MoveRefused), ledger.write(actor="ann", now=later(days=30)) as change:
        change.propose_decision(decision("d-2"), account_ids=["acct-1"])


def test_a_stale_look_is_refused(ledger: Ledger) -> None:
    """Whoever acts on what they saw is stopped where it has changed since."""
    put_in_force(ledger)
    with ledger.read() as view:
        seen = view.find(Decision, "d-1").version

    def act(change: Change) -> None:
        change.expect(Decision, "d-1", version=seen)
        change.release_account("d-1", "acct-1", why="a school")

    with ledger.write(actor="cora", now=NOW) as change:
        act(change)
    with pytest.raises(StaleVersion), ledger.write(actor="dan", now=NOW) as change:
        act(change)


@pytest.mark.parametrize(
    "accounts", [[], ["x" * 257], ["a\nb"], [""] * (LEDGER_DECISION_ACCOUNTS_MAX + 1)]
)
def test_a_decision_names_some_accounts_and_not_too_many(
    accounts: list[str], ledger: Ledger
) -> None:
    """What is out of bounds is refused before the database sees it."""
    with pytest.raises(BadValue), ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision(), account_ids=accounts)


@pytest.mark.parametrize("reference", ["campaign_id", "finding_id", "case_id", "policy_id"])
def test_a_reference_to_nothing_is_refused(reference: str, ledger: Ledger) -> None:
    """What a decision rests on is there."""
    fill(ledger)
    wrong = replace(decision("d-9"), **{reference: "nowhere"})
    with pytest.raises(UnknownRow), ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(wrong, account_ids=["acct-1"])
