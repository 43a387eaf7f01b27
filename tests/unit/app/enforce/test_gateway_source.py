"""What gateways are shown of a ledger: what is in force, what has changed, and budgets."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from looks_by_hand import BUDGETED, CAMPAIGN, NOW, House, account, heads, look

from stillwatch.app.enforce.gateway_source import LedgerSource
from stillwatch.app.enforce.reverting import take_back
from stillwatch.gateway.deltas import NEVER
from stillwatch.gateway.judge import Asked, judge
from stillwatch.gateway.meters import Meters
from stillwatch.gateway.table import DecisionTable
from stillwatch.store.ledger.nouns.cases import NewCase
from stillwatch.store.ledger.nouns.decisions import NewDecision
from stillwatch.store.ledger.nouns.terms import Terms


class Gateway:
    """A table that follows a source."""

    def __init__(self, house: House) -> None:
        self.source = LedgerSource(house.ledger, series="s", clock=lambda: house.now)
        self.table = DecisionTable()

    def follow(self) -> int:
        """Ask once; give how many rows came."""
        delta = self.source.read(self.table.version)
        if delta is None:
            return 0
        self.table = self.table.after(delta)
        return delta.size

    def suspended(self, now: datetime) -> set[str]:
        """Name the accounts that would be refused."""
        return {
            one.account_id
            for one in self.table.rows()
            if one.effect == "suspend" and one.expires_at_s > now.timestamp()
        }


def propose(house: House, decision_id: str, effect: str, *accounts: str, **terms: object) -> None:
    """Put a person's decision in force."""
    with house.ledger.write(actor="ann", now=house.now) as change:
        change.propose_decision(
            NewDecision(
                decision_id=decision_id,
                effect=effect,
                reason="Because.",
                subject_kind="account",
                subject_id=accounts[0],
                approvals_needed=0,
                expires_at=house.now + timedelta(days=1),
            ),
            account_ids=accounts,
            terms=Terms(decision_id=decision_id, **terms),  # type: ignore[arg-type]
        )
        change.approve(decision_id)
        change.enqueue_effects(decision_id, channels=())


def test_the_table_is_what_is_in_force(house: House) -> None:
    """From the first question on, and then change by change, without reading all again."""
    gateway = Gateway(house)
    assert gateway.follow() == 0
    assert gateway.table.version > NEVER
    house.enforce(look("l1", heads(2)))
    assert gateway.follow() == 2
    assert gateway.suspended(house.now) == {"head-0", "head-1"}
    house.enforce(look("l2", heads(3), at=house.later(minutes=1)))
    assert gateway.follow() == 1
    assert gateway.suspended(house.now) == {"head-0", "head-1", "head-2"}


def test_a_proposal_that_waits_shows_nothing(house: House) -> None:
    """Until it is approved and put in force."""
    gateway = Gateway(house)
    house.enforce(look("l1", heads(4)))
    gateway.follow()
    assert gateway.suspended(house.now) == set()


def test_a_reversal_restores_exactly_what_was(house: House) -> None:
    """For one account, then for all: the table is what it was before."""
    gateway = Gateway(house)
    propose(house, "d-old", "watch", "head-0")
    gateway.follow()
    before = gateway.table.by_account
    house.enforce(look("l1", heads(2)))
    gateway.follow()
    made = house.decisions(effect="suspend")[0].decision_id
    said = {"why": "a mistake", "actor": "ann", "now": house.later(seconds=1)}
    assert take_back(house.ledger, made, account_id="head-1", **said).is_news  # type: ignore[arg-type]
    gateway.follow()
    assert gateway.suspended(house.now) == {"head-0"}
    assert take_back(house.ledger, made, account_id=None, **said).is_news  # type: ignore[arg-type]
    gateway.follow()
    assert gateway.table.by_account == before
    assert not take_back(house.ledger, made, account_id=None, **said).is_news  # type: ignore[arg-type]


