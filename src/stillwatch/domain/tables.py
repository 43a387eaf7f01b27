"""Every table that comes in or crosses a border between stages.

In: `EXCHANGE`, `ACCOUNT`, `RELEASE`, `PERMISSION`. Between stages: `ARRIVAL` (ingest → observe),
`OBSERVED` and `SYSTEM` (the lake), `REGISTER`, `GRANT`, `LAUNCH`, `TRAIT`, `GROUP`, `MEMBER`. What
goes out is in `results.py`. CONTRACT.md fixes names and types of what goes in and out. A `_hash` is
a keyed 64-bit pseudonym, an Int64; beyond `ARRIVAL` no column holds a prompt, address or e-mail.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.schema import UTC_TIME, Column, Table, later, optional, required

_S, _B, _I, _F = pl.String, pl.Boolean, pl.Int64, pl.Float64
_c, _r, _l = optional, required, later
_ID: Final = Column(_S, "identifier", nullable=False)


def _when(says: str, *, nullable: bool = True) -> Column:
    return Column(_S, says, nullable=nullable, also=("number",))


EXCHANGE: Final = Table(
    "exchange",
    "one API request and its answer, as it came in",
    {
        "exchange_id": _c(_S, "derived from a hash of the record where missing"),
        "time": _when("RFC 3339, or epoch in s, ms, us or ns", nullable=False),
        "account_id": _r(_S, "what the provider can suspend"),
        "org_id": _c(_S, "organisation"),
        "api_key_id": _c(_S, "key"),
        "end_user_id": _c(_S, "the caller's own pseudonym for its user"),
        "access_path": _c(_S, "`api`, `console`, or the third-party cloud's name"),
        "ip": _c(_S, "client address, v4 or v6"),
        "user_agent": _c(_S, "HTTP user agent"),
        "tls_fingerprint": _c(_S, "JA4 where the edge logs it"),
        "device_id": _c(_S, "device"),
        "model": _c(_S, "model that answered"),
        "endpoint": _c(_S, "API endpoint"),
        "temperature": _c(_F, "sampling temperature"),
        "max_tokens": _c(_I, "limit on the answer"),
        "tools": _c(_I, "how many tools were offered"),
        "thinking": _c(_B, "reasoning asked for"),
        "logprobs": _c(_B, "log-probabilities asked for"),
        "system": _c(_S, "system text"),
        "prompt": _c(_S, "last user turn, or all turns joined by a blank line"),
        "response": _c(_S, "answer"),
        "reasoning_block_hash": _c(_S, "hash of an opaque reasoning block that came back"),
        "input_tokens": _c(_I, "tokens in"),
        "output_tokens": _c(_I, "tokens out"),
        "status": _c(_I, "HTTP status"),
        "latency_ms": _c(_I, "milliseconds"),
        "conversation_id": _c(_S, "conversation"),
        "turn": _c(_I, "turn in the conversation, from 1"),
    },
)

ACCOUNT: Final = Table(
    "account",
    "one account of the register",
    {
        "account_id": _ID,
        "created_at": _when("RFC 3339 or epoch"),
        "org_id": _c(_S, "organisation as typed"),
        "org_verified": _c(_B, "the provider has checked the organisation"),
        "email_domain": _c(_S, "domain of the e-mail address"),
        "email_hash": _c(_S, "hash of the e-mail address"),
        "email_shape": _l(_S, "pattern of the address before the @: `a5.a8d4`"),
        "email": _l(_S, "the address itself, to derive these three; it goes no further"),
        "phone_country": _c(_S, "country of the phone number"),
        "payment_fingerprint": _c(_S, "fingerprint of the payment instrument"),
        "payment_country": _c(_S, "country of the payment instrument"),
        "payment_issuer": _l(_S, "who issued the payment instrument: a name, or its BIN"),
        "payment_batch": _l(_S, "batch it was issued in: the issuer's, or BIN and expiry"),
        "plan": _c(_S, "plan"),
        "program": _c(_S, "`education`, `research`, `startup` or null"),
        "verified": _c(_B, "the account's holder is verified"),
        "referrer": _c(_S, "referrer of the sign-up"),
        "revenue_30d": _c(_F, "revenue of the last 30 days"),
        "protected": _c(_B, "never act on this account by machine"),
        "status": _c(_S, "`active`, `suspended`, `terminated`"),
        "status_changed_at": _when("RFC 3339 or epoch"),
    },
)

RELEASE: Final = Table(
    "release",
    "one model release",
    {"model": _ID, "released_at": _when("RFC 3339 or epoch", nullable=False)},
)

PERMISSION: Final = Table(
    "permission",
    "one explicit permission",
    {
        "account_id": _c(_S, "account that holds it, or null"),
        "org_id": _c(_S, "organisation that holds it, or null"),
        "scope": _r(_S, "what is permitted", "distillation", "evaluation", "resale"),
        "granted_by": _c(_S, "who granted it"),
        "valid_from": _when("RFC 3339 or epoch; null = always"),
        "valid_to": _when("RFC 3339 or epoch; null = open"),
        "budget_exchanges": _c(_I, "null = none stated"),
    },
)

_PSEUDONYMS: Final = {
    "api_key_hash": _c(_I, "key"),
    "end_user_hash": _c(_I, "the caller's user"),
    "address_hash": _c(_I, "client address"),
    "subnet_hash": _c(_I, "its /24 (v4) or /48 (v6)"),
    "network_hash": _c(_I, "its ASN where known, else its /16 (v4) or /32 (v6)"),
    "client_hash": _c(_I, "user agent x TLS fingerprint"),
    "device_hash": _c(_I, "device"),
    "parameters_hash": _c(_I, "temperature x max_tokens x tools x thinking x logprobs"),
    "reasoning_block_hash": _c(_I, "opaque reasoning block that came back"),
    "conversation_hash": _c(_I, "conversation"),
}
_PLAIN: Final = {
    "exchange_id": _ID,
    "account_id": _ID,
    "time": _r(UTC_TIME, "instant of the request"),
    "org_id": _c(_S, "organisation named by the log"),
    "access_path": _c(_S, "path of access"),
    "model": _c(_S, "model"),
    "endpoint": _c(_S, "endpoint"),
    "max_tokens": _c(_I, "limit on the answer"),
    "thinking": _c(_B, "reasoning asked for"),
    "input_tokens": _c(_I, "tokens in"),
    "output_tokens": _c(_I, "tokens out"),
    "status": _c(_I, "HTTP status"),
    "latency_ms": _c(_I, "milliseconds"),
    "turn": _c(_I, "turn in the conversation, from 1"),
    "source_file": _r(_I, "which input file (index in run.json)"),
    "source_line": _r(_I, "line or row in it, from 1"),
}

ARRIVAL: Final = Table(
    "arrival",
    "one accepted exchange, pseudonymised, its text still in memory",
    {
        **_PLAIN,
        **_PSEUDONYMS,
        "record_hash": _r(_I, "keyed hash of the normalised record: which of two duplicates stays"),
        "system": _c(_S, "system text"),
        "prompt": _c(_S, "prompt"),
        "response": _c(_S, "answer"),
    },
)

_OBSERVATIONS: Final = {
    "system_hash": _c(_I, "which system text (table `system`), null = none"),
    "prompt_hash": _c(_I, "the whole normalised prompt: equal prompts have equal hashes"),
    "prompt_words": _c(_I, "words of the prompt"),
    "response_chars": _c(_I, "characters of the answer"),
    "sketch": _c(pl.List(_I), "keyed hashes of the prompt's word 4-shingles, ascending"),
    "skeleton": _c(pl.List(_I), "keyed hashes of eight function words and slots in a row"),
    "gist": _c(pl.List(_I), "keyed hashes of neighbouring content words, in any order"),
    "numbers_hash": _c(_I, "two numbers of the prompt that follow one another, null = none do"),
    "embedding": _c(pl.Binary, "32 signed bytes: hashed words, for the variance tests"),
    "tactic": _c(_S, "most probable tactic; else `dataset_replay` if an item is held, else null"),
    "tactic_probability": _c(_F, "calibrated probability that the prompt harvests by some tactic"),
    "capability": _c(_S, "what the prompt is after"),
    "replay_source": _c(_S, "public set of which the prompt holds an item, null = none"),
    "replay_item_hash": _c(_I, "which item of it"),
    "replay_share": _c(_F, "share of the item's indexed shingles that the prompt holds"),
}

OBSERVED: Final = Table(
    "observed",
    "one exchange as the lake keeps it: no text",
    {
        **_PLAIN,
        **_PSEUDONYMS,
        "record_hash": _r(_I, "as in arrival"),
        "hour": _r(_I, "hours since the epoch: days, rhythms and adoption are counted on it"),
        **_OBSERVATIONS,
    },
)

SYSTEM: Final = Table(
    "system",
    "one system text, by its hash",
    {
        "system_hash": _r(_I, "keyed hash of the text's bytes, its first MiB"),
        **{name: _OBSERVATIONS[name] for name in ("sketch", "skeleton", "gist")},
        "words": _c(_I, "its length in words"),
    },
)

REGISTER: Final = Table(
    "register",
    "one account of the register, pseudonymised",
    {
        "account_id": _ID,
        "created_at": _c(UTC_TIME, "sign-up"),
        "org_id": _c(_S, "organisation as typed"),
        "org_verified": _c(_B, "checked by the provider; without such a field: all verified"),
        "email_domain_hash": _c(_I, "e-mail domain"),
        "email_hash": _c(_I, "e-mail address"),
        "email_shape_hash": _l(_I, "shape of the e-mail address"),
        "phone_country": _c(_S, "phone country"),
        "payment_hash": _c(_I, "payment instrument"),
        "payment_country": _c(_S, "payment country"),
        "payment_issuer_hash": _l(_I, "who issued the payment instrument"),
        "payment_batch_hash": _l(_I, "batch that it was issued in"),
        "plan": _c(_S, "plan"),
        "program": _c(_S, "programme"),
        "verified": _c(_B, "holder is verified"),
        "referrer_hash": _c(_I, "referrer"),
        "revenue_30d": _c(_F, "revenue of the last 30 days"),
        "protected": _c(_B, "never act by machine"),
        "status": _c(_S, "status"),
        "status_changed_at": _c(UTC_TIME, "when the status changed"),
    },
)

GRANT: Final = Table(
    "grant",
    "one permission with its instants read",
    {
        "account_id": _c(_S, "account"),
        "org_id": _c(_S, "organisation"),
        "scope": _r(_S, "scope", "distillation", "evaluation", "resale"),
        "granted_by": _c(_S, "who"),
        "valid_from": _c(UTC_TIME, "from"),
        "valid_to": _c(UTC_TIME, "to"),
        "budget_exchanges": _c(_I, "budget"),
    },
)

LAUNCH: Final = Table(
    "launch",
    "one model release with its instant read",
    {"model": _ID, "released_at": _r(UTC_TIME, "instant")},
)

TRAIT: Final = Table(
    "trait",
    "one value that an account holds in a channel",
    {
        "account_id": _ID,
        "channel": _r(_S, "channel (families.py)"),
        "value": _r(_I, "the value's pseudonym"),
        "share": _r(_F, "share of the account's exchanges that carry it, in (0, 1]"),
    },
)

GROUP: Final = Table(
    "group",
    "one group of tied accounts, before judgement",
    {
        "group_id": _ID,
        "accounts": _r(_I, "accounts"),
        "link_e_value": _r(_F, "log2 of the e-value that nothing ties them (two families)"),
        "link_q_value": _r(_F, "e-BH over every seed that was tested"),
        "channels": _r(pl.List(_S), "channels that tie them, strongest first"),
    },
)

MEMBER: Final = Table(
    "member",
    "one account of a group",
    {
        **dict.fromkeys(("group_id", "account_id"), _ID),
        "weight_bits": _r(_F, "evidence for membership, capped by family, after the prior"),
        **{f"{family}_bits": _r(_F, f"evidence of the {family} family") for family in FAMILIES},
    },
)
