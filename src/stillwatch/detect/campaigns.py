"""Campaigns: the judged groups that are worth a name, what they took and with what.

Fifth step of *detect*: reads judged groups and `Traffic`; writes `CAMPAIGNS_OUT`, `EXCHANGES_OUT`,
`HARVEST` and `TEMPLATES_OUT`. Harvest figures are exchanges at membership one half or more; the
ledger by day sums membership, so that doubt is not rounded away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from stillwatch.detect.campaign_templates import list_templates
from stillwatch.detect.judge import Judged
from stillwatch.detect.traffic import Traffic
from stillwatch.detect.unmix.membership import count_wordless
from stillwatch.domain.observations import Passages
from stillwatch.domain.results import CAMPAIGNS_OUT, EXCHANGES_OUT, HARVEST, TEMPLATES_OUT

_CORE = 0.5
"""From which an exchange counts as harvest. CONTRACT.md, section 4."""
_NAMED_SHARE = 0.05
"""Share of the harvest from which a tactic or a capability is named."""
_NOTHING_KNOWN = "other"
"""The capability that says none: named last, however frequent it is."""
_REPLAY = "dataset_replay"
_GRADING = "rubric_grading"
_TAKEN = {"account_id": pl.String, "harvested": pl.Int64, "evaluated": pl.Int64}
_TOLD = (
    "exchange_id", "account_id", "time", "tactic", "replay_source", "capability", "output_tokens",
    "model",
)  # fmt: skip
"""Columns of an exchange that a campaign is told by."""


@dataclass(frozen=True)
class Campaigns:
    """The campaigns of a run, and everything that is said of them exchange by exchange."""

    campaigns: pl.DataFrame
    exchanges: pl.DataFrame
    harvest: pl.DataFrame
    templates: pl.DataFrame
    of_group: dict[str, tuple[str, str]]
    taken: pl.DataFrame
    """(account_id, harvested, evaluated): what each account of a campaign took, and how much of it
    replays or grades."""


def name_campaign(group_id: str) -> str:
    """Name a campaign after its group: the same group has the same name in every run."""
    return "c-" + hashlib.blake2b(group_id.encode(), digest_size=5).hexdigest()


def find_campaigns(
    judged: Sequence[Judged],
    traffic: Traffic,
    *,
    groups: pl.DataFrame,
    passages: Passages,
    pivots: dict[str, float],
) -> Campaigns:
    """Make campaigns of the groups judged `harvest` or `coordinated_other`.

    Grain:   CAMPAIGNS_OUT one row per campaign; EXCHANGES_OUT one per exchange of its accounts.
    `passages` are those of the run, as `traffic` has numbered them; `pivots` is the q-value of the
    release pivot by group. No summary is written yet: it says what is said of the accounts.
    Order:   sorted by campaign_id, exchange_id.
    """
    chosen = [j for j in judged if j.judgement in ("harvest", "coordinated_other")]
    kinds = {"harvest": "distillation", "coordinated_other": "coordinated_other"}
    of_group = {j.group_id: (name_campaign(j.group_id), kinds[j.judgement]) for j in chosen}
    channels = dict(groups.select("group_id", "channels").iter_rows())
    rows, kept, ledgers, templates = [], [], [], [TEMPLATES_OUT.empty()]
    taken = [pl.DataFrame(schema=_TAKEN)]
    for group in chosen:
        name, kind = of_group[group.group_id]
        own = traffic.spell_out(traffic.rows_of(group.members), _TOLD).with_columns(
            membership=count_wordless(traffic, group.members, group.membership),
            campaign_id=pl.lit(name),
        )
        rows.append(
            _summarise(own, group, name, kind, channels[group.group_id], pivots.get(group.group_id))
        )
        kept.append(own.select("exchange_id", "account_id", "campaign_id", "membership"))
        ledgers.append(_ledger(own))
        taken.append(_count_taken(own))
        told = list_templates(traffic, group.members, passages=passages)
        named = told.with_columns(pl.lit(name).alias("campaign_id"))
        templates.append(TEMPLATES_OUT.conform(named))
    return Campaigns(
        CAMPAIGNS_OUT.conform(pl.concat([CAMPAIGNS_OUT.empty(), *rows])).sort("campaign_id"),
        EXCHANGES_OUT.conform(pl.concat([EXCHANGES_OUT.empty(), *kept])).sort(
            "campaign_id", "exchange_id"
        ),
        HARVEST.conform(pl.concat([HARVEST.empty(), *ledgers])).sort(
            "campaign_id", "day", "capability", "model"
        ),
        TEMPLATES_OUT.conform(pl.concat(templates)),
        of_group,
        pl.concat(taken),
    )


def _count_taken(own: pl.DataFrame) -> pl.DataFrame:
    """Count what each account has harvested. Grain: one row per account that has."""
    evaluates = pl.col("replay_source").is_not_null() | (pl.col("tactic") == _GRADING)
    return (
        own.filter(pl.col("membership") >= _CORE)
        .group_by("account_id")
        .agg(
            pl.len().cast(pl.Int64).alias("harvested"),
            evaluates.fill_null(value=False).sum().cast(pl.Int64).alias("evaluated"),
        )
    )


def _summarise(  # noqa: PLR0913, PLR0917  one row, field by field
    own: pl.DataFrame, group: Judged, name: str, kind: str, channels: list[str], pivot: float | None
) -> pl.DataFrame:
    core = own.filter(pl.col("membership") >= _CORE)
    seen = core if len(core) else own
    tactics = _frequent(_list_tactics(core), "tactic", of=len(core))
    capabilities = sorted(_frequent(core, "capability", of=len(core)), key=_NOTHING_KNOWN.__eq__)
    accounts = own["account_id"].n_unique()
    return CAMPAIGNS_OUT.conform(
        pl.DataFrame(
            {
                "campaign_id": [name],
                "kind": [kind],
                "first_seen": [seen["time"].min()],
                "last_seen": [seen["time"].max()],
                "accounts": [accounts],
                "exchanges": [len(core)],
                "output_tokens": [int(core["output_tokens"].fill_null(0).sum())],
                "q_value": [group.q_value],
                "tactics": [tactics],
                "capabilities": [capabilities],
                "channels": [channels],
                "pivot_q_value": [pivot],
                "summary": [""],
            },
            schema_overrides=CAMPAIGNS_OUT.schema,
        )
    )


def _list_tactics(core: pl.DataFrame) -> pl.DataFrame:
    """The tactics of the harvest: by wording, and once more where a public item is replayed."""
    replayed = pl.col("replay_source").is_not_null()
    worded = core.filter(pl.col("tactic") != _REPLAY).select("tactic")
    again = core.filter(replayed).with_columns(tactic=pl.lit(_REPLAY)).select("tactic")
    return pl.concat([worded, again])


def _frequent(core: pl.DataFrame, column: str, *, of: int) -> list[str]:
    """Values of a column that make up at least 5 % of the harvest, most frequent first."""
    counts = (
        core.drop_nulls(column).group_by(column).len().sort("len", column, descending=[True, False])
    )
    return counts.filter(pl.col("len") >= _NAMED_SHARE * max(of, 1))[column].to_list()


def _ledger(own: pl.DataFrame) -> pl.DataFrame:
    weighted = own.with_columns(
        pl.col("time").dt.date().alias("day"),
        pl.col("capability").fill_null("other"),
        (pl.col("output_tokens").fill_null(0) * pl.col("membership")).alias("taken"),
    )
    return HARVEST.conform(
        weighted.group_by("campaign_id", "day", "capability", "model").agg(
            pl.col("membership").sum().alias("exchanges"),
            pl.col("taken").sum().alias("output_tokens"),
        )
    )
