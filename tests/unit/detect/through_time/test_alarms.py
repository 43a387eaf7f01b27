"""Alarms over days: looking every day doesn't use up the guarantee, as a simulation shows."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.judge import adjust_p_values
from stillwatch.detect.through_time.alarms import raise_alarms, spend, weigh_p_value

_LEVEL = 0.1
_RUNS = 400
_LOOKS = 60
_GROUPS = 20


def test_all_looks_together_spend_at_most_the_level() -> None:
    """A million looks, and the integral of the rest."""
    looks = np.arange(1, 1_000_001)
    total = sum(spend(int(d)) for d in looks[:1000])
    total += float(np.sum(1 / ((looks[1000:] + 1) * np.log(looks[1000:] + 1) ** 2 * 2.11)))
    assert 0.95 < total + 1 / (2.11 * np.log(looks[-1] + 1)) <= 1.0


def test_an_e_value_of_an_honest_group_is_one_on_average() -> None:
    """The calibrator integrates to one over uniform p-values."""
    p = (np.arange(2_000_000) + 0.5) / 2_000_000
    bits = np.array([weigh_p_value(one) for one in np.quantile(p, np.linspace(0, 1, 2001))])
    assert weigh_p_value(float("nan")) == -1.0
    assert np.all(np.diff(bits) <= 1e-12), "smaller p, larger e"
    fine = np.geomspace(1e-12, 0.999, 20_001)
    e = np.array([2.0 ** weigh_p_value(one) for one in fine])
    integral = float(np.sum((e[1:] + e[:-1]) / 2 * np.diff(fine)))
    assert 0.9 < integral <= 1.01


def test_the_largest_consistent_set_is_raised() -> None:
    """Two strong ones lower each other's bar; one that is not eligible never is."""
    p = {"strong": 1e-9, "also": 1e-9, "weak": 0.2, "barred": 1e-12}
    eligible = frozenset({"strong", "also", "weak"})
    found = raise_alarms(p, eligible=eligible, look=1, raised_before=0, level=_LEVEL)
    assert found.raised == {"strong", "also"}
    alone = raise_alarms(
        {"strong": 1e-9} | {f"w{k}": 0.5 for k in range(3)},
        eligible=eligible, look=1, raised_before=0, level=_LEVEL,
    )  # fmt: skip
    assert alone.threshold_log2 == pytest.approx(found.threshold_log2 + 1)
    empty = raise_alarms({}, eligible=eligible, look=1, raised_before=0, level=_LEVEL)
    assert empty.raised == frozenset()


def test_later_looks_ask_for_more_and_earlier_alarms_for_less() -> None:
    """Of one p-value."""
    bars = [
        raise_alarms(
            {"g": 0.5}, eligible=frozenset("g"), look=look, raised_before=before, level=_LEVEL
        ).threshold_log2
        for look, before in ((1, 0), (30, 0), (30, 7))
    ]
    assert bars[1] > bars[2] > bars[0]


def honest_p_values(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Give looks x groups of p-values without any campaign.

    A group's are new each day, the same every day, or drift slowly (windows that overlap).
    """
    if kind == "new each day":
        return rng.random((_LOOKS, _GROUPS))
    if kind == "the same":
        return np.tile(rng.random(_GROUPS), (_LOOKS, 1))
    steps = rng.normal(size=(_LOOKS + 6, _GROUPS))
    week = np.stack([steps[d : d + 7].sum(axis=0) / np.sqrt(7) for d in range(_LOOKS)])
    from scipy.special import ndtr  # noqa: PLC0415  this kind alone

    return np.asarray(ndtr(week))


@pytest.mark.parametrize("kind", ["new each day", "the same", "windows of a week"])
def test_without_a_campaign_a_false_alarm_in_two_months_is_as_rare_as_the_level(kind: str) -> None:
    """The realised false discovery rate is at most the level within Monte-Carlo error.

    All are honest, so a run with any alarm has a false discovery proportion of one. Judging each
    day by itself at the same level does not hold it: the control.
    """
    rng = np.random.default_rng(11)
    lasting = daily = 0
    for _ in range(_RUNS):
        raised: set[str] = set()
        any_daily = False
        for look, row in enumerate(honest_p_values(rng, kind), start=1):
            p = {f"g{g}": float(v) for g, v in enumerate(row) if f"g{g}" not in raised}
            found = raise_alarms(
                p, eligible=frozenset(p), look=look, raised_before=len(raised), level=_LEVEL
            )
            raised |= found.raised
            any_daily |= bool((adjust_p_values(row) <= _LEVEL).any())
        lasting += bool(raised)
        daily += any_daily
    error = 3 * np.sqrt(_LEVEL * (1 - _LEVEL) / _RUNS)
    assert lasting / _RUNS <= _LEVEL + error
    if kind != "the same":
        assert daily / _RUNS > 3 * _LEVEL


def test_a_campaign_that_appears_late_is_still_found() -> None:
    """On the hundredth look, among two hundred groups, at the p-value of a campaign of the demo."""
    p = {f"g{k}": 0.5 for k in range(200)} | {"new": 1e-14}
    found = raise_alarms(p, eligible=frozenset({"new"}), look=100, raised_before=0, level=0.01)
    assert found.raised == {"new"}
