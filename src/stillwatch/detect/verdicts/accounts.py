"""From judged groups to what is said of each account, within the rules of CONTRACT.md, section 2.

Sixth step of *detect*: reads judged groups, members, grants and volumes; writes `ACCOUNTS_OUT`.
A verdict needs its group's q-value; `fraudulent` also two evidence families of the account's own, a
hand that shows in its group, an exchange of what the group has in common, a probability of at least
0.95, and a mean error of at most 1 % over all so called: who lacks one of these, and the least
certain, are held back as `suspect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from stillwatch.detect.combine import WEIGHS
from stillwatch.detect.honest_groups import HonestNull
from stillwatch.detect.judge import Judged
from stillwatch.detect.odds import HANDLESS_MOST, shows_hand
from stillwatch.detect.verdicts.certainty import hold_back
from stillwatch.detect.verdicts.sentences import explain_verdict
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.results import ACCOUNTS_OUT
from stillwatch.domain.settings import DetectSettings

_FAMILY_BITS = 0.8
"""Bits from which a family counts as evidence (LinkSettings.family_bar_bits)."""
_WITNESS_Z = 1.0
"""Standard deviations from which a witness is named as a reason."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds of all members of a judged group."""

    judged: Judged
    campaign: str | None
    kind: str
    shows_hand: bool
    """Of a group that is no campaign nobody is called, whatever it shows: it is not asked."""


def find_verdicts(
    judged: Sequence[Judged],
    members: pl.DataFrame,
    *,
    campaign_of: dict[str, tuple[str, str]],
    null: HonestNull,
    settings: DetectSettings,
) -> pl.DataFrame:
    """Say what each member of a group is.

    Grain:   one row per (account_id) of a group: group_id, verdict, probability, q_value,
             campaign_id, reasons.
    Units:   probability is P(the group harvests) x P(the account is a member), both calibrated.
    `campaign_of` maps a group to (campaign_id, kind).
    """
    known = {j.group_id: _know(j, campaign_of, settings) for j in judged}
    rows = [
        _row(member, known[member["group_id"]], null, settings)
        for member in members.iter_rows(named=True)
    ]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "account_id": pl.String,
        "group_id": pl.String,
        "verdict": pl.String,
        "probability": pl.Float64,
        "q_value": pl.Float64,
        "campaign_id": pl.String,
        "reasons": pl.List(pl.String),
    }
    return hold_back(pl.DataFrame(rows, schema=schema, orient="row"), settings=settings)


def _know(
    judged: Judged, campaign_of: dict[str, tuple[str, str]], settings: DetectSettings
) -> _Group:
    campaign, kind = campaign_of.get(judged.group_id, (None, ""))
    shows = campaign is not None and shows_hand(judged.z, settings=settings)
    return _Group(judged, campaign, kind, shows)


def _row(
    member: dict[str, object], group: _Group, null: HonestNull, settings: DetectSettings
) -> tuple[object, ...]:
    judged = group.judged
    bits = float(str(member["weight_bits"]))
    belongs = float(np.interp(bits, null.member_bits, null.member_probability))
    families = [f for f in FAMILIES if float(str(member[f"{f}_bits"])) >= _FAMILY_BITS]
    verdict = _verdict(judged, group.kind, len(families), settings)
    reasons = [f"tied_{f}" for f in families] if group.campaign else []
    if group.kind == "distillation":
        reasons += name_witnesses(judged)
    likely = judged.probability * belongs
    if verdict == "fraudulent" and (held := _hold(member, group)):
        verdict, reasons, likely = "suspect", [*reasons, held], min(likely, HANDLESS_MOST)
    return (
        member["account_id"],
        judged.group_id,
        verdict,
        likely if group.kind != "coordinated_other" else 0.0,
        judged.q_value,
        group.campaign,
        reasons,
    )


def _hold(member: dict[str, object], group: _Group) -> str:
    """Say why a member of a harvest is not called, if there is a reason; else an empty string.

    Whoever sends nothing of what the group has in common takes part in nothing that anybody could
    be told of, whatever else ties him to those who do.
    """
    if not group.shows_hand:
        return "held_back_no_hand"
    return "held_back_sends_nothing" if member.get("sends") == 0 else ""


def _verdict(group: Judged, kind: str, families: int, settings: DetectSettings) -> str:
    if kind == "distillation":
        if group.q_value <= settings.fraudulent_q_max and families >= settings.families_min:
            return "fraudulent"
        return "suspect" if group.q_value <= settings.suspect_q_max else "watch"
    return "suspect" if kind else "clear"


def name_witnesses(group: Judged) -> list[str]:
    """Name the witnesses that weigh for a harvest, strongest first, as reason codes."""
    order = np.argsort(-np.nan_to_num(group.z, nan=-np.inf))
    named = WEIGHS & (group.z >= _WITNESS_Z)
    return [f"harvest_{WITNESSES[w].name}" for w in order if named[w]]


def complete_accounts(
    verdicts: pl.DataFrame, *, volumes: pl.DataFrame, predecessors: pl.DataFrame
) -> pl.DataFrame:
    """Give every account that sent anything its row.

    Grain:   one ACCOUNTS_OUT row per account of `volumes` (account_id, exchanges), sorted by id.
    Nulls:   an account in no group is `clear` with probability 0 and q-value 1.
    """
    joined = (
        volumes.join(verdicts, on="account_id", how="left")
        .join(predecessors, on="account_id", how="left")
        .with_columns(
            pl.col("verdict").fill_null("clear"),
            pl.col("probability").fill_null(0.0),
            pl.col("q_value").fill_null(1.0),
            pl.col("reasons").fill_null([]),
        )
    )
    sentences = [explain_verdict(v, r) for v, r in joined.select("verdict", "reasons").iter_rows()]
    return ACCOUNTS_OUT.conform(
        joined.with_columns(explanation=pl.Series(sentences, dtype=pl.String))
    ).sort("account_id")
