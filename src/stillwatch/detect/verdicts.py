"""From judged groups to what is said of each account, within the rules of CONTRACT.md, section 2.

Sixth step of *detect*: reads judged groups, members, grants and volumes; writes `ACCOUNTS_OUT`.
A verdict needs its group's q-value; `fraudulent` also two evidence families of the account's own, a
probability of at least 0.95, and over all accounts so called a mean error of at most 1 %: the least
certain are held back as `suspect`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import polars as pl

from stillwatch.detect.honest_groups import HonestNull
from stillwatch.detect.judge import Judged
from stillwatch.detect.sentences import explain_verdict
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.families import FAMILIES
from stillwatch.domain.results import ACCOUNTS_OUT
from stillwatch.domain.settings import DetectSettings

_FAMILY_BITS = 0.8
"""Bits from which a family counts as evidence (LinkSettings.family_bar_bits)."""
_WITNESS_Z = 1.0
"""Standard deviations from which a witness is named as a reason."""


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
    known = {j.group_id: j for j in judged}
    rows = [
        _row(member, known[member["group_id"]], campaign_of, null, settings)
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


def _row(
    member: dict[str, object],
    group: Judged,
    campaign_of: dict[str, tuple[str, str]],
    null: HonestNull,
    settings: DetectSettings,
) -> tuple[object, ...]:
    bits = float(str(member["weight_bits"]))
    belongs = float(np.interp(bits, null.member_bits, null.member_probability))
    families = [f for f in FAMILIES if float(str(member[f"{f}_bits"])) >= _FAMILY_BITS]
    campaign, kind = campaign_of.get(group.group_id, (None, ""))
    verdict = _verdict(group, kind, len(families), settings)
    harvest = kind == "distillation"
    reasons = [f"tied_{f}" for f in families] if campaign else []
    if harvest:
        reasons += name_witnesses(group)
    return (
        member["account_id"],
        group.group_id,
        verdict,
        group.probability * belongs if kind != "coordinated_other" else 0.0,
        group.q_value,
        campaign,
        reasons,
    )


def _verdict(group: Judged, kind: str, families: int, settings: DetectSettings) -> str:
    if kind == "distillation":
        if group.q_value <= settings.fraudulent_q_max and families >= settings.families_min:
            return "fraudulent"
        return "suspect" if group.q_value <= settings.suspect_q_max else "watch"
    return "suspect" if kind else "clear"


def name_witnesses(group: Judged) -> list[str]:
    """Name the witnesses that speak for a harvest, strongest first, as reason codes."""
    order = np.argsort(-np.nan_to_num(group.z, nan=-np.inf))
    return [f"harvest_{WITNESSES[w].name}" for w in order if group.z[w] >= _WITNESS_Z]


def hold_back(verdicts: pl.DataFrame, *, settings: DetectSettings) -> pl.DataFrame:
    """Keep `fraudulent` for as many accounts as the mean error allows, the surest first.

    None below the least probability keeps it: what the mean leaves room for is no licence.
    """
    called = verdicts.filter(pl.col("verdict") == "fraudulent").sort(
        "probability", "account_id", descending=[True, False]
    )
    error = (1 - called["probability"]).cum_sum() / np.arange(1, len(called) + 1)
    unsure = called["probability"] < settings.fraudulent_probability_min
    too_many = called.filter((error > settings.fraudulent_mean_error_max) | unsure)["account_id"]
    held = (pl.col("verdict") == "fraudulent") & pl.col("account_id").is_in(too_many.to_list())
    return verdicts.with_columns(
        pl.when(held).then(pl.lit("suspect")).otherwise("verdict").alias("verdict"),
        pl.when(held)
        .then(pl.concat_list("reasons", pl.lit(["held_back_uncertain"])))
        .otherwise("reasons")
        .alias("reasons"),
    )


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


def apply_permissions(
    accounts: pl.DataFrame,
    *,
    grants: pl.DataFrame,
    register: pl.DataFrame,
    harvest: pl.DataFrame,
    at: dt.datetime,
) -> pl.DataFrame:
    """Turn verdicts that a permission in force covers into `permitted`.

    Grain:   one row per account, as given. `harvest` is (account_id, harvested): exchanges at
             membership one half or more. A `distillation` grant covers any harvest; other scopes
             don't cover a harvest in itself (CONTRACT.md, section 1).
    A grant to an organisation covers accounts that name it and that the provider has verified, the
    organisation or the holder: anybody can type a partner's name.
    Over its budget an account stays `permitted`, with the reason `over_budget`.
    """
    covered = _cover(accounts, grants=grants, register=register, at=at)
    spent = (
        covered.join(harvest, on="account_id", how="left")
        .with_columns(pl.col("harvested").fill_null(0).sum().over("grant").alias("spent"))
        .group_by("account_id")
        .agg(
            (pl.col("spent") <= pl.col("budget_exchanges"))
            .fill_null(value=True)
            .any()
            .alias("within")
        )
    )
    guilty = pl.col("verdict").is_in(["suspect", "fraudulent"])
    reason = pl.when(pl.col("within")).then(pl.lit("permission")).otherwise(pl.lit("over_budget"))
    out = accounts.join(spent, on="account_id", how="left").with_columns(
        pl.when(guilty & pl.col("within").is_not_null())
        .then(pl.concat_list(pl.concat_list(reason), "reasons"))
        .otherwise("reasons")
        .alias("reasons"),
        pl.when(guilty & pl.col("within").is_not_null())
        .then(pl.lit("permitted"))
        .otherwise("verdict")
        .alias("verdict"),
    )
    sentences = [explain_verdict(v, r) for v, r in out.select("verdict", "reasons").iter_rows()]
    return ACCOUNTS_OUT.conform(out.with_columns(explanation=pl.Series(sentences, dtype=pl.String)))


def _cover(
    accounts: pl.DataFrame, *, grants: pl.DataFrame, register: pl.DataFrame, at: dt.datetime
) -> pl.DataFrame:
    """Say which distillation grants cover which accounts: (account_id, grant, budget_exchanges)."""
    in_force = grants.filter(
        (pl.col("scope") == "distillation")
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= at))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > at))
    ).with_row_index("grant")
    known = pl.any_horizontal(pl.col("org_verified", "verified").fill_null(value=False))
    owner = register.filter(known).select("account_id", pl.col("org_id").alias("org"))
    named = accounts.select("account_id").join(owner, on="account_id", how="left")
    by_account = in_force.drop_nulls("account_id").select("grant", "account_id", "budget_exchanges")
    by_org = in_force.drop_nulls("org_id").select("grant", "org_id", "budget_exchanges")
    return pl.concat(
        [
            named.join(by_account, on="account_id").select(
                "account_id", "grant", "budget_exchanges"
            ),
            named.join(by_org, left_on="org", right_on="org_id").select(
                "account_id", "grant", "budget_exchanges"
            ),
        ]
    )
