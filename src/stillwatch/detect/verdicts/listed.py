"""What is listed of judged groups: the rows of `GROUPS_OUT`, and their witnesses as evidence.

Last step of *detect*: reads what the others found, decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from stillwatch.detect.campaigns import Campaigns
from stillwatch.detect.distribution.tied_groups import compare_texts
from stillwatch.detect.honest_groups import HonestNull
from stillwatch.detect.judge import Judged
from stillwatch.detect.rhythms import tell_rhythms
from stillwatch.detect.traffic import Traffic
from stillwatch.detect.unmix.members import list_streams
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.results import EVIDENCE, GROUPS_OUT

_TIES_TOLD = 5
"""Channels that a summary names, strongest first; `channels` has them all."""
_SUMMARY = "{accounts:,} accounts {verb} {exchanges:,} exchanges{purpose}; tied by {ties}."
_UNTOLD = "{accounts:,} accounts look like a harvest's, but share no exchanges; tied by {ties}."
_SURE = ("fraudulent", "permitted")
"""Verdicts that say of accounts that they harvest; of others a summary says "perhaps"."""
_SHIFT = 2.0
"""Standard deviations towards guilt that a witness's bits are weighed against."""


def list_groups(
    judged: list[Judged],
    groups: pl.DataFrame,
    volumes: pl.DataFrame,
    members: pl.DataFrame,
    found: Campaigns,
) -> pl.DataFrame:
    """List what was linked, with what was said of it.

    Grain:   one GROUPS_OUT row per group, sorted by its id.
    """
    sent = (
        members.join(volumes, on="account_id").group_by("group_id").agg(pl.col("exchanges").sum())
    )
    said = pl.DataFrame(
        [
            (
                j.group_id,
                j.q_value,
                j.judgement,
                j.explanation,
                j.explanation_p_value,
                found.of_group.get(j.group_id, (None,))[0],
            )
            for j in judged
        ],
        schema={
            "group_id": pl.String,
            "q_value": pl.Float64,
            "judgement": pl.String,
            "innocent_explanation": pl.String,
            "explanation_p_value": pl.Float64,
            "campaign_id": pl.String,
        },
        orient="row",
    )
    return GROUPS_OUT.conform(
        groups.join(said, on="group_id")
        .join(sent, on="group_id", how="left")
        .with_columns(pl.col("exchanges").fill_null(0))
    ).sort("group_id")


def weigh_by_group(
    found: Campaigns, judged: Sequence[Judged], *, permitted: frozenset[str]
) -> Campaigns:
    """Weigh the membership of exchanges by the probability that their group harvests at all.

    Grain:   EXCHANGES_OUT, as it was.
    Units:   the probability that an exchange belongs to a harvest: that its group is one, times
             that it is its group's. What `permitted` accounts send is 0, within a budget or beyond
             (which their reasons say); what the campaign took stands in its own figures.
    """
    sure = {
        found.of_group[j.group_id][0]: j.probability for j in judged if j.group_id in found.of_group
    }
    chance = pl.col("campaign_id").replace_strict(sure, return_dtype=pl.Float64)
    exchanges = found.exchanges
    if len(exchanges):
        is_permitted = pl.col("account_id").is_in(sorted(permitted))
        share = pl.when(is_permitted).then(0.0).otherwise(pl.col("membership") * chance)
        exchanges = exchanges.with_columns(share.alias("membership"))
    return replace(found, exchanges=exchanges)


def word_campaigns(found: Campaigns, accounts: pl.DataFrame) -> Campaigns:
    """Write each campaign's summary, as sure as what is said of its accounts.

    Grain:   CAMPAIGNS_OUT, as it was; `accounts` are the run's, with their verdicts.
    """
    sure = accounts.filter(pl.col("verdict").is_in(_SURE))["campaign_id"].drop_nulls()
    called = frozenset(sure.unique())
    told = [
        _word_campaign(row, is_sure=row["campaign_id"] in called)
        for row in found.campaigns.iter_rows(named=True)
    ]
    summaries = pl.Series("summary", told, pl.String)
    return replace(found, campaigns=found.campaigns.with_columns(summaries))


def _word_campaign(row: dict[str, Any], *, is_sure: bool) -> str:
    verb, sentence = "act together, though not to harvest,", _SUMMARY
    if row["kind"] == "distillation":
        verb = "harvest" if is_sure else "perhaps harvest"
        sentence = _SUMMARY if row["exchanges"] else _UNTOLD
    tactics = ", ".join(row["tactics"]).replace("_", " ")
    return sentence.format(
        accounts=row["accounts"],
        verb=verb,
        exchanges=row["exchanges"],
        purpose=f" by {tactics}" if tactics else "",
        ties=_list_ties(row["channels"]),
    )


def _list_ties(channels: list[str]) -> str:
    """Name the channels that tie most, and how many others do."""
    told = [channel.replace("_", " ") for channel in channels[:_TIES_TOLD]]
    left = len(channels) - len(told)
    return ", ".join(told) + (f" and {left} more" if left > 0 else "")


def list_evidence(
    judged: Sequence[Judged], traffic: Traffic, null: HonestNull
) -> Iterator[pl.DataFrame]:
    """List what judging heard of each group, and of its accounts' streams.

    Grain:   EVIDENCE, part by part.
    """
    yield from (list_witnesses(j, null) for j in judged)
    yield from (list_streams(j.stream, traffic) for j in judged)


def tell_beside(
    judged: Sequence[Judged],
    traffic: Traffic,
    register: pl.DataFrame,
    *,
    pools: Mapping[str, int],
) -> Iterator[pl.DataFrame]:
    """Tell of each tied group what weighs nothing: how it reads, and how it goes through time.

    Grain:   EVIDENCE, part by part, of 0 bits.
    """
    tied = {j.group_id: (j.members, j.membership) for j in judged if j.judgement != "undecided"}
    yield compare_texts(tied, traffic)
    yield tell_rhythms(tied, traffic, register, pools=pools)


def list_witnesses(judged: Judged, null: HonestNull) -> pl.DataFrame:
    """List a group's witnesses as evidence: observed, expected of honest groups, and weight.

    Grain:   one EVIDENCE row per witness that is heard.
    Units:   bits are those of a normal likelihood ratio against a mean of two standard deviations
             towards guilt: a reading aid; what counts is the standardised witness. One that clears
             nobody has no bits below 0, and one that the score doesn't count has none.
    """
    expected = null.expect(len(judged.members), judged.core_exchanges)
    clears = [witness.exculpates for witness in WITNESSES]
    bits = (_SHIFT * judged.z - _SHIFT**2 / 2) / np.log(2)
    bits = np.where(clears, bits, np.maximum(bits, 0.0))
    bits = np.where([witness.weighs for witness in WITNESSES], bits, 0.0)
    return EVIDENCE.conform(
        pl.DataFrame(
            [
                (judged.group_id, w.family, w.name, float(f), float(e), float(b))
                for w, f, e, b in zip(WITNESSES, judged.figures, expected, bits, strict=True)
                if not np.isnan(f)
            ],
            schema=EVIDENCE.schema,
            orient="row",
        )
    )
