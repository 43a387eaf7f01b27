"""What honest tied groups look like, and how far a group is from them: the null of judging.

Fourth step of *detect*: reads the witnesses of tied groups, gives a p-value each. The null is
fitted on at least 300 honest tied groups that the lab made and this package ships as figures
(`honest_groups.json`, made by tools/calibrate_judging.py): for each witness a line in log2 of
accounts and of exchanges per account, and a scale. Standardised witnesses are cut, so that none
decides alone, and combined with their a-priori signs (`combine`). How far out a score lies is read
from the tail of groups of its kind (`tails`).

In a run with many tied groups those that lie further out than the lab's move its location towards
guilt. What would break it: honest kinds that neither the lab nor the run has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from stillwatch.detect.combine import (
    combine,
    correlate_squares,
    cut_witnesses,
    design_sizes,
    find_cuts,
    fit_lines,
)
from stillwatch.detect.tails import (
    Marked,
    Standing,
    count_tails,
    fit_tails,
    read_tails,
    weigh_kinds_alike,
)
from stillwatch.detect.traffic import F64
from stillwatch.detect.witnesses import WITNESSES

NAMES = tuple(w.name for w in WITNESSES)
DECLARED = NAMES.index("declared_owner")
_SIGNS = np.array([w.sign for w in WITNESSES], np.float64)
_HIDES = np.array([w.hides_hand for w in WITNESSES])
_GROUPS_MIN = 300
"""Honest groups below which no null is fitted (DESIGN.md, section 6)."""
_RUN_GROUPS_MIN = 20
"""Tied groups of a run from which they widen the null."""


class HonestGroups(NamedTuple):
    """Figures of tied groups, a row each, and their sizes."""

    figures: F64
    accounts: F64
    exchanges: F64
    paid: F64  # share of each group's accounts that one card pays for (`owners.py`)

    @property
    def standing(self) -> Standing:
        """What the register says of each group."""
        return Standing(np.asarray(self.figures[:, DECLARED]), self.paid)


@dataclass(frozen=True)
class HonestNull:
    """The fitted null. Shapes: W witnesses."""

    line: F64
    """W x 3: intercept, slope in log2 accounts, slope in log2 exchanges per account."""
    scale: F64  # W: standard deviation about the line
    correlation: F64
    """W x W: of the signed squares of the cut witnesses."""
    median: F64
    """W: of the standardised witnesses; skewed ones have it off 0. 0 of what no run moves."""
    tails: F64  # 3 x 3: start, scale and shape of each of `tails.KINDS`
    groups: int
    cuts: F64  # W: standard deviations at which each is cut
    member_bits: F64
    """Knots of the membership calibration: total bits …"""
    member_probability: F64  # … and the share of true members at them
    power: float = 1.0  # of the law of campaigns' p-values (`odds.py`): at 1 they say nothing
    tail_groups: F64 = field(default_factory=lambda: np.full(3, float(_GROUPS_MIN)))
    """3: groups that each tail was fitted on; a null that doesn't say has no fewer."""

    def standardise(self, figures: F64, accounts: F64, exchanges: F64) -> F64:
        """Put witnesses on the honest scale, guilty upwards, not yet cut; nan stays nan."""
        expected = design_sizes(accounts, exchanges) @ self.line.T
        return np.asarray(_SIGNS * (figures - expected) / self.scale)

    def expect(self, accounts: int, exchanges: int) -> F64:
        """Say what honest tied groups of this size show, witness by witness."""
        size = np.array([accounts], np.float64), np.array([exchanges], np.float64)
        return np.asarray((design_sizes(*size) @ self.line.T)[0])

    def score(self, groups: HonestGroups) -> F64:
        """Score groups from their figures. Grain: one score per group."""
        z = self.standardise(groups.figures, groups.accounts, groups.exchanges)
        return self.combine(self.cut(z))

    def cut(self, z: F64) -> F64:
        """Cut standardised witnesses so that none decides alone. Nulls: nan stays nan."""
        return cut_witnesses(z, self.cuts)

    def combine(self, z: F64) -> F64:
        """Combine the cut witnesses that speak to one score a group; nan below four."""
        return combine(z, self.correlation)

    def p_values(self, score: F64, standing: Standing, marked: Marked | None = None) -> F64:
        """Give the upper tail of the honest score of groups that stand alike; 1 where unknown."""
        return read_tails(self.tails, score, standing=standing, marked=marked)


