"""Values that tell a group's members apart: who holds one holds other things, in other families.

Part of the third step of *link*, for `part.py`. Reads a workbench; says nothing of whether what
they divide belongs together.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.domain import limits
from stillwatch.domain.arrays import start_runs
from stillwatch.link.counts import count_values
from stillwatch.link.kernels import FAMILIES_MIN
from stillwatch.link.table import F64, I32, I64, Bools
from stillwatch.link.workbench import Bench, list_rows

_SAME_SIDE: Final = 0.9
"""Overlap (Jaccard) of two values' holders above which they divide a group alike."""
_SMALL_SHARE: Final = 0.1
"""Share of a group up to which a set is small: larger ones show in a sample."""


def list_dividers(bench: Bench, heard: I32) -> list[tuple[int, Bools]]:
    """List the values that best tell the group's members apart: each with who holds it.

    For each value: how much knowing who holds it tells of each other family (mutual information
    with that family's most telling value, among those who have the channel at all).

    Grain:   at most `limits.DIVIDERS_MAX` values, those that tell most first; and a mark a member.
    Cost:    a table of each value with each, of `limits.DIVIDER_VALUES_MAX` a family.
    """
    values, holds = _hold_values(bench, heard)
    if not len(values):
        return []
    columns = bench.t
    channel = columns.values["channel"][values]
    family = columns.channels["family"][channel]
    told = _tell(holds, columns.present[heard][:, channel])
    best = np.zeros(len(values))
    for f in np.unique(family):
        of_family = told[:, family == f].max(axis=1)
        best += np.where(family == f, 0.0, of_family)
    chosen: list[int] = []
    for v in np.lexsort((values, -best)):
        alike = (_overlap(holds[:, v], holds[:, w]) for w in chosen)
        if not any(share > _SAME_SIDE for share in alike):
            chosen.append(int(v))
        if len(chosen) == limits.DIVIDERS_MAX:
            break
    return [(int(values[v]), holds[:, v]) for v in chosen]


def _hold_values(bench: Bench, heard: I32) -> tuple[I64, Bools]:
    """List what some of the members hold and some don't, and who holds it.

    Grain:   values, of each family the `limits.DIVIDER_VALUES_MAX` that divide most evenly; and a
             mark per member and value.
    """
    columns = bench.t
    counted = count_values(bench, heard)
    rest = len(heard) - counted.holders
    even = np.minimum(counted.holders, rest)
    usable = np.flatnonzero(even >= limits.ACTORS_MIN)
    family = columns.channels["family"][columns.values["channel"][counted.value[usable]]]
    order = np.lexsort((counted.value[usable], -even[usable], family))
    among = np.arange(len(order)) - np.searchsorted(family[order], family[order])
    values = counted.value[usable[order[among < limits.DIVIDER_VALUES_MAX]]]
    if not len(values):
        return values, np.zeros((len(heard), 0), np.bool_)
    owner, rows = list_rows(columns, heard)
    by_value = np.argsort(values)
    place = by_value[np.searchsorted(values, rows["value"], sorter=by_value) % len(values)]
    is_one = values[place] == rows["value"]
    holds = np.zeros((len(heard), len(values)), np.bool_)
    holds[owner[is_one], place[is_one]] = True
    return values, holds


def _tell(holds: Bools, has: Bools) -> F64:
    """Measure how much holding one value tells of holding another.

    Grain:   V x V, from the value in the row about the one in the column. Units: bits, summed over
             the members who have the column's channel.
    """
    mine, has_other = holds.astype(np.float64), has.astype(np.float64)
    both = mine.T @ mine
    first, second, n = mine.T @ has_other, np.diag(both)[None, :], has_other.sum(axis=0)[None, :]
    told = np.zeros_like(both)
    for seen, one, other in (
        (both, first, second),
        (first - both, first, n - second),
        (second - both, n - first, second),
        (n - first - second + both, n - first, n - second),
    ):
        expected = np.maximum(one * other, 1e-9) / np.maximum(n, 1.0)
        told += np.where(seen > 0, seen * np.log2(np.maximum(seen, 1e-9) / expected), 0.0)
    return told


def _overlap(one: Bools, other: Bools) -> float:
    return float((one & other).sum() / max(int((one | other).sum()), 1))


def list_small_sets(
    bench: Bench, group: I32, *, least: int = limits.ACTORS_MIN, most: float = _SMALL_SHARE
) -> list[tuple[int, I32]]:
    """List small sets of members that two families or more single out to a man.

    `least` is how many a set has at least, `most` the share of the group that it has at most.

    An even sample of a large group has too few of them to show: a firm's fourteen keys in a
    campaign of nine hundred are four or five of those that are heard.

    Grain:   sets, those first that most families single out, then the largest; each a value that
             they and nobody else of the group hold, and they.
    Cost:    a sort of the group's rows.
    """
    owner, rows = list_rows(bench.t, group)
    order = np.argsort(rows["value"], kind="stable")
    value, owner = rows["value"][order], owner[order]
    starts = start_runs(value)
    sizes = np.diff(starts, append=len(value))
    mark = np.random.default_rng(0).integers(1, 2**63, len(group), dtype=np.uint64)
    told = np.add.reduceat(mark[owner], starts) if len(starts) else mark[:0]
    usable = (sizes >= least) & (sizes <= most * len(group))
    family = bench.t.channels["family"][bench.t.values["channel"][value[starts]]]
    at = np.flatnonzero(usable)
    at = at[np.lexsort((family[at], told[at]))]
    begins = start_runs(told[at])
    is_new = np.ones(len(at), np.int64)
    is_new[1:] = (told[at][1:] != told[at][:-1]) | (family[at][1:] != family[at][:-1])
    families = np.add.reduceat(is_new, begins) if len(at) else is_new
    first = at[begins]
    ranked = np.lexsort((first, -sizes[first], -families))
    chosen = first[ranked[families[ranked] >= FAMILIES_MIN]]
    return [(int(value[starts[k]]), group[owner[starts[k] : starts[k] + sizes[k]]]) for k in chosen]
