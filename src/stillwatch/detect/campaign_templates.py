"""What a campaign's prompts have in common: its templates, and who else sends them.

Part of the fifth step of *detect*: reads `Traffic` and the list of passages; gives rows of
`TEMPLATES_OUT`. Counted in numbers of accounts and exchanges; ids of neither are looked up.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import polars as pl

from stillwatch.detect.traffic import I32, I64, U32, Traffic
from stillwatch.domain import limits
from stillwatch.domain.arrays import read_only
from stillwatch.domain.observations import Passages

_TEMPLATE_SHARE = 0.1
"""Share of a campaign's accounts that must send a template for it to be listed."""
_TEMPLATES_MAX = 12
"""Templates listed of one campaign."""
_NAMED = ["template", "place"]


def list_templates(traffic: Traffic, members: I32, *, passages: Passages) -> pl.DataFrame:
    """List the templates that at least a tenth of a campaign's accounts sent.

    Grain:   one row per template and place, at most 12: `TEMPLATES_OUT` but for the campaign.
    Order:   most widely sent first.
    Cost:    the passages of the campaign's exchanges, and a look at those of all.
    """
    named = passages.listed
    listed = (
        _count_inside(traffic, members, named)
        .filter(pl.col("accounts") >= np.ceil(_TEMPLATE_SHARE * len(members)))
        .sort("accounts", "exchanges", "template", descending=[True, True, False])
        .head(_TEMPLATES_MAX)
    )
    chosen = named.join(listed, on=["template", "place"], how="semi")
    everywhere = _count_holders(traffic, passages.carried, chosen)
    return (
        listed.join(everywhere, on=["template", "place"])
        .with_columns(
            (pl.col("all_accounts") - pl.col("accounts")).cast(pl.Int64).alias("accounts_outside"),
            pl.col("template")
            .map_elements(lambda t: f"{t & 0xFFFFFFFFFFFFFFFF:016x}", return_dtype=pl.String)
            .alias("template_id"),
        )
        .sort("accounts", "exchanges", "template_id", descending=[True, True, False])
    )


def _count_inside(traffic: Traffic, members: I32, named: pl.DataFrame) -> pl.DataFrame:
    """Count the campaign's accounts and exchanges that carry each template, and its likely tactic.

    Grain:   a row a template and place.
    Cost:    a look at the passages, limits.BLOCK_EXCHANGES or one account at a time; some numbers a
             template.
    """
    kinds = named.select(_NAMED).unique(maintain_order=True)
    kind = named.join(kinds.with_row_index("kind"), on=_NAMED, maintain_order="left")["kind"]
    tactics = traffic.exchanges["tactic"].unique().cast(pl.String).drop_nulls().sort()
    met, often = np.full((len(kinds), 2), -1), np.zeros((len(kinds), len(tactics) + 1), np.int64)
    counts = np.zeros((len(kinds), 2), np.int64)
    spans = traffic.account_start, traffic.passage_start, read_only(traffic.passage)
    of_passage = read_only(kind.to_numpy())
    ends = np.cumsum(np.diff(traffic.account_start)[members]) // limits.BLOCK_EXCHANGES
    for block in np.split(members, np.flatnonzero(np.diff(ends)) + 1):
        tactic = traffic.exchanges["tactic"].gather(traffic.rows_of(block)).cast(pl.String)
        code = tactic.cast(pl.Enum(tactics)).to_physical().cast(pl.Int64).fill_null(len(tactics))
        _count_kinds(block, spans, (read_only(code.to_numpy()), of_passage), met, (counts, often))
    often, names = often[:, :-1], pl.Series("tactic", [*tactics, None], dtype=pl.String)
    likely = np.where(often.any(axis=1), often.argmax(axis=1) if len(tactics) else 0, len(tactics))
    return kinds.with_columns(
        names.gather(likely), accounts=pl.Series(counts[:, 0]), exchanges=pl.Series(counts[:, 1])
    )


@nb.njit(nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)
def _count_kinds(
    members: I32,
    spans: tuple[I64, I64, I32],
    told: tuple[I64, U32],
    met: I64,
    counts: tuple[I64, I64],
) -> None:
    """Count accounts and exchanges, each once a template, and rows of each tactic.

    `met` has the account and the exchange that each template was met in last.
    """
    (exchanges, passages, passage), (tactic, kind) = spans, told
    k = 0
    for a in members:
        for e in range(exchanges[a], exchanges[a + 1]):
            for r in range(passages[e], passages[e + 1]):
                c = kind[passage[r]]
                counts[0][c, 0] += met[c, 0] != a
                counts[0][c, 1] += met[c, 1] != e
                counts[1][c, tactic[k]] += 1
                met[c, 0], met[c, 1] = a, e
            k += 1


def _count_holders(traffic: Traffic, carried: pl.DataFrame, passages: pl.DataFrame) -> pl.DataFrame:
    """Count the accounts of the whole run that sent some templates. Grain: a row a template."""
    wanted = np.zeros(len(traffic.holders), np.bool_)
    wanted[passages["passage"].to_numpy()] = True
    held = carried.filter(wanted[carried["passage"].to_numpy()])
    account = traffic.population.find_senders(held["row"].to_numpy())
    found = held.select("passage", account=pl.Series(account)).filter(pl.col("account") >= 0)
    return (
        found.join(passages, on="passage")
        .group_by("template", "place")
        .agg(pl.col("account").n_unique().alias("all_accounts"))
    )
