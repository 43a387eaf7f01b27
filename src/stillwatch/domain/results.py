"""Every table of a result directory, and the closed lists of words that appear in them.

CONTRACT.md, section 2, fixes these names and types; columns may be added, none dropped.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain.lake_tables import CONDUCT, HISTORY, TIE
from stillwatch.domain.schema import UTC_TIME, Column, Table, optional, required
from stillwatch.domain.tables import ACCOUNT, EXCHANGE, PERMISSION, RELEASE

_S, _I, _F = pl.String, pl.Int64, pl.Float64
_c, _r = optional, required
_ID: Final = Column(_S, "identifier", nullable=False)

VERDICTS: Final = ("clear", "watch", "suspect", "fraudulent", "permitted")
JUDGEMENTS: Final = ("harvest", "coordinated_other", "innocent", "undecided")
LENIENT: Final = ("allow", "watch")
TAKING: Final = ("throttle", "challenge", "degrade", "deny", "suspend", "terminate")
KINDS: Final = ("distillation", "coordinated_other", "single_account_harvest")
CAPABILITIES: Final = (
    "reasoning",
    "mathematics",
    "code",
    "tool_use",
    "agentic",
    "grading",
    "writing",
    "knowledge",
    "translation",
    "vision",
    "sensitive",
    "other",
)
TACTICS: Final = (
    "cot_elicitation",
    "rubric_grading",
    "response_rewriting",
    "instruction_synthesis",
    "trajectory_harvest",
    "tool_call_harvest",
    "code_synthesis",
    "dataset_replay",
    "reasoning_trace_reconstruction",
    "sensitive_rewrite",
)

ACCOUNTS_OUT: Final = Table(
    "accounts",
    "one account that sent anything",
    {
        "account_id": _ID,
        "verdict": _r(_S, "what we say of the account", *VERDICTS),
        "probability": _r(_F, "calibrated: that the account works for a distillation campaign"),
        "q_value": _r(_F, "its group's"),
        "campaign_id": _c(_S, "campaign"),
        "exchanges": _r(_I, "exchanges in this run"),
        "reasons": _r(pl.List(_S), "reason codes"),
        "explanation": _r(_S, "a sentence for a person"),
        "predecessor_account_id": _c(_S, "the banned account whose place it took"),
        "predecessor_probability": _c(_F, "that it is this one of those banned; 1/n = chance"),
        "group_id": _c(_S, "group of tied accounts"),
    },
)

GROUPS_OUT: Final = Table(
    "groups",
    "one group of tied accounts, innocent or not",
    {
        "group_id": _ID,
        "accounts": _r(_I, "accounts"),
        "link_q_value": _r(_F, "that nothing ties them"),
        "q_value": _r(_F, "that it is no more a harvest than honest tied groups are"),
        "judgement": _r(_S, "judgement", *JUDGEMENTS),
        "innocent_explanation": _r(_S, "the strongest that was tested"),
        "campaign_id": _c(_S, "campaign"),
        "exchanges": _r(_I, "exchanges of its accounts"),
        "channels": _r(pl.List(_S), "what ties them, strongest first"),
        "explanation_p_value": _r(_F, "of the innocent explanation: small = rejected"),
    },
)

CAMPAIGNS_OUT: Final = Table(
    "campaigns",
    "one campaign",
    {
        "campaign_id": _ID,
        "kind": _r(_S, "kind", *KINDS),
        "first_seen": _r(UTC_TIME, "first exchange of the harvest"),
        "last_seen": _r(UTC_TIME, "last exchange of the harvest"),
        "accounts": _r(_I, "accounts"),
        "exchanges": _r(_I, "harvest: exchanges at membership 0.5 or more"),
        "output_tokens": _r(_I, "harvest: their output tokens"),
        "q_value": _r(_F, "that it is no more a harvest than honest tied groups are"),
        "tactics": _r(pl.List(_S), "tactics, most frequent first"),
        "capabilities": _r(pl.List(_S), "capabilities, most frequent first"),
        "channels": _r(pl.List(_S), "what ties the accounts, strongest first"),
        "pivot_q_value": _c(_F, "release pivot against organic adoption"),
        "summary": _r(_S, "a sentence for a person"),
    },
)

EXCHANGES_OUT: Final = Table(
    "exchanges",
    "one exchange of an account in a campaign",
    {
        "exchange_id": _ID,
        "account_id": _ID,
        "campaign_id": _c(_S, "campaign"),
        "membership": _r(_F, "probability that it belongs to a harvest; where permitted, 0"),
    },
)

EVIDENCE: Final = Table(
    "evidence",
    "one account or group, family and channel",
    {
        "subject_id": _ID,
        "family": _r(_S, "evidence family"),
        "channel": _r(_S, "channel"),
        "observed": _r(_F, "what was observed (channel's own unit)"),
        "expected": _r(_F, "what the population explains, in the same unit"),
        "weight_bits": _r(_F, "log2 of a likelihood ratio"),
    },
)

HARVEST: Final = Table(
    "harvest",
    "one campaign, day, capability and model: what was taken",
    {
        "campaign_id": _ID,
        "day": _r(pl.Date, "UTC day"),
        "capability": _r(_S, "capability", *CAPABILITIES),
        "model": _c(_S, "model"),
        "exchanges": _r(_F, "expected exchanges: the sum of membership"),
        "output_tokens": _r(_F, "expected output tokens: the same, weighted"),
    },
)

TEMPLATES_OUT: Final = Table(
    "templates",
    "one campaign and one template behind it",
    {
        "campaign_id": _ID,
        "template_id": _r(_S, "fingerprint: 16 hexadecimal digits"),
        "place": _r(_S, "where it stands", "system", "prompt"),
        "accounts": _r(_I, "accounts of the campaign that sent it"),
        "exchanges": _r(_I, "exchanges of the campaign that carry it"),
        "accounts_outside": _r(_I, "accounts outside the campaign that sent it"),
        "tactic": _c(_S, "most frequent tactic in it"),
        "exemplars": _c(pl.List(_S), "up to three prompts, only where text is retained"),
    },
)

PROFILE: Final = Table(
    "profiles",
    "one account and day: what it did",
    {
        "account_id": _ID,
        "day": _r(pl.Date, "UTC day"),
        "exchanges": _r(_I, "exchanges"),
        "input_tokens": _r(_I, "tokens in"),
        "output_tokens": _r(_I, "tokens out"),
        "follow_ups": _r(_I, "exchanges that are a later turn of a conversation"),
        "with_turn": _r(_I, "exchanges that state a turn at all"),
        "failed": _r(_I, "exchanges with a status of 400 or more"),
        "harvest_like": _r(_F, "expected exchanges that harvest by some tactic"),
        "first_hour": _r(_I, "hours since the epoch of the first exchange"),
        "last_hour": _r(_I, "and of the last"),
    },
)

DECISION: Final = Table(
    "decision",
    "one effect in force: the gateway's table",
    {
        "decision_id": _ID,
        "account_id": _ID,
        "effect": _r(_S, "what is done", *LENIENT, *TAKING, "limit", "review", "none"),
        "reason": _r(_S, "a sentence for the customer"),
        "expires_at": _r(UTC_TIME, "when it ends by itself"),
        "basis": _c(_S, "for the operator: the verdict it rests on, or `failed: …` with the cause"),
    },
)

QUARANTINE: Final = Table(
    "quarantine",
    "one rejected record",
    {
        "file": _r(_S, "file, relative to the traffic directory"),
        "line": _r(_I, "line or row, from 1"),
        "reason": _r(_S, "why"),
        "raw": _c(_S, "null, unless text is retained: then cut at 2,000 characters"),
    },
)

PUBLISHED: Final = (
    EXCHANGE,
    ACCOUNT,
    RELEASE,
    PERMISSION,
    ACCOUNTS_OUT,
    GROUPS_OUT,
    CAMPAIGNS_OUT,
    EXCHANGES_OUT,
    EVIDENCE,
    HARVEST,
    TEMPLATES_OUT,
    PROFILE,
    HISTORY,
    *(TIE, CONDUCT),
    DECISION,
    QUARANTINE,
)
"""What `stillwatch schema NAME` publishes."""
