"""Each figure's p-value, on groups drawn from its stated null: uniform, or larger for counts."""

from __future__ import annotations

import numpy as np
import pytest
from rhythm_scenes import BY_NAME, DAY_S, DAYS, Log, live, write
from scipy.stats import kstest

from stillwatch.detect.rhythms.shown import Shown
from stillwatch.domain import limits

GROUPS, MEMBERS, EACH = 500, 12, 48
ITEMS = 400
COUNTS = {"common_silences", "ban_answered", "address_handed_over"}
"""Figures with few values: their p-values may be larger than uniform ones."""
ALIKE = {"rotation", "repeats_cross"}
"""Figures whose null is that it does not matter who sends: asked of accounts without hours."""


def draw_groups(seed: int, *, has_hours: bool) -> list[Shown]:
    """Draw groups whose members have nothing in common but that they share addresses at random."""
    rng = np.random.default_rng(seed)
    log = Log()
    names = []
    for g in range(GROUPS):
        prompts = rng.integers(0, 150, (MEMBERS, EACH)) + 1_000 * g
        own = [f"g{g:03d}-{k:02d}" for k in range(MEMBERS)]
        names.append(own)
        for k, name in enumerate(own):
            at = live(rng, EACH) if has_hours else np.sort(rng.random(EACH) * DAYS * DAY_S)
            subject = rng.normal(size=limits.EMBEDDING_DIMENSIONS)
            drift = rng.normal(size=limits.EMBEDDING_DIMENSIONS) * (at / at.max())[:, None]
            log.send(
                name,
                at,
                prompt_hash=prompts[k],
                embedding=write(rng, subject + drift),
                replay_source=["set"] * EACH,
                replay_item_hash=rng.choice(ITEMS, EACH, replace=False),
                address_hash=rng.integers(0, 6, EACH) + 10 * g,
            )
            stops = rng.random() < 0.4
            stopped_s = float(rng.uniform(0, DAYS * DAY_S)) if stops else None
            log.sign_up(name, float(rng.uniform(-300, -1)), stopped_s=stopped_s)
    for k in range(20 * GROUPS):
        log.sign_up(f"r{k}", float(rng.uniform(-300, 0)))
    return log.show(*names, pools={"set": ITEMS})


@pytest.fixture(scope="module")
def people() -> list[Shown]:
    """Groups of people with hours of their own."""
    return draw_groups(1, has_hours=True)


@pytest.fixture(scope="module")
def anybody() -> list[Shown]:
    """Groups of accounts that send at any time."""
    return draw_groups(2, has_hours=False)


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - {"ban_answered"}))
def test_p_values_of_groups_that_are_as_the_null_has_them_are_uniform(
    name: str, people: list[Shown], anybody: list[Shown]
) -> None:
    """Five hundred groups, those of people where the null allows hours: P(p ≤ t) is t, or less."""
    told = [BY_NAME[name].measure(s) for s in (anybody if name in ALIKE else people)]
    found = np.array([one.p_value for one in told if one is not None])
    assert len(found) >= 0.9 * GROUPS
    for level in (0.01, 0.05, 0.1, 0.2, 0.5):
        share = np.mean(found <= level + 1e-9)
        assert share - level < 3 * np.sqrt(level * (1 - level) / len(found)), (level, share)
    if name not in COUNTS:
        spread = found - np.random.default_rng(0).random(len(found)) / 100
        assert kstest(spread, "uniform").pvalue > 0.005
    expected = np.array([one.expected for one in told if one is not None])
    observed = np.array([one.observed for one in told if one is not None])
    error = observed.std() / np.sqrt(len(observed))
    assert abs(observed.mean() - expected.mean()) < 4 * error + 0.01 * (name in COUNTS)


def test_p_values_of_bans_that_nobody_answers_are_uniform_or_larger() -> None:
    """Five hundred groups in which stops and first requests fall at random."""
    rng = np.random.default_rng(4)
    log = Log()
    names = [[f"g{g:03d}-{k:02d}" for k in range(24)] for g in range(GROUPS)]
    for name in (n for group in names for n in group):
        log.send(name, np.sort(rng.uniform(rng.random() ** 0.5, 1, 6)) * DAYS * DAY_S)
        log.sign_up(name, -1.0, stopped_s=float(rng.random() * DAYS * DAY_S))
    told = [BY_NAME["ban_answered"].measure(shown) for shown in log.show(*names)]
    found = np.array([one.p_value for one in told if one is not None])
    assert len(found) >= 0.9 * GROUPS
    for level in (0.01, 0.05, 0.1, 0.2):
        share = np.mean(found <= level + 1e-9)
        assert share - level < 3 * np.sqrt(level * (1 - level) / len(found)), (level, share)