def test_what_changes_nothing_in_force_is_told_to_nobody(house: House) -> None:
    """A case, a comment, an approval: entries of the log, and no rows."""
    gateway = Gateway(house)
    gateway.follow()
    with house.ledger.write(actor="ann", now=NOW) as change:
        change.open_case(NewCase(case_id="case-9", title="something"))
    version = gateway.table.version
    assert gateway.follow() == 0
    assert gateway.table.version == version


def test_whoever_has_another_version_gets_all(house: House) -> None:
    """A table that missed a change isn't told the rest of it."""
    house.enforce(look("l1", heads(2)))
    source = LedgerSource(house.ledger, series="s", clock=lambda: NOW)
    first = source.read(NEVER)
    assert first is not None
    again = source.read(first.version - 1)
    assert again is not None
    assert again.is_snapshot
    assert again.version > first.version
    assert len(again.puts) == 2


def test_what_is_over_is_gone_at_the_latest_when_it_is_ended(house: House) -> None:
    """Gateways pass it by from its end on; the row goes with the next round."""
    gateway = Gateway(house)
    house.enforce(look("l1", heads(2)))
    gateway.follow()
    later = house.later(days=30)
    assert gateway.suspended(later) == set()
    assert len(house.settle().expired) == 1
    gateway.follow()
    assert list(gateway.table.rows()) == []


def test_terms_reach_the_gateway(house: House) -> None:
    """The rate of a throttle (one without refuses nobody), and the key that a decision is about."""
    gateway = Gateway(house)
    propose(house, "d-1", "throttle", "a", parameters='{"exchanges_per_hour":2}')
    propose(house, "d-2", "deny", "b", api_key_id="k-1")
    propose(house, "d-3", "degrade", "c", parameters='{"measures":["no_logprobs"]}')
    propose(house, "d-4", "throttle", "d", parameters="[no json")
    gateway.follow()
    rows = {one.account_id: one for one in gateway.table.rows()}
    assert rows["a"].parameters.exchanges_per_hour == 2
    assert rows["b"].api_key_id == "k-1"
    assert rows["c"].parameters.measures == ("no_logprobs",)
    assert rows["d"].effect == "review"


def test_a_budget_is_one_ceiling_for_the_whole_campaign(house: House) -> None:
    """However many decisions make it, and as its accounts come and go."""
    house.policy.write_text(BUDGETED.replace("exchanges_per_hour: 100", "exchanges_per_hour: 3"))
    gateway, meters = Gateway(house), Meters()
    suspects = [account(f"maybe-{n}", "suspect") for n in range(2)]
    house.enforce(look("l1", suspects))
    house.enforce(look("l2", [*suspects, account("maybe-2", "suspect")], at=house.later(hours=1)))
    gateway.follow()
    assert set(gateway.table.budgets[CAMPAIGN].account_ids) == {"maybe-0", "maybe-1", "maybe-2"}
    now_s = house.now.timestamp()
    answers = [
        judge(gateway.table, Asked(f"maybe-{n % 3}", now_s), meters=meters) for n in range(4)
    ]
    assert [one.status for one in answers if one] == [200, 200, 200, 429]
    for one in house.decisions(effect="throttle"):
        take_back(
            house.ledger, one.decision_id, account_id=None, why="no", actor="ann", now=house.now
        )
    gateway.follow()
    assert gateway.table.budgets == {}
    answer = judge(gateway.table, Asked("maybe-0", now_s), meters=meters)
    assert answer is not None
    assert answer.status == 200


def test_an_older_copy_of_the_ledger_is_read_as_a_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Brought back after a loss: its log goes on from another entry than the one remembered."""
    gateway = Gateway(house)
    house.enforce(look("l1", heads(2)))
    gateway.follow()
    monkeypatch.setattr(gateway.source, "_head", (1, "the hash of another ledger"))
    with house.ledger.write(actor="ann", now=NOW) as change:
        change.open_case(NewCase(case_id="case-9", title="something"))
    assert gateway.follow() == 0
    assert gateway.suspended(house.now) == {"head-0", "head-1"}
