"""Why an account or a group has its verdict: the figures, for a person who has to answer for it.

Reads a result's tables, writes an `Explanation`. A campaign's id explains the group behind it; a
decision's id explains its account. Deliberately absent: drawing (app), and any new computation:
every figure is one that the run has written.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import polars as pl

from stillwatch.decide.explanation import ChannelEvidence, Explanation, FamilyEvidence, Findings
from stillwatch.domain.channels.families import CHANNEL_OF, CHANNELS
from stillwatch.domain.channels.heard import phrase_heard
from stillwatch.domain.channels.told import P_VALUE, phrase_told
from stillwatch.domain.errors import UnknownSubject

_NEVER_USED = (
    "the words of any prompt or answer: sketches, counts and lengths stand in for them",
    "a single request: no finding rests on one",
)


def explain(subject: str, *, findings: Findings) -> Explanation:
    """Explain an account, a group, a campaign or a decision.

    Nulls:   a channel without a row brought no evidence, for or against; it is listed as not used.
    Order:   families and channels by weight, strongest first.

    Raises:
        UnknownSubject: nothing of that id is in the result.
    """
    decision = _row(findings.decisions, decision_id=subject)
    account = _row(findings.accounts, account_id=decision["account_id"] if decision else subject)
    if account:
        return _explain_account(account, findings)
    group = _row(findings.groups, group_id=subject) or _row(findings.groups, campaign_id=subject)
    if group:
        return _explain_group(group, findings)
    raise UnknownSubject(subject, where=findings.where)


def _row(frame: pl.DataFrame, **wanted: str) -> dict[str, Any] | None:
    found = frame.filter(**wanted)
    return found.row(0, named=True) if found.height else None


def _explain_account(account: dict[str, Any], findings: Findings) -> Explanation:
    account_id = account["account_id"]
    decision = _row(findings.decisions, account_id=account_id)
    evidence = _weigh(account_id, findings)
    facts = [
        ("verdict", account["verdict"]),
        ("probability", f"{account['probability']:.4f} that it works for a distillation campaign"),
        ("q-value", f"{account['q_value']:.3g} (its group's)"),
        ("exchanges", f"{account['exchanges']:,}"),
        ("reasons", ", ".join(account["reasons"]) or "none"),
        *_campaign_facts(account["campaign_id"], findings),
        *_group_facts(_row(findings.groups, group_id=account["group_id"] or ""), named=True),
    ]
    if account["predecessor_account_id"]:
        facts.append(("takes the place of", _name_predecessor(account)))
    if decision:
        ends = f"{decision['expires_at']:%Y-%m-%d %H:%M} UTC"
        facts.append(("effect", f"{decision['effect']} until {ends} ({decision['decision_id']})"))
    return Explanation(
        subject_id=account_id,
        kind="account",
        headline=account["explanation"],
        facts=tuple(facts),
        evidence=evidence,
        customer_sentence=decision["reason"] if decision else None,
        not_used=_not_used(evidence, findings),
    )


def _explain_group(group: dict[str, Any], findings: Findings) -> Explanation:
    evidence = _weigh(group["group_id"], findings)
    campaign = _row(findings.campaigns, campaign_id=group["campaign_id"] or "")
    default = f"{group['accounts']:,} accounts that are tied together; judgement: "
    return Explanation(
        subject_id=group["group_id"],
        kind="group",
        headline=campaign["summary"] if campaign else default + group["judgement"],
        facts=(*_group_facts(group, named=False), *_campaign_facts(group["campaign_id"], findings)),
        evidence=evidence,
        customer_sentence=None,
        not_used=_not_used(evidence, findings),
    )


def _group_facts(group: dict[str, Any] | None, *, named: bool) -> list[tuple[str, str]]:
    if group is None:
        return []
    ties = ", ".join(_phrase(channel) for channel in group["channels"]) or "nothing"
    p_value = group["explanation_p_value"]
    return [
        *([("group", f"{group['group_id']}, {group['accounts']:,} accounts")] if named else []),
        ("tied by", f"{ties} (q {group['link_q_value']:.3g} that nothing ties them)"),
        ("judgement", f"{group['judgement']} (q {group['q_value']:.3g} that it is no harvest)"),
        ("innocent explanation", f"{group['innocent_explanation']} (tested: p {p_value:.3g})"),
    ]


def _campaign_facts(campaign_id: str | None, findings: Findings) -> list[tuple[str, str]]:
    campaign = _row(findings.campaigns, campaign_id=campaign_id or "")
    if campaign is None:
        return []
    taken = f"{campaign['exchanges']:,} exchanges, {campaign['output_tokens']:,} output tokens"
    return [
        ("campaign", f"{campaign_id} ({campaign['kind']}, {campaign['accounts']:,} accounts)"),
        ("harvest", taken),
        ("after", ", ".join(campaign["capabilities"]) or "unknown"),
    ]


def _phrase(channel: str) -> str:
    if channel in CHANNEL_OF:
        return CHANNEL_OF[channel].phrase
    return phrase_heard(channel) or phrase_told(channel) or channel


def _weigh(subject: str, findings: Findings) -> tuple[FamilyEvidence, ...]:
    rows = findings.evidence.filter(subject_id=subject).sort(
        "family", "weight_bits", "channel", descending=[False, True, False]
    )
    by_chance = {
        row["channel"].removesuffix(P_VALUE): row["observed"]
        for row in rows.filter(pl.col("channel").str.ends_with(P_VALUE)).iter_rows(named=True)
    }
    shown = rows.filter(~pl.col("channel").str.ends_with(P_VALUE)).iter_rows(named=True)
    families = [
        FamilyEvidence(family, sum(one.weight_bits for one in channels), channels)
        for family, members in groupby(shown, key=lambda row: row["family"])
        for channels in [
            tuple(_channel_evidence(row, by_chance.get(row["channel"])) for row in members)
        ]
    ]
    return tuple(sorted(families, key=lambda one: (-one.weight_bits, one.family)))


def _channel_evidence(row: dict[str, Any], p_value: float | None) -> ChannelEvidence:
    by_chance = "" if p_value is None else f" (p {p_value:.2g}, weighs nothing)"
    return ChannelEvidence(
        channel=row["channel"],
        phrase=_phrase(row["channel"]) + by_chance,
        observed=row["observed"],
        expected=row["expected"],
        weight_bits=row["weight_bits"],
    )


def _not_used(evidence: tuple[FamilyEvidence, ...], findings: Findings) -> tuple[str, ...]:
    seen = {one.channel for family in evidence for one in family.channels}
    silent = [channel.name for channel in CHANNELS if channel.name not in seen]
    aside = [
        f"{entry['check']}: stood aside, {entry['reason']}"
        for entry in findings.run.get("stood_aside", [])
    ]
    without = [f"no evidence for or against from: {', '.join(silent)}"] if silent else []
    return (*_NEVER_USED, *without, *aside)


def _name_predecessor(account: dict[str, Any]) -> str:
    """Name it, and say how sure it is that it is this one of those who were stopped."""
    name, chance = account["predecessor_account_id"], account.get("predecessor_probability")
    return str(name) if chance is None else f"{name} ({chance:.0%} of those stopped before it)"
