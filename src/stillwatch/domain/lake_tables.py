"""Tables that a lasting lake keeps beside `OBSERVED`: counts by day, and campaigns through time.

Counts are made once a day and merged: `VALUE_COUNT`, `FIRST_USE`. History is written once a look:
`HISTORY` is a file of the result too; `HEAD` and `TELLING` are what a campaign is known by from one
look to the next; `TIE` and `CONDUCT` are a result's alone. Last, which columns name somebody.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain.schema import UTC_TIME, Table, optional, required

_S, _B, _I, _F = pl.String, pl.Boolean, pl.Int64, pl.Float64
_c, _r = optional, required

STATES: Final = ("born", "grew", "steady", "split", "regrown", "merged", "dormant")


VALUE_COUNT: Final = Table(
    "value_count",
    "one account, channel and value on one day",
    {
        "account_id": _r(_S, "identifier"),
        "channel": _r(_S, "channel (families.py)"),
        "value": _c(_I, "the value's pseudonym, where it has one"),
        "word": _c(_S, "the value, where it is a word"),
        "exchanges": _r(_I, "exchanges that carry it"),
    },
)

FIRST_USE: Final = Table(
    "first_use",
    "one account and model on one day",
    {
        "account_id": _r(_S, "identifier"),
        "model": _r(_S, "model"),
        "hour": _r(_I, "hours since the epoch of the first exchange"),
    },
)

DUPLICATE: Final = Table(
    "duplicates",
    "one record that was left out because another of its id stayed",
    {
        "exchange_id": _r(_S, "identifier"),
        "file": _r(_S, "file, relative to the traffic directory"),
        "line": _r(_I, "line or row, from 1"),
    },
)

HISTORY: Final = Table(
    "campaign_history",
    "one campaign at one look",
    {
        "campaign_id": _r(_S, "identifier, the same at every look"),
        "look": _r(_I, "which look of this lake, from 1"),
        "as_of": _r(UTC_TIME, "last exchange of the window that was looked at"),
        "state": _r(_S, "what has become of it since the look before", *STATES),
        "fresh_id": _c(_S, "what a scan of this window alone would call it; null = not seen in it"),
        "kind": _r(_S, "kind, as in campaigns"),
        "first_seen": _r(UTC_TIME, "first exchange of its harvest, over all looks"),
        "last_seen": _r(UTC_TIME, "last exchange of its harvest, over all looks"),
        "accounts": _r(_I, "accounts at this look"),
        "new_accounts": _r(_I, "of them never in it before"),
        "gone_accounts": _r(_I, "accounts of the look before that are not in it any more"),
        "stopped_accounts": _r(_I, "accounts of it that are suspended or terminated, ever"),
        "successors": _r(_I, "its accounts that took a stopped one's place"),
        "account_overlap": _c(_F, "share of the smaller set of accounts that both looks have"),
        "trait_overlap": _c(_F, "overlap of what it is told by, in [0, 1]"),
        "related": _r(pl.List(_S), "campaigns that it was merged into, or split from"),
        "alarm_e_value": _c(_F, "log2 of the e-value, over all looks, that it is an honest group"),
        "alarm_threshold": _c(_F, "log2 that it has to reach; both null once the alarm is raised"),
        "alarmed_at_look": _c(_I, "the look at which the alarm was raised, null = not yet"),
    },
)

HEAD: Final = Table(
    "campaign_heads",
    "one account that came into a campaign, or left it, at one look",
    {
        "campaign_id": _r(_S, "identifier"),
        "look": _r(_I, "look"),
        "account_id": _r(_S, "account"),
        "is_in": _r(_B, "came in, else left"),
    },
)

WAGER: Final = Table(
    "campaign_wagers",
    "one tied group at one look at which it was tested for an alarm",
    {
        "campaign_id": _r(_S, "identifier; of a group that is no campaign: what it would be"),
        "look": _r(_I, "look"),
        "share": _r(_F, "its share of the level of all alarms"),
        "batch": _r(_I, "the how-manieth look with new groups it came with"),
        "looks": _r(_I, "looks at it so far"),
        "evidence": _r(_F, "sum of weighted e-values so far"),
    },
)

TELLING: Final = Table(
    "campaign_traits",
    "one value that tells a campaign's accounts from others, at one look",
    {
        "campaign_id": _r(_S, "identifier"),
        "look": _r(_I, "look"),
        "channel": _r(_S, "channel"),
        "value": _r(_I, "the value's pseudonym"),
        "weight_bits": _r(_F, "share of its accounts that hold it, times log2 of its lift"),
    },
)

EARLY: Final = Table(
    "early_findings",
    "one account that was found at its first requests to carry traits of a known campaign",
    {
        "account_id": _r(_S, "account"),
        "campaign_id": _r(_S, "campaign that earlier looks found"),
        "verdict": _r(_S, "never more: a person looks, or the next look says", "suspect"),
        "time": _r(UTC_TIME, "its first exchange that was seen"),
        "exchanges": _r(_I, "exchanges that it had sent by then"),
        "weight_bits": _r(_F, "evidence, capped by family, before the prior"),
        "families": _r(pl.List(_S), "families that speak, the strongest first"),
        "channels": _r(pl.List(_S), "channels in which it shares a value, the strongest first"),
    },
)

TIE: Final = Table(
    "ties",
    "one account of a tied group and a value that it shares with others of the group",
    {
        "group_id": _r(_S, "identifier"),
        "account_id": _r(_S, "identifier"),
        "channel": _r(_S, "channel"),
        "value": _r(_S, "the value's pseudonym: 16 hexadecimal digits"),
        "share": _r(_F, "share of the account's exchanges that carry it, in (0, 1]"),
        "holders_inside": _r(_I, "accounts of the group that hold it"),
        "holders": _r(_I, "accounts of the whole run that hold it"),
    },
)

CONDUCT: Final = Table(
    "conduct",
    "one exchange of an account in a campaign: when, and what kind of request; no text",
    {
        "exchange_id": _r(_S, "identifier"),
        "account_id": _r(_S, "identifier"),
        "time": _r(UTC_TIME, "instant of the request"),
        "model": _c(_S, "model"),
        "endpoint": _c(_S, "endpoint"),
        "access_path": _c(_S, "path of access"),
        "status": _c(_I, "HTTP status"),
        "turn": _c(_I, "turn in the conversation, from 1"),
        "input_tokens": _c(_I, "tokens in"),
        "output_tokens": _c(_I, "tokens out"),
        "tactic": _c(_S, "most probable tactic of the prompt"),
        "capability": _c(_S, "what the prompt is after"),
    },
)

ACCOUNT_COLUMNS: Final = ("account_id", "echo_account_id", "predecessor_account_id")
"""Columns that hold an account's id."""
SUBJECT_COLUMNS: Final = ("subject_id",)
"""Columns that may hold an account's id, or a group's."""
END_USER_COLUMNS: Final = ("end_user_hash", "end_user_id")
"""Columns that stand for an end user."""
EXCHANGE_COLUMNS: Final = ("exchange_id",)
"""Columns that name an exchange, which is some account's and maybe some end user's."""
NAMING: Final = (*ACCOUNT_COLUMNS, *SUBJECT_COLUMNS, *END_USER_COLUMNS, *EXCHANGE_COLUMNS)
MENTIONS: Final = ("predecessor_account_id",)
"""Columns in which a row of somebody else names an account: emptied, where others take the row."""
TEXT_COLUMNS: Final = ("exemplars", "raw")
"""Columns that hold text of customers, where it is retained at all."""

NOBODY: Final[dict[str, str]] = {
    "release": "models and instants",
    "launch": "models and instants",
    "system": "sketches of a text; what only one account refers to goes with the account",
    "group": "counts over at least five accounts",
    "groups": "counts over at least five accounts",
    "campaigns": "counts and a sentence over all accounts of a campaign",
    "harvest": "sums over all accounts of a campaign",
    "templates": "counts; its exemplars, where text is retained, are emptied",
    "quarantine": "a place in a file and a reason; its raw text, where retained, is emptied",
    "campaign_history": "counts over all accounts of a campaign at a look",
    "standings": "figures of a test of a whole group",
    "answered": "figures of a test of a whole group",
    "campaign_wagers": "figures of a test of a whole group",
    "campaign_traits": "keyed values that many accounts of a campaign share",
    "template_book": "sketches of texts that several accounts sent",
    "template_figures": "counts over the accounts that sent a template",
    "template_spread": "counts over the accounts that sent a template",
}
"""Tables without such a column, and what they hold instead."""

KEYED: Final = frozenset({"observed", "system", "campaign_traits"})
"""Tables of a lake whose rows are worth nothing beside rows under another pseudonym key."""