def fit_honest_null(
    groups: HonestGroups, *, members: tuple[Sequence[float], Sequence[float]]
) -> HonestNull:
    """Fit the null on honest tied groups.

    Grain:   figures are groups x witnesses, nan where a witness was silent. Each of `tails.KINDS`
             counts as much as any other in lines, spreads and weights.
    `members` are the knots of the membership calibration (bits, share of true members).

    Raises:
        ValueError: fewer than 300 groups.
    """
    if len(groups.figures) < _GROUPS_MIN:
        message = f"a null needs {_GROUPS_MIN} honest tied groups, these are {len(groups.figures)}"
        raise ValueError(message)
    standing = groups.standing
    own = weigh_kinds_alike(standing)
    line, scale = fit_lines(groups.figures, design_sizes(groups.accounts, groups.exchanges), own)
    draft = HonestNull(
        line,
        scale,
        np.eye(len(NAMES)),
        np.zeros(len(NAMES)),
        np.ones((3, 3)),
        len(groups.figures),
        np.ones(len(NAMES)),
        np.asarray(members[0], np.float64),
        np.asarray(members[1], np.float64),
    )
    placed = draft.standardise(groups.figures, groups.accounts, groups.exchanges)
    cuts = find_cuts(placed, standing=standing)
    null = replace(
        draft,
        cuts=cuts,
        correlation=correlate_squares(cut_witnesses(placed, cuts), own),
        median=np.where(_HIDES, 0.0, [np.nanmedian(column) for column in placed.T]),
    )
    score = null.score(groups)
    tails, counts = fit_tails(score, standing=standing), count_tails(score, standing=standing)
    return replace(null, tails=tails, tail_groups=counts)


def widen_by_run(z: F64, *, median: F64) -> F64:
    """Shift witnesses against guilt by what the run's own tied groups show; of few, nothing.

    Before they are cut: it moves where honest groups lie. The lower half of a run's tied groups is
    taken as honest; what of its median lies on the guilty side of the lab's is taken off. What
    only hides hands says nothing of guilt, and stays.
    """
    speak = (~np.isnan(z)).sum(axis=0) >= _RUN_GROUPS_MIN
    lower_half = np.nanquantile(np.where(speak, z, 0.0), 0.25, axis=0)
    lower_half = np.where(speak, lower_half, median)  # of few groups a witness says nothing
    off = np.where(_HIDES, 0.0, np.nan_to_num(lower_half) - median)
    return np.asarray(z - np.maximum(off, 0.0))


def save_null(null: HonestNull) -> bytes:
    """Write a null as the JSON that ships with the package."""
    stored = {f.name: np.asarray(getattr(null, f.name)).tolist() for f in fields(null)}
    return json.dumps({"witnesses": list(NAMES), **stored}, indent=1).encode()


def parse_null(stored: Mapping[str, object]) -> HonestNull:
    """Read a null back from its JSON fields.

    Raises:
        ValueError: it was fitted on other witnesses, or in another order.
    """
    if stored["witnesses"] != list(NAMES):
        message = f"the null is of {stored['witnesses']}, the witnesses are {list(NAMES)}"
        raise ValueError(message)
    taken: dict[str, Any] = {
        name: np.array(value, np.float64) if isinstance(value, list) else value
        for name, value in ((f.name, stored[f.name]) for f in fields(HonestNull))
    }
    return HonestNull(**taken)


def load_null() -> HonestNull:
    """Load the null that ships with the package."""
    text = resources.files("stillwatch.detect").joinpath("honest_groups.json").read_bytes()
    return parse_null(json.loads(text))
