"""Is a tied group a harvest? Its witnesses against honest tied groups, and the innocent stories.

Third step of *detect*: reads `Traffic`, `GROUP` and `MEMBER`, gives of each group a judgement, p,
q, the probability that it harvests, and the closest innocent explanation; `undecided` if untied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from stillwatch.detect.combine import WEIGHS
from stillwatch.detect.dispositions.answered import Answered
from stillwatch.detect.dispositions.marked import mark_innocent
from stillwatch.detect.honest_groups import DECLARED, HonestNull, widen_by_run
from stillwatch.detect.measure import Case, Measured, measure_groups
from stillwatch.detect.odds import weigh_group
from stillwatch.detect.tails import KINDS, Standing
from stillwatch.detect.traffic import F64, I32, Bools, Traffic
from stillwatch.detect.unmix.members import Stream, weigh_members
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.settings import DetectSettings


@dataclass(frozen=True)
class Judged:
    """One group with its core, its witnesses and what they amount to."""

    group_id: str
    members: I32
    membership: F64
    stream: Stream
    """What each member sends of what the group has in common."""
    core_exchanges: int
    figures: F64
    z: F64
    score: float
    p_value: float
    q_value: float
    probability: float
    judgement: str
    explanation: str
    explanation_p_value: float
    """Of the explanation that comes closest: of a harvest, that any honest tied group looks like
    this on all witnesses together; else, that one looks like this on the witness it explains."""
    placed: F64 = field(default_factory=lambda: np.empty(0))
    """The witnesses standardised, before the run widened the null and before the cut."""
    kinds: tuple[str, ...] = ()  # of groups that it may be of, by the register
    shipped_p_value: float = 1.0
    """The p-value by the shipped null alone, and what would have been said of it."""
    shipped_judgement: str = "undecided"


def judge_groups(
    traffic: Traffic,
    case: Case,
    *,
    null: HonestNull,
    settings: DetectSettings,
    answered: Answered | None = None,
) -> list[Judged]:
    """Judge every group.

    Grain:   one Judged per group, in the order of `case.groups`. With what people have `answered`
             no p-value is less than without, and so no q-value, and no probability more.
    Units:   p is the upper tail of the honest score; q as in `find_q_values`.
    Nulls:   a witness without data is silent; below four that speak, p = 1.
    Cost:    linear in the exchanges of groups.
    """
    measured = measure_groups(traffic, case, settings=settings)
    if not measured:
        return []
    tests = _test_groups(measured, case, null=null, settings=settings, answered=answered)
    out = []
    for k, name in enumerate(case.groups["group_id"]):
        story, story_p = explain_innocently(tests.z[k])
        shipped, judgement = (
            _pronounce(bool(tests.tied[k]), float(q[k]), story_p, settings)
            for q in (tests.shipped_q, tests.q)
        )
        p = float(tests.p[k])
        codes, unmixed = measured[k][:2]
        out.append(
            Judged(
                name,
                codes,
                unmixed.membership,
                weigh_members(traffic, codes, unmixed),
                measured[k][3][1],
                measured[k][2],
                tests.z[k],
                float(tests.score[k]),
                p,
                float(tests.q[k]),
                weigh_group(p, tests.z[k], power=null.power, settings=settings),
                judgement,
                story,
                p if judgement == "harvest" else story_p,
                tests.placed[k],
                tuple(kind for kind, may in zip(KINDS, tests.may_be[:, k], strict=True) if may),
                float(tests.shipped_p[k]),
                shipped,
            )
        )
    return out


class _Tests(NamedTuple):
    """Every group tested: by the shipped null alone, and with people's answers."""

    tied: Bools
    placed: F64
    z: F64
    score: F64
    may_be: Bools
    shipped_p: F64
    shipped_q: F64
    p: F64
    q: F64


def _test_groups(
    measured: Sequence[Measured],
    case: Case,
    *,
    null: HonestNull,
    settings: DetectSettings,
    answered: Answered | None,
) -> _Tests:
    figures = np.array([m[2] for m in measured])
    size = np.array([m[3] for m in measured], np.float64)
    placed = null.standardise(figures, size[:, 0], size[:, 1])
    tied = case.groups["link_q_value"].to_numpy() <= settings.link_q_max
    z = placed.copy()
    z[tied] = widen_by_run(z[tied], median=null.median)
    shift = np.nan_to_num(placed - z).max(axis=0, initial=0.0)  # the same for every tied group
    z = null.cut(z)
    score, standing = null.combine(z), Standing(figures[:, DECLARED], size[:, 2])
    marked, permitted = mark_innocent(answered, null=null, shift=shift), _find_permitted(case)
    p = [np.where(tied, null.p_values(score, standing, m), 1.0) for m in (None, marked)]
    q = [find_q_values(one, tied=tied, permitted=permitted) for one in p]
    return _Tests(tied, placed, z, score, standing.may_be(), p[0], q[0], p[1], q[1])


def find_q_values(p: F64, *, tied: Bools, permitted: Bools) -> F64:
    """Give each group its q-value: Benjamini-Hochberg over those of whom the same is asked.

    Grain:   one per group; 1 where nothing ties it.
    What a permission allows is no accusation, and no discovery that makes room for a false one: a
    partner's harvest has the least p-value of most runs, and beside it an honest group's q would be
    half of what it is. Nor is it asked among many: who may harvest is asked whether he does, and
    how many offices are in the logs is no part of the answer.
    """
    q = np.ones(len(p))
    for asked in (tied & ~permitted, tied & permitted):
        q[asked] = adjust_p_values(p[asked])
    return q


def _find_permitted(case: Case) -> Bools:
    """Groups of whose accounts most are covered by a permission to distil. Grain: one a group."""
    own = dict(case.members.group_by("group_id").agg("account_id").iter_rows())
    members = (own[name] for name in case.groups["group_id"])
    shares = [len(case.partners.intersection(m)) / len(m) for m in members]
    return np.array(shares, np.float64) >= 0.5  # noqa: PLR2004  most of them


def adjust_p_values(p: F64) -> F64:
    """Benjamini-Hochberg q-values, in the order given."""
    order = np.argsort(p, kind="stable")
    n = len(p)
    stepped = p[order] * n / np.arange(1, n + 1)
    out = np.empty(n)
    out[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return np.minimum(out, 1.0)


def explain_innocently(z: F64) -> tuple[str, float]:
    """Find the innocent explanation that is hardest to reject: (its words, its p-value).

    Each witness tests one story; its p-value is the standard normal upper tail of the witness.
    """
    known = np.flatnonzero(~np.isnan(z) & WEIGHS)
    if not len(known):
        return "too little traffic to tell", 1.0
    p = ndtr(-z[known])
    best = known[int(np.argmax(p))]
    return WITNESSES[best].innocent, float(p.max())


def _pronounce(tied: bool, q: float, story_p: float, settings: DetectSettings) -> str:  # noqa: FBT001  four facts of one group
    if not tied:
        return "undecided"
    if q <= settings.watch_q_max:
        return "harvest"
    return "coordinated_other" if story_p <= settings.explanation_p_max else "innocent"
