"""Who became protected or permitted meanwhile is left out, before an effect and after it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from looks_by_hand import CAMPAIGN, House, heads, look

from stillwatch.app.enforce import leaving_out
from stillwatch.app.enforce.gateway_source import LedgerSource
from stillwatch.app.enforce.leaving_out import LeavingOut
from stillwatch.app.enforce.settling import Settled, settle
from stillwatch.app.loops.shields import PERMITTED, PROTECTED
from stillwatch.domain.errors import LakeError
from stillwatch.domain.tables import REGISTER
from stillwatch.gateway.deltas import NEVER
from stillwatch.ingest.snapshots import INGEST
from stillwatch.store.lake import Lake
from stillwatch.store.ledger.nouns.decisions import NewDecision
from stillwatch.store.ledger.nouns.policies import NewPermission
from stillwatch.store.manifest import make_lake

ORGANISATIONS = {"head-0": "org-good", "head-1": "org-typed"}


class Round:
    """A lake whose register a test writes, and rounds of enforcement over it."""

    def __init__(self, house: House, place: Path) -> None:
        self.house, self.place = house, place / "lake"
        make_lake(self.place, key_check=7)
        self.leaving = LeavingOut(self.place)

    def register(self, *protected: str) -> None:
        """Ingest a register in which some are protected; one organisation is verified."""
        rows = [
            {
                **dict.fromkeys(REGISTER.schema),
                "account_id": one,
                "org_id": ORGANISATIONS.get(one),
                "org_verified": one == "head-0",
                "protected": one in protected,
            }
            for one in (f"head-{n}" for n in range(4))
        ]
        lake = Lake(self.place)
        number = sum("ingest" in about for _, about in lake.appends()) + 1
        frame = REGISTER.conform(pl.DataFrame(rows, schema=REGISTER.schema))
        frame = frame.with_columns(pl.lit(number, pl.Int64).alias(INGEST))
        told = {"ingest": {"states_org_verified": True}}
        lake.commit([lake.write(REGISTER.name, frame)], told)

    def go(self) -> Settled:
        """Go round once."""
        clock = lambda: self.house.later(seconds=1)  # noqa: E731  a clock that moves
        return settle(self.house.ledger, channels=("webhook",), clock=clock, leaving=self.leaving)


@pytest.fixture
def rounds(house: House, tmp_path: Path) -> Round:
    """A lake in which nobody is protected yet."""
    made = Round(house, tmp_path)
    made.register()
    return made


def wait(house: House) -> str:
    """Let four heads wait for two people; give the decision's id."""
    house.enforce(look("l1", heads(4)))
    (made,) = house.decisions(campaign_id=CAMPAIGN)
    house.later(minutes=1)
    return made.decision_id


def propose(house: House, account_id: str) -> str:
    """Let a person propose to suspend somebody."""
    decision = NewDecision(
        decision_id=f"d-{account_id}",
        effect="suspend",
        reason="Your account was suspended.",
        subject_kind="account",
        subject_id=account_id,
        approvals_needed=1,
        expires_at=house.now + timedelta(days=30),
    )
    with house.ledger.write(actor="zoe", now=house.now) as change:
        change.propose_decision(decision, account_ids=[account_id])
    return decision.decision_id


def permit(house: House, permission_id: str, **said: object) -> None:
    """Grant a permission now."""
    facts = {"scope": "distillation", "granted_by": "adam", **said}
    with house.ledger.write(actor="adam", now=house.later(minutes=1)) as change:
        change.grant_permission(NewPermission(permission_id=permission_id, **facts))  # type: ignore[arg-type]


def released(house: House) -> list[tuple[str, str]]:
    """List who released accounts, by the audit log."""
    with house.ledger.read() as view:
        entries = view.list_audit_entries()
    return [(one.actor, one.verb) for one in entries if one.verb == "decision.release"]


def test_who_became_protected_while_it_waited_is_left_out(house: House, rounds: Round) -> None:
    """The others come under the effect; no channel ever hears of that account; the log says so."""
    made = wait(house)
    rounds.register("head-2")
    house.approve(made, "ann", "ben")
    first = rounds.go()
    assert first.left_out == {made: {"head-2": PROTECTED}}
    assert first.in_force == []
    assert rounds.go().in_force == [made]
    assert house.under() == {"head-0", "head-1", "head-3"}
    with house.ledger.read() as view:
        assert view.count_effects() == {("webhook", "queued"): 3}
        assert {one.account_id for one in view.list_effects(made)} == house.under()
    assert released(house) == [("service:enforcement", "decision.release")]
    assert house.ledger.verify().is_whole


