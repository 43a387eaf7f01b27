"""Campaign budgets: what all accounts together have left, whatever they spread over."""

from __future__ import annotations

import pytest

from stillwatch.decide.policy.budgets import (
    Admission,
    CampaignBudgets,
    Meter,
    Request,
    tightest,
)
from stillwatch.decide.policy.model import Rate

_CAMPAIGN_OF = {f"acct-{n}": "c-0" for n in range(50)}


def _budgets(**rate: int) -> CampaignBudgets:
    return CampaignBudgets({"c-0": Rate(**rate)}, campaign_of=_CAMPAIGN_OF)


def test_spreading_over_accounts_does_not_raise_the_ceiling() -> None:
    """Fifty accounts that send one each have what one account would have."""
    stream = [Request(f"acct-{n}", at_s=float(n)) for n in range(50)]
    admitted = [one.is_within for one in _budgets(exchanges_per_hour=20).admit_all(stream)]
    assert admitted == [True] * 20 + [False] * 30


def test_tokens_are_a_ceiling_of_their_own() -> None:
    """What does not fit is refused, and what is smaller still fits; what is left is told."""
    budgets = _budgets(output_tokens_per_hour=100)
    first = budgets.admit(Request("acct-0", 0, output_tokens=60))
    assert first == Admission(
        is_within=True, campaign_id="c-0", exchanges_left=None, output_tokens_left=40
    )
    assert not budgets.admit(Request("acct-1", 1, output_tokens=41)).is_within
    assert budgets.admit(Request("acct-2", 2, output_tokens=40)).output_tokens_left == 0


def test_what_was_spent_comes_back_after_an_hour_and_a_minute_at_most() -> None:
    """Never before the hour is over."""
    meter = Meter(Rate(exchanges_per_hour=1))
    assert meter.admit(at_s=59.0, output_tokens=0)
    assert not meter.admit(at_s=59.0 + 3600.0, output_tokens=0)
    assert meter.admit(at_s=59.0 + 3660.0, output_tokens=0)
    assert len(meter.parts) == 1


def test_a_clock_that_goes_back_gives_nothing_back() -> None:
    """A request that comes late counts as of the last one."""
    meter = Meter(Rate(exchanges_per_hour=2))
    assert meter.admit(at_s=7200.0, output_tokens=0)
    assert meter.admit(at_s=10.0, output_tokens=0)
    assert not meter.admit(at_s=3000.0, output_tokens=0)


def test_a_reservation_is_corrected_where_it_was_made() -> None:
    """What was not taken is free again, and leaves the hour with its reservation."""
    meter = Meter(Rate(output_tokens_per_hour=100))
    assert meter.admit(at_s=0.0, output_tokens=100)
    meter.correct(admitted_at_s=0.0, reserved=100, taken=30)
    assert meter.left() == (None, 70)
    assert meter.admit(at_s=100.0, output_tokens=70)
    assert meter.admit(at_s=3661.0, output_tokens=30)
    assert meter.left() == (None, 0)
    meter.correct(admitted_at_s=0.0, reserved=100, taken=0)
    assert meter.left()[1] is not None


@pytest.mark.parametrize("account", ["stranger", "acct-none"])
def test_whoever_is_in_no_campaign_with_a_budget_is_within(account: str) -> None:
    """Nothing is counted for them."""
    budgets = CampaignBudgets({}, campaign_of={"acct-none": "c-9"})
    assert budgets.admit(Request(account, 0.0)) == Admission(is_within=True)


def test_of_several_budgets_each_ceiling_is_the_lowest() -> None:
    """None bounds nothing."""
    assert tightest([Rate(5, None), Rate(9, 100), Rate(None, 80)]) == Rate(5, 80)
    assert tightest([]) == Rate()
