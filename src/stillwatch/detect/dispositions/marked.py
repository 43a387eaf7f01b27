"""Groups marked innocent, put where a run's own groups lie.

Reads `ANSWERED`; gives `Marked`, which the tails count in. They are standardised by the null that
they were measured against, moved by what this run widened it, cut and scored like any of its
groups; they take no part in what the run widens. Proof that no p-value falls, and what selection
does: docs/theory/judging.md, section 8.

Blind spot: one honest customer under two campaigns' names counts twice. A group marked innocent
that harvests makes judging milder for its whole kind; the run says so, group by group.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.dispositions.answered import INNOCENT, Answered
from stillwatch.detect.dispositions.kept import read_kinds, read_witnesses
from stillwatch.detect.honest_groups import HonestNull
from stillwatch.detect.tails import Marked
from stillwatch.detect.traffic import F64


def mark_innocent(answered: Answered | None, *, null: HonestNull, shift: F64) -> Marked | None:
    """Score the groups that people have marked innocent as if they were in this run.

    Grain:   one score per group; `shift` is what the run takes off each witness.
    Nulls:   without any such group None, and judging is what it is without a ledger. A group of
             which fewer than four witnesses were heard counts in nothing.
    """
    if answered is None:
        return None
    rows = answered.with_answer(INNOCENT)
    if not len(rows):
        return None
    placed = np.array([read_witnesses(words) for words in rows["witnesses"]])
    kinds = np.array([read_kinds(words) for words in rows["kinds"].to_list()])
    return Marked(null.combine(null.cut(placed - shift)), kinds.T, null.tail_groups)