def test_who_becomes_protected_under_an_effect_is_let_go(house: House, rounds: Round) -> None:
    """Though two people approved it: no approval overcomes that guard. The table follows."""
    made = wait(house)
    house.approve(made, "ann", "ben")
    assert rounds.go().in_force == [made]
    source = LedgerSource(house.ledger, series="s", clock=lambda: house.now)
    before = source.read(NEVER)
    assert before is not None
    assert len(before.puts) == 4
    rounds.register("head-3")
    assert rounds.go().left_out == {made: {"head-3": PROTECTED}}
    after = source.read(before.version)
    assert after is not None
    assert [place[0] for place in after.removals] == ["head-3"]
    entries = house.entries()
    assert rounds.go() == Settled()
    assert house.entries() == entries


def test_a_permission_counts_where_it_came_after_the_proposal(house: House, rounds: Round) -> None:
    """Of an account, or of an organisation that is verified; one that was known before doesn't."""
    permit(house, "p-before", account_id="honest-1")
    known = propose(house, "honest-1")
    made = wait(house)
    permit(house, "p-account", account_id="head-2")
    permit(house, "p-org", org_id="org-good")
    permit(house, "p-typed", org_id="org-typed")
    permit(house, "p-scope", account_id="head-1", scope="evaluation")
    house.approve(made, "ann", "ben")
    house.approve(known, "ann")
    assert rounds.go().left_out == {made: {"head-0": PERMITTED, "head-2": PERMITTED}}
    rounds.go()
    assert house.under() == {"head-1", "head-3", "honest-1"}


def test_a_permission_that_ended_or_is_to_begin_spares_nobody(house: House, rounds: Round) -> None:
    """One that begins by the clock alone is seen within a minute."""
    made = wait(house)
    permit(house, "p-later", account_id="head-0", valid_from=house.now + timedelta(minutes=30))
    permit(house, "p-gone", account_id="head-1")
    with house.ledger.write(actor="adam", now=house.now) as change:
        change.revoke_permission("p-gone")
    house.approve(made, "ann", "ben")
    assert rounds.go().in_force == [made]
    house.later(minutes=31)
    assert rounds.go().left_out == {made: {"head-0": PERMITTED}}
    assert house.under() == {"head-1", "head-2", "head-3"}


def test_a_decision_of_which_nobody_is_left_is_reverted(house: House, rounds: Round) -> None:
    """Before it was ever in force."""
    made = wait(house)
    house.approve(made, "ann", "ben")
    rounds.register(*(f"head-{n}" for n in range(4)))
    rounds.go()
    assert rounds.go().in_force == []
    (gone,) = house.decisions(state="reverted")
    assert (gone.decision_id, gone.why) == (made, PROTECTED)
    assert house.under() == set()


def test_what_takes_nothing_is_nobody_s_harm(house: House, rounds: Round) -> None:
    """A review of a protected account goes on."""
    house.enforce(look("l1", [{**one, "verdict": "suspect"} for one in heads(2)]))
    assert house.under("review") == {"head-0", "head-1"}
    rounds.register("head-0", "head-1")
    assert rounds.go() == Settled()


def test_a_lake_that_is_gone_puts_nothing_in_force(house: House, rounds: Round) -> None:
    """Nobody knows who is protected then; what people take back is taken back all the same."""
    made = wait(house)
    rounds.go()
    house.approve(made, "ann", "ben")
    away = rounds.place.rename(rounds.place.with_name("away"))
    failed = rounds.go()
    assert failed.in_force == []
    assert [type(one) for one in failed.failed] == [LakeError]
    assert house.under() == set()
    away.rename(rounds.place)
    assert rounds.go().in_force == [made]


def test_a_round_asks_again_when_something_has_changed(
    house: House, rounds: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger, the register, or the minute; not twice a second."""
    asked: list[int] = []
    real = leaving_out.find_shields

    def count(*given: object, **said: object) -> object:
        asked.append(1)
        return real(*given, **said)  # type: ignore[arg-type]

    monkeypatch.setattr(leaving_out, "find_shields", count)
    for _ in range(5):
        rounds.go()
    assert len(asked) == 1
    rounds.register("head-0")
    rounds.go()
    rounds.go()
    assert len(asked) == 2
    wait(house)
    rounds.go()
    assert len(asked) == 3


def test_many_are_let_go_in_parts(
    house: House, rounds: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a decision comes into force before the last of them has been left out."""
    monkeypatch.setattr(leaving_out, "LEDGER_RELEASES_AT_ONCE_MAX", 1)
    made = wait(house)
    rounds.register("head-0", "head-1", "head-2")
    house.approve(made, "ann", "ben")
    done = [rounds.go().in_force for _ in range(4)]
    assert done == [[], [], [], [made]]
    assert house.under() == {"head-3"}
