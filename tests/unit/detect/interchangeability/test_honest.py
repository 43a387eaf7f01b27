"""Ranks among honest groups of equal size: uniform for honest ones, small for heads."""

from __future__ import annotations

import numpy as np

from stillwatch.detect.interchangeability.dimensions import DIMENSIONS
from stillwatch.detect.interchangeability.honest import Shares, Size, calibrate_shares
from stillwatch.detect.interchangeability.share import BetweenShare

NAN = float("nan")


def say(share: float, accounts: int = 20) -> Shares:
    """Give shares that are the same in every dimension."""
    return dict.fromkeys(DIMENSIONS, BetweenShare(share, share, share, accounts))


def draw_honest(rng: np.random.Generator, groups: int) -> list[tuple[Shares, Size]]:
    """Draw honest groups whose share falls with their size, as it does where people are many."""
    drawn: list[tuple[Shares, Size]] = []
    for _ in range(groups):
        accounts = int(rng.integers(10, 400))
        highs = rng.lognormal(np.log(2 / accounts), 1.0, len(DIMENSIONS))
        shares = {
            name: BetweenShare(high, high, high, accounts)
            for name, high in zip(DIMENSIONS, highs.tolist(), strict=True)
        }
        drawn.append((shares, (accounts, accounts * 40)))
    return drawn


def test_honest_groups_have_small_p_values_as_seldom_as_said() -> None:
    """Of 1,200 honest groups against four nulls of 600, within 3 sd of 60 are at p <= 0.05.

    In every dimension and in all together. The sd has two parts: of the groups (7.5), and of a
    level that ten of 200 peers decide, the same for groups of like size (Beta; 1.5 % of 300, and
    about three separate sets of peers in each null).
    """
    rng = np.random.default_rng(1)
    ranked = []
    for _ in range(4):
        null = calibrate_shares(draw_honest(rng, 600))
        ranked += [null.rank(*group) for group in draw_honest(rng, 300)]
    sd = np.hypot(np.sqrt(1_200 * 0.05 * 0.95), 1_200 * 0.015 / np.sqrt(4 * 3))
    for name in (*DIMENSIONS, "together"):
        assert abs(sum(p[name] <= 0.05 for p in ranked) - 60) <= 3 * sd


def test_no_share_at_all_has_the_least_p_value_among_its_peers() -> None:
    """A group without variance between accounts: p = 1 / 201 in every dimension and together."""
    null = calibrate_shares(draw_honest(np.random.default_rng(2), 600))
    found = null.rank(say(0.0), (50, 2_000))
    assert {round(1 / p) for p in found.values()} == {201}


def test_a_group_is_compared_with_groups_of_its_size() -> None:
    """What is little for 12 accounts is usual for 400."""
    null = calibrate_shares(draw_honest(np.random.default_rng(3), 600))
    assert null.rank(say(0.004), (12, 480))["content"] < 0.05
    assert null.rank(say(0.004), (390, 15_600))["content"] > 0.2


def test_silence_accuses_nobody() -> None:
    """A group of which nothing can be said has p = 1, and honest silent ones are no null."""
    honest = draw_honest(np.random.default_rng(4), 300)
    null = calibrate_shares([*honest, (say(NAN), (9, 300))])
    assert len(null.sizes) == 300
    assert set(null.rank(say(NAN), (9, 300)).values()) == {1.0}
