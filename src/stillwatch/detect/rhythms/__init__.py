"""How a tied group goes through time, its items and its addresses: told, and heard by nobody.

After judging, beside the witnesses: reads `Traffic`, the register and each group's core; gives rows
of EVIDENCE that weigh nothing (docs/adr/0029). A file in `told/` is a figure, found by discovery:
what was observed, what its stated null has on average, and a p-value that is uniform under it.
Groups were frozen by linking, on traits of another family where there was one. Source:
coordination.md, section 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

import polars as pl

from stillwatch.detect.rhythms import told
from stillwatch.detect.rhythms.background import take_background
from stillwatch.detect.rhythms.shown import Rhythm, show_group
from stillwatch.detect.traffic import F64, I32, Traffic
from stillwatch.domain.channels.told import P_VALUE
from stillwatch.domain.results import EVIDENCE

__all__ = ["RHYTHMS", "tell_rhythms"]


def _discover() -> Iterator[Rhythm]:
    for name in sorted(module.name for module in iter_modules(told.__path__)):
        yield from import_module(f"{told.__name__}.{name}").RHYTHMS


RHYTHMS = tuple(_discover())
"""By the names of their files."""


def tell_rhythms(
    groups: Mapping[str, tuple[I32, F64]],
    traffic: Traffic,
    register: pl.DataFrame,
    *,
    pools: Mapping[str, int],
) -> pl.DataFrame:
    """Tell each figure of each tied group, beside what its null would show.

    Grain:   EVIDENCE, two rows per group and figure: the figure, and its p-value, of which half is
             expected. `groups` has members and the membership of what they sent; `register` is
             REGISTER; `pools` says how many items of a public set are known.
    Units:   a figure's own; all weigh 0 bits.
    Nulls:   a figure that the data can't give has no row.
    Order:   of `groups`; the order of exchanges and members is irrelevant.
    Cost:    bounded for each group (`domain/channels/told_limits.py`): some 20 ms.
    """
    run = take_background(traffic, register, pools=pools) if groups else None
    if run is None:
        return EVIDENCE.empty()
    rows = []
    for name, (members, membership) in groups.items():
        shown = show_group(run, members, membership)
        for rhythm in RHYTHMS:
            found = rhythm.measure(shown)
            if found is not None:
                same = (name, rhythm.family)
                rows.append((*same, rhythm.name, found.observed, found.expected, 0.0))
                rows.append((*same, rhythm.name + P_VALUE, found.p_value, 0.5, 0.0))
    return EVIDENCE.conform(pl.DataFrame(rows, schema=EVIDENCE.schema, orient="row"))
