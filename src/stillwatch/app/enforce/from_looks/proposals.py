"""Rulings as decisions of the ledger: grouped, worded, without those who are let be. Pure.

Reads what the policy said of a look, writes drafts: one a campaign, rule, effect and way of
approval, with its accounts. A machine's decision needs nobody; what a guard or a rule holds back
needs people; what missed a bar, or could not be computed, is a review. Who is protected, whom a
person called innocent, and whose id the ledger can't hold are left out, and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import polars as pl

from stillwatch.app.enforce.from_looks.drafts import Draft, Drafted, KeptOff
from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import is_fit_id
from stillwatch.app.enforce.from_looks.restraints import Restraints
from stillwatch.decide.bars import BARS, FAILED
from stillwatch.decide.decide import Decided
from stillwatch.decide.policy.model import Policy
from stillwatch.decide.policy.ruling import budget_campaigns
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain.results import TAKING
from stillwatch.domain.settings import PolicySettings

_HELD: Final = ("dry_run", "protected")
"""Guards after which nothing is left to approve."""
_FAILED_RULE: Final = "failed"
_BUDGETED: Final = ("suspect", "fraudulent")
"""Verdicts of the accounts that a campaign's budget counts."""
Row = dict[str, Any]


def draft_decisions(
    look: LookTables,
    decided: Decided,
    restraints: Restraints,
    *,
    policy: Policy,
    settings: PolicySettings,
) -> Drafted:
    """Make drafts of what a policy said of a look.

    Grain:   one draft a campaign (or group, or account without one), rule, effect, way of approval.
    Order:   by subject, rule and effect; accounts by id.
    Cost:    linear in rulings.
    """
    rows = [*_of_rulings(look, decided), *_of_failures(look, decided), *_of_budgets(look, policy)]
    ends = {one.name: look.at + one.duration(settings) for one in policy.rules}
    ends[_FAILED_RULE] = look.at + timedelta(days=settings.review_days)
    kept: dict[tuple[str, str], set[str]] = {}
    groups: dict[tuple[Any, ...], list[Row]] = {}
    protected = set(look.register.filter("protected")["account_id"])
    spared = set(restraints.spared["account_id"])
    for row in rows:
        row["former"] = look.former.get(row["account_id"], frozenset())
        why = _why_not(row, restraints, protected=protected, spared=spared)
        if why:
            kept.setdefault((row["campaign_id"] or "", why), set()).add(row["account_id"])
        else:
            groups.setdefault(_group_of(row), []).append(row)
    drafts = [_draft(group, ends) for _, group in sorted(groups.items(), key=_by_text)]
    kept_off = (KeptOff(c or None, why, tuple(sorted(who))) for (c, why), who in kept.items())
    return Drafted(tuple(drafts), tuple(kept_off))


def _of_rulings(look: LookTables, decided: Decided) -> Iterator[Row]:
    barred = pl.col("stopped_by").list.contains(BARS)
    chosen = decided.ruled.rulings.filter(~barred)
    for row in _with_groups(chosen, look).iter_rows(named=True):
        takes = row["effect"] in TAKING
        yield {**row, "people": row["people"] if takes else 0, "is_shared": False}


def _of_failures(look: LookTables, decided: Decided) -> Iterator[Row]:
    """Give those whose decision failed: what the settings fix for failures, never more."""
    failed = decided.decisions.filter(pl.col("basis").str.starts_with(FAILED))
    campaigns = look.accounts.select("account_id", "campaign_id")
    chosen = failed.filter(pl.col("effect") != "none").join(campaigns, on="account_id", how="left")
    for row in _with_groups(chosen, look).iter_rows(named=True):
        said = {"rule": _FAILED_RULE, "parameters": None, "people": 0, "is_shared": False}
        yield {**row, **said, "stopped_by": [row["basis"]]}


def _of_budgets(look: LookTables, policy: Policy) -> Iterator[Row]:
    """Give the accounts of each campaign that has a budget, with its ceiling for all of them."""
    known = Known(look.accounts, look.campaigns, look.register)
    budgets = budget_campaigns(known.campaigns, policy=policy, now=look.at)
    guilty = look.accounts.filter(pl.col("verdict").is_in(_BUDGETED))
    rates = ("exchanges_per_hour", "output_tokens_per_hour")
    for row in guilty.join(budgets, on="campaign_id").iter_rows(named=True):
        rate = {name: row[name] for name in rates if row[name] is not None}
        yield {
            "account_id": row["account_id"],
            "campaign_id": row["campaign_id"],
            "group_id": row["group_id"],
            "rule": f"budget {row['budget']}",
            "effect": "throttle",
            "parameters": orjson.dumps(rate, option=orjson.OPT_SORT_KEYS).decode(),
            "people": 0,
            "is_shared": True,
            "stopped_by": [],
            "expires_at": row["expires_at"],
        }


def _with_groups(rows: pl.DataFrame, look: LookTables) -> pl.DataFrame:
    groups = look.accounts.select("account_id", "group_id")
    return rows.join(groups, on="account_id", how="left", maintain_order="left")


def _why_not(row: Row, restraints: Restraints, *, protected: set[str], spared: set[str]) -> str:
    """Say why an account gets nothing; empty = nothing speaks against it."""
    account_id = row["account_id"]
    if not is_fit_id(account_id):
        return "its id can't be written down"
    for guard in _HELD:
        if guard in row["stopped_by"]:
            return guard
    if row["effect"] not in TAKING:
        return ""
    answer = restraints.answer_on(
        account_id,
        group_id=row["group_id"],
        campaign_id=row["campaign_id"],
        former=row["former"],
    )
    if answer:
        return answer
    if row["is_shared"] and account_id in protected:
        return "protected"
    return "cool_down" if row["is_shared"] and account_id in spared else ""


def _group_of(row: Row) -> tuple[Any, ...]:
    return (
        row["campaign_id"],
        _subject_of(row),
        row["rule"],
        row["effect"],
        row["parameters"] or "{}",
        row["people"],
        row["is_shared"],
    )


def _subject_of(row: Row) -> tuple[str, str]:
    if row["campaign_id"] is not None:
        return "campaign", row["campaign_id"]
    if row["group_id"] is not None:
        return "group", row["group_id"]
    return "account", row["account_id"]


def _draft(rows: list[Row], ends: Mapping[str, datetime]) -> Draft:
    campaign_id, subject, rule, effect, parameters, people, is_shared = _group_of(rows[0])
    stopped = dict.fromkeys(one for row in rows for one in row["stopped_by"])
    return Draft(
        campaign_id=campaign_id,
        subject=subject,
        rule=rule,
        effect=effect,
        parameters=parameters,
        people=people,
        is_shared=is_shared,
        expires_at=rows[0]["expires_at"] if is_shared else ends[rule],
        basis="; ".join([f"rule {rule}", *stopped]),
        account_ids=tuple(sorted(row["account_id"] for row in rows)),
    )


def _by_text(item: tuple[tuple[Any, ...], list[Row]]) -> str:
    return str(item[0])
