"""What a permission in force changes: a covered harvest is `permitted`, a covered resale is one.

Part of the sixth step of *detect*, and of judging before it: reads `GRANT`, the register and what
was harvested. `distillation` covers any harvest, within its budget or beyond (which is said).
`resale` covers the traffic of end users and never a harvest in itself: it explains why keys share a
load, so what rests on that alone is not held against their group. `evaluation` covers the replay
and the grading of public sets: an account that takes hardly anything else.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import polars as pl

from stillwatch.detect.verdicts.sentences import explain_verdict
from stillwatch.domain.results import ACCOUNTS_OUT

_EVALUATED_MIN: Final = 0.9
"""Share of what an account takes that must be replayed or graded for it to be an evaluation: a
tenth is left for what the replay index and the tactics model miss."""


def apply_permissions(
    accounts: pl.DataFrame,
    *,
    grants: pl.DataFrame,
    register: pl.DataFrame,
    harvest: pl.DataFrame,
    at: dt.datetime,
) -> pl.DataFrame:
    """Turn verdicts that a permission in force covers into `permitted`.

    Grain:   one row per account, as given. `harvest` is (account_id, harvested, evaluated):
             exchanges at membership one half or more, and those of them that replay or grade. A
             `distillation` grant covers any harvest, an `evaluation` grant one of which nine in ten
             exchanges replay or grade; no other does (CONTRACT.md, section 1).
    Over its budget an account stays `permitted`, with the reason `over_budget`.
    """
    evaluated = pl.col("evaluated") >= _EVALUATED_MIN * pl.col("harvested")
    evaluators = harvest.filter((pl.col("harvested") > 0) & evaluated)
    asking = {
        "distillation": accounts,
        "evaluation": accounts.join(evaluators, on="account_id", how="semi"),
    }
    covered = pl.concat(
        find_cover(who, scope=scope, grants=grants, register=register, at=at).with_columns(
            pl.lit(scope).alias("scope")
        )
        for scope, who in asking.items()
    )
    spent = (
        covered.join(harvest, on="account_id", how="left")
        .with_columns(pl.col("harvested").fill_null(0).sum().over("scope", "grant").alias("spent"))
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


def find_cover(
    accounts: pl.DataFrame,
    *,
    scope: str,
    grants: pl.DataFrame,
    register: pl.DataFrame,
    at: dt.datetime,
) -> pl.DataFrame:
    """Say which grants of a scope, in force at an instant, cover which accounts.

    Grain:   one row per (account_id, grant), with budget_exchanges; `accounts` has account_id.
    A grant to an organisation covers accounts that name it and that the provider has verified, the
    organisation or the holder: anybody can type a partner's name.
    """
    in_force = grants.filter(
        (pl.col("scope") == scope)
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
