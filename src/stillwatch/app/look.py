"""What is in these logs: fields and how full they are, which checks can run, what could show.

The rim's part of `stillwatch check`: reads a traffic directory as far as arrivals, judges nothing,
writes nothing. Fields are counted after pseudonymising, so that nothing is held that a scan would
not hold; the ones that a scan folds into one trait are counted as that trait.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from stillwatch.app.ledger_of_run import describe_input
from stillwatch.app.requests import CheckState, FieldFill, SmallestCampaign, Source, TrafficCheck
from stillwatch.app.settings import read_mapping
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.detect.witnesses.core import EXCHANGES_MIN
from stillwatch.domain.channels.families import CHANNELS, FAMILIES, QUEUE
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.domain.tables import ARRIVAL, REGISTER
from stillwatch.ingest import IngestSettings, find_traffic, parse_chunk, read_chunks
from stillwatch.ingest.register import RegisterReading, read_register
from stillwatch.link import smallest_groups
from stillwatch.observe.traits import EXCHANGE_CHANNELS, REGISTER_CHANNELS

_SHARED_FAMILIES: Final = 3
"""Families that the smallest campaign is stated for: a seed's and the two that must speak."""
_SEEDS_PER_ACCOUNT: Final = 1.5
"""Seeds that an account brings, before a scan has counted them (the demo has 1.5)."""
_REST_ON: Final = {
    "interchangeability": "prompt",
    "volume_evenness": "time",
    "item_diversity": "prompt",
    "template_mass": "prompt",
    "tactics": "prompt",
    "taking": "output_tokens",
    "follow_up": "turn",
    "handed_on": "status",
    "moved_on": "status",
    "own_days": "time",
}
"""Witness → the field that it can't do without."""
_MADE_OF: Final = {
    "template": "prompt",
    "repertoire": "prompt",
    "item": "prompt",
    "system_text": "system",
    "active_hour": "time",
    "model_hour": "model",
    "age_at_first_use": "created_at",
    "signup_hour": "created_at",
    "signup_day": "created_at",
    "signup_week": "created_at",
    QUEUE.name: "status",
}
"""Channel that is no column → the field that it is made of."""
_OWNERS: Final = [("account", f) for f in ("org_id", "email_domain", "payment_fingerprint")]
"""What the witness of declared owners rests on: any of these."""
_FOLDED: Final = {
    "client_hash": "user_agent or tls_fingerprint",
    "parameters_hash": "temperature, max_tokens, tools, thinking or logprobs",
    "address_hash": "ip",
    "subnet_hash": "ip",
    "network_hash": "ip",
    "api_key_hash": "api_key_id",
    "end_user_hash": "end_user_id",
    "device_hash": "device_id",
    "reasoning_block_hash": "reasoning_block_hash",
    "conversation_hash": "conversation_id",
    "email_domain_hash": "email_domain",
    "email_shape_hash": "email_shape",
    "payment_hash": "payment_fingerprint",
    "payment_issuer_hash": "payment_issuer",
    "payment_batch_hash": "payment_batch",
    "referrer_hash": "referrer",
}
"""Column after pseudonymising → the contract's field."""


def look_at_traffic(source: Source, *, settings: Settings, key: PseudonymKey) -> TrafficCheck:
    """Look at a traffic directory without judging anything.

    Grain:   one entry per field, and per check.
    Cost:    every byte is read and parsed once, on one thread; memory is one chunk.

    Raises:
        InputError: the directory, the dialect or the mapping can't be used.
    """
    ingest = IngestSettings(
        format=source.format,
        mapping=read_mapping(source.mapping),
        account_field=source.account_field,
    )
    files = find_traffic(source.traffic)
    register = read_register(files, key=key)
    chunks = read_chunks(files, settings=ingest)
    filled: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    records: Counter[int] = Counter()
    dialects: dict[int, str] = {}
    accounts: set[str] = set()
    for raw in chunks:
        parsed = parse_chunk(raw, settings=ingest, key=key)
        records[raw.file] += parsed.counts.read
        dialects[raw.file] = raw.dialect
        counts.update(read=parsed.counts.read, quarantined=parsed.counts.quarantined)
        counts["exchanges"] += len(parsed.arrivals)
        filled.update({n: parsed.arrivals[n].count() for n in ARRIVAL.columns})
        accounts.update(parsed.arrivals["account_id"].unique())
    counts["accounts"] = len(accounts)
    counts["registered_accounts"] = len(register.register)
    inputs = [
        describe_input(facts, dialect=dialects.get(k, ""), records=records[k])
        for k, facts in enumerate(chunks.inputs)
    ]
    fields = _fill(filled, counts["exchanges"], register)
    return TrafficCheck(
        inputs=inputs,
        counts=dict(counts),
        fields=fields,
        checks=_checks(fields, register),
        smallest_campaign=_smallest(len(accounts), _families(fields), settings),
    )


