"""The two tables of answers: how a look's groups stood, and what of it comes back with an answer.

`STANDING` is a file of a result (standings.parquet) where the look read a ledger; the ledger keeps
it, and with each answer a copy. `ANSWERED` is that copy, handed to judging. Figures of whole
groups: no account, no text.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain.schema import UTC_TIME, Table, optional, required

_S, _I, _F = pl.String, pl.Int64, pl.Float64
_c, _r = optional, required

STANDING: Final = Table(
    "standings",
    "one tied group: what judging measured of it",
    {
        "group_id": _r(_S, "identifier"),
        "campaign_id": _c(_S, "campaign"),
        "null_version": _r(_S, "the null of honest groups that it was measured against"),
        "accounts": _r(_I, "accounts"),
        "exchanges": _r(_I, "core exchanges: those that judging looked at"),
        "kinds": _r(pl.List(_S), "kinds of groups that it may be of, by the register"),
        "witnesses": _r(pl.List(_S), "`name=z`: standard deviations of honest groups, guilty up"),
        "p_value": _r(_F, "that an honest group lies as far out, by the shipped null alone"),
        "probability": _r(_F, "that it harvests, as the look has said it"),
    },
)

ANSWERED: Final = Table(
    "answered",
    "one group of which people have said what it was, as it looked when they said it",
    {
        **{name: column for name, column in STANDING.columns.items() if name != "group_id"},
        "answer": _r(_S, "what they said", "innocent", "distillation"),
        "noted_at": _r(UTC_TIME, "when"),
    },
)
