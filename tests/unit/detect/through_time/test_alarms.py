"""Alarms over days: looking every day doesn't use up the guarantee, as a simulation shows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from stillwatch.detect.judge import adjust_p_values
from stillwatch.detect.through_time.alarms import (
    Alarms,
    Wager,
    raise_alarms,
    spend,
    weigh_p_value,
)

_LEVEL = 0.1
_RUNS = 400
_LOOKS = 60
_GROUPS = 20


def look(
    p: dict[str, float],
    *,
    wagers: dict[str, Wager] | None = None,
    raised_before: int = 0,
    eligible: str = "",
) -> Alarms:
    """Look; all are eligible unless said otherwise."""
    may = frozenset(eligible.split()) if eligible else frozenset(p)
    return raise_alarms(
        p, wagers=wagers or {}, eligible=may, raised_before=raised_before, level=_LEVEL
    )


def test_all_that_there_will_ever_be_have_at_most_one_together() -> None:
    """A million, and the integral of the rest."""
    number = np.arange(1_001, 1_000_001)
    total = sum(spend(d) for d in range(1, 1_001))
    total += float(np.sum(1 / ((number + 1) * np.log(number + 1) ** 2 * 2.11)))
    assert 0.95 < total + 1 / (2.11 * np.log(number[-1] + 1)) <= 1.0


def test_an_e_value_of_an_honest_group_is_one_on_average() -> None:
    """The calibrator integrates to one over uniform p-values, and falls with p."""
    fine = np.geomspace(1e-40, 1.0, 100_001)
    e = np.array([weigh_p_value(one) for one in fine])
    integral = float(np.sum((e[1:] + e[:-1]) / 2 * np.diff(fine)))
    assert 0.99 < integral <= 1.001
    assert np.all(np.diff(e) < 0)
    assert weigh_p_value(float("nan")) == 0.0
    assert weigh_p_value(0.0) > 1e200


def test_the_largest_consistent_set_is_raised() -> None:
    """Two strong ones lower each other's bar; one that is not eligible never is raised."""
    p = {"strong": 1e-9, "also": 1e-9, "weak": 0.2, "barred": 1e-12}
    found = look(p, eligible="strong also weak")
    assert found.raised == {"strong", "also"}
    alone = look(p | {"also": 0.5}, eligible="strong also weak")
    assert alone.bars["strong"] == pytest.approx(2 * found.bars["strong"])
    assert look({}).raised == frozenset()


def test_groups_that_come_later_ask_for_more_and_alarms_before_for_less() -> None:
    """A first look's groups share half of the level; those of the third new look a tenth."""
    old = {"a": Wager(0.4, 1, 3, 0.1), "b": Wager(0.1, 2, 1, 0.1)}
    first, third = look({"g": 0.5}), look({"g": 0.5}, wagers=old)
    assert third.wagers["g"].batch == 3
    assert third.bars["g"] / first.bars["g"] == pytest.approx(spend(1) / spend(3))
    more = look({"g": 0.5}, wagers=old, raised_before=7)
    assert more.bars["g"] == pytest.approx(third.bars["g"] / 8), "room for seven, and for one"
    same = look({"a": 0.5}, wagers=old)
    assert same.wagers["a"].share == 0.4, "what was looked at before spends nothing more"


def test_evidence_adds_up_over_looks_and_never_beyond_its_best() -> None:
    """Half of the first look's at once; a campaign that stays comes to nearly all of it."""
    wagers: dict[str, Wager] = {}
    evidence = []
    for _ in range(40):
        wagers = look({"g": 1e-4}, wagers=wagers, eligible="nobody").wagers
        evidence.append(wagers["g"].evidence / weigh_p_value(1e-4))
    assert evidence[0] == 0.5
    assert np.all(np.diff(evidence) > 0)
    assert 0.8 < evidence[-1] <= 1


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
    return np.asarray(ndtr(week))


def watch_honest(p_values: np.ndarray) -> bool:
    """Tell whether any alarm is raised over all looks; every tenth day all groups are new ones."""
    wagers: dict[str, Wager] = {}
    raised: set[str] = set()
    for day, row in enumerate(p_values):
        p = {f"g{day // 10}-{g}": float(v) for g, v in enumerate(row)}
        open_ones = {name: v for name, v in p.items() if name not in raised}
        found = look(open_ones, wagers=wagers, raised_before=len(raised))
        wagers |= found.wagers
        raised |= found.raised
    return bool(raised)


@pytest.mark.parametrize("kind", ["new each day", "the same", "windows of a week"])
def test_without_a_campaign_a_false_alarm_in_two_months_is_as_rare_as_the_level(kind: str) -> None:
    """The realised false discovery rate is at most the level within Monte-Carlo error.

    All are honest, so a run with any alarm has a false discovery proportion of one. Judging each
    day by itself at the same level does not hold it: the control.
    """
    rng = np.random.default_rng(11)
    lasting = daily = 0
    for _ in range(_RUNS):
        p_values = honest_p_values(rng, kind)
        lasting += watch_honest(p_values)
        daily += any(bool((adjust_p_values(row) <= _LEVEL).any()) for row in p_values)
    error = 3 * np.sqrt(_LEVEL * (1 - _LEVEL) / _RUNS)
    assert lasting / _RUNS <= _LEVEL + error
    if kind != "the same":
        assert daily / _RUNS > 3 * _LEVEL


def test_a_campaign_that_appears_late_is_found_at_once() -> None:
    """The thirtieth batch of new groups, one of three in it, after three alarms: at p = 1e-6."""
    wagers = {f"w{k}": Wager(0.001, min(k, 29), 5, 0.1) for k in range(200)}
    p = {f"w{k}": 0.5 for k in range(200)} | {"new": 1e-6, "n1": 0.4, "n2": 0.7}
    found = raise_alarms(p, wagers=wagers, eligible=frozenset({"new"}), raised_before=3, level=0.05)
    assert found.raised == {"new"}
