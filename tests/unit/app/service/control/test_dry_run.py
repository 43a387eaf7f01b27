"""A dry run's figures: shares, programmes, revenue, guards, and what nobody knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from stillwatch.app.service.control.interventions.dry_run import DryRun, Proposal, try_out
from stillwatch.app.service.control.interventions.known import Standing
from stillwatch.decide.policy.model import Guards
from stillwatch.decide.policy.subjects import SPARED, Known
from stillwatch.domain.results import ACCOUNTS_OUT
from stillwatch.domain.tables import REGISTER

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
NAMES = [f"a-{n}" for n in range(10)]


def standing() -> Standing:
    """Ten accounts of ten exchanges each; the first pays half of all, the second is protected."""
    accounts = pl.DataFrame(
        {
            "account_id": NAMES,
            "verdict": ["fraudulent"] * 4 + ["clear"] * 6,
            "probability": [0.99] * 4 + [0.0] * 6,
            "q_value": [0.001] * 4 + [1.0] * 6,
            "campaign_id": ["c-1"] * 4 + [None] * 6,
            "exchanges": [10] * 10,
            "reasons": [["tied_identity"]] * 10,
            "explanation": [""] * 10,
        }
    )
    register = pl.DataFrame(
        {
            "account_id": [*NAMES, "silent"],
            "program": ["research", *[None] * 10],
            "protected": [name == "a-1" for name in (*NAMES, "silent")],
            "revenue_30d": [100.0, *[10.0] * 10],
        }
    )
    known = Known(ACCOUNTS_OUT.conform(accounts), register=REGISTER.conform(register))
    return Standing(known, "monday", ())


def tried(*names: str, effect: str = "suspend", guards: Guards | None = None) -> DryRun:
    """Try an effect out on some of them."""
    return try_out(
        Proposal(effect, names, "The sentence."),
        standing=standing(),
        guards=guards or Guards(),
        policy="house@1",
        now=NOW,
    )


def guards_of(found: DryRun) -> dict[str, int]:
    """Give how many each guard would stop."""
    return {one.guard: one.stopped for one in found.guards}


def test_shares_are_of_all_that_is_known() -> None:
    """Two of eleven in the register, two tenths of the traffic, 110 of 200 of the revenue."""
    found = tried("a-0", "a-2")
    assert (found.accounts, found.unknown_accounts, found.exchanges) == (2, 0, 20)
    assert found.share_of_register == pytest.approx(2 / 11)
    assert found.share_of_traffic == pytest.approx(0.2)
    assert (found.revenue_30d, found.share_of_revenue) == (110.0, pytest.approx(110 / 200))
    assert found.programmes == {"none": 1, "research": 1}
    assert (found.verdicts, found.result) == ({"fraudulent": 2}, "monday")


def test_an_account_that_sent_nothing_counts_with_what_the_register_says() -> None:
    """It is unknown to the result, and its revenue is known."""
    found = tried("silent", "nobody-at-all")
    assert (found.accounts, found.unknown_accounts) == (2, 2)
    assert (found.revenue_30d, found.exchanges) == (10.0, 0)
    assert found.share_of_register == pytest.approx(1 / 11)


@pytest.mark.parametrize(
    ("effect", "refused"), [("suspend", True), ("throttle", True), ("watch", False)]
)
def test_no_approval_reaches_a_protected_account(effect: str, *, refused: bool) -> None:
    """Whatever takes something from it is refused; what takes nothing isn't."""
    found = tried("a-0", "a-1", effect=effect)
    assert (found.protected_accounts, found.is_refused) == (["a-1"], refused)


def test_a_dry_run_of_the_policy_refuses_everything() -> None:
    """Nothing comes into force while the policy that rules is tried out."""
    found = tried("a-0", effect="watch", guards=Guards(dry_run=True))
    assert (found.is_refused, guards_of(found)) == (True, {"dry_run": 1})


@pytest.mark.parametrize(
    ("effect", "guards", "needed"),
    [
        ("watch", Guards(), 0),
        ("throttle", Guards(), 1),
        ("suspend", Guards(), 1),
        ("terminate", Guards(), 2),
        ("suspend", Guards(four_eyes_above=1, four_eyes_from="suspend"), 2),
        ("throttle", Guards(four_eyes_above=1, four_eyes_from="suspend"), 1),
        ("suspend", Guards(four_eyes_above=2), 1),
    ],
)
def test_as_many_approve_as_the_guards_ask_for(effect: str, guards: Guards, needed: int) -> None:
    """The accounts of an intervention count together, of whichever campaigns they are."""
    assert tried("a-0", "a-9", effect=effect, guards=guards).approvals_needed == needed


def test_the_blast_radius_is_measured_over_all_traffic() -> None:
    """Three of ten accounts: over a quarter, not over a third."""
    names = ("a-0", "a-2", "a-3")
    over = tried(*names, guards=Guards(accounts_share_max=0.25))
    (found,) = over.guards
    assert (found.guard, found.stopped, found.measured) == ("blast_radius", 3, pytest.approx(0.3))
    assert guards_of(tried(*names, guards=Guards(accounts_share_max=1 / 3))) == {}


def test_whoever_was_let_go_is_in_the_cool_down() -> None:
    """Within its days, and after them not."""
    guards = Guards(cool_down=timedelta(days=30))
    for days, stopped in ((29, {"cool_down": 1}), (31, {})):
        spared = pl.DataFrame([("a-0", NOW - timedelta(days=days))], schema=SPARED, orient="row")
        known = replace(standing(), known=replace(standing().known, spared=spared))
        found = try_out(
            Proposal("suspend", ["a-0"], ""),
            standing=known,
            guards=guards,
            policy="house@1",
            now=NOW,
        )
        assert guards_of(found) == stopped


def test_what_nobody_knows_is_null() -> None:
    """Without a result and a register there are no shares, and no figure that JSON can't hold."""
    nothing: dict[str, Any] = {"known": Known(ACCOUNTS_OUT.empty()), "result": None}
    found = try_out(
        Proposal("suspend", ["a-0"], ""),
        standing=Standing(**nothing, remarks=("no result",)),
        guards=Guards(accounts_share_max=0.5, four_eyes_above=None),
        policy="shipped",
        now=NOW,
    )
    assert (found.share_of_register, found.share_of_traffic, found.revenue_30d) == (None,) * 3
    assert (found.unknown_accounts, found.remarks) == (1, ["no result"])
    assert found.model_dump_json()