def _fill(filled: Counter[str], exchanges: int, register: RegisterReading) -> list[FieldFill]:
    hidden = {"record_hash", "source_file", "source_line"}
    shares: dict[tuple[str, str], float] = {}
    for name in ARRIVAL.columns:
        if name not in hidden:
            shares["exchange", _FOLDED.get(name, name)] = filled[name] / max(exchanges, 1)
    for name in REGISTER.columns:
        rows = len(register.register)
        count = register.register[name].count() if rows else 0
        shares["account", _FOLDED.get(name, name)] = count / max(rows, 1)
    return [FieldFill(table=t, field=f, share=s) for (t, f), s in shares.items()]


def _checks(fields: list[FieldFill], register: RegisterReading) -> list[CheckState]:
    known = {(f["table"], f["field"]): f["share"] for f in fields}
    out = []
    for channel in (*CHANNELS, QUEUE):
        table = "exchange" if channel.source == "exchange" else "account"
        field = _field_of(channel.name)
        runs = known.get((table, field), 0.0) > 0
        reason = f"{field} of the {table} records" if runs else f"no {table} record has {field}"
        out.append(CheckState(check=f"channel {channel.name}", runs=runs, reason=reason))
    for witness in WITNESSES:
        fields_of = [("exchange", _REST_ON[witness.name])] if witness.name in _REST_ON else _OWNERS
        field = " or ".join(name for _, name in fields_of)
        runs = any(known.get(each, 0.0) > 0 for each in fields_of)
        reason = field if runs else f"no {fields_of[0][0]} record has {field}"
        out.append(CheckState(check=f"witness {witness.name}", runs=runs, reason=reason))
    for name, frame in (("permissions", register.grants), ("release pivot", register.launches)):
        reason = f"{len(frame)} read" if len(frame) else "there is no such file"
        out.append(CheckState(check=name, runs=len(frame) > 0, reason=reason))
    return out


def _field_of(channel: str) -> str:
    if channel in _MADE_OF:
        return _MADE_OF[channel]
    column = {**EXCHANGE_CHANNELS, **REGISTER_CHANNELS}[channel]
    return _FOLDED.get(column, column)


def _families(fields: list[FieldFill]) -> int:
    filled = {(f["table"], f["field"]) for f in fields if f["share"] > 0}
    heard = {
        c.family
        for c in CHANNELS
        if ("exchange" if c.source == "exchange" else "account", _field_of(c.name)) in filled
    }
    return sum(f in heard for f in FAMILIES)


def _smallest(accounts: int, families: int, settings: Settings) -> SmallestCampaign | None:
    if families < _SHARED_FAMILIES:
        return None
    sizes = smallest_groups(
        accounts,
        seeds_tested=int(accounts * _SEEDS_PER_ACCOUNT),
        families=families,
        settings=settings.link,
        q_max=settings.detect.link_q_max,
    )
    chosen = next(s for s in sizes if s.shares == _SHARED_FAMILIES)
    if chosen.heads is None:
        return None
    each = max(1.0, EXCHANGES_MIN / chosen.heads)
    return SmallestCampaign(
        heads=chosen.heads,
        exchanges_per_head=each,
        says=(
            f"Accounts that share a value nobody else has in {chosen.shares} families of evidence "
            f"would show as a tied group from {chosen.heads} accounts on, and could be judged from "
            f"{each:.0f} exchange(s) each; fewer families or shared values need more."
        ),
    )
