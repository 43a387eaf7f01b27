"""What is known beside the traffic: accounts, releases and permissions, read and pseudonymised.

`ACCOUNT`, `RELEASE`, `PERMISSION` files in; `REGISTER`, `LAUNCH`, `GRANT` out, with the quarantine
rows of those files. The same checks as for exchanges. A permission whose instants can't be read is
rejected, for a missing end means an open one. Of two rows of one account the one whose status
changed later stays; which file it stood in is irrelevant. A raw e-mail address is let go of with
the chunk that held it (`emails`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.results import QUARANTINE
from stillwatch.domain.schema import Table
from stillwatch.domain.tables import (
    ACCOUNT,
    GRANT,
    PERMISSION,
    RELEASE,
)
from stillwatch.ingest.emails import EMAIL, tell_emails
from stillwatch.ingest.parse import (
    UNREADABLE_TIME,
    ReadCounts,
    drop_rows,
    parse_records,
    quarantine_rows,
    require_fields,
)
from stillwatch.ingest.readers import NATIVE
from stillwatch.ingest.records import LINE, TIMES, Parsed
from stillwatch.ingest.settle import settle_accounts, settle_releases
from stillwatch.ingest.sources.chunks import ChunkReader, Chunks, RawChunk
from stillwatch.ingest.sources.files import IngestSettings, TrafficFiles
from stillwatch.ingest.sources.unpack import InputFile
from stillwatch.ingest.times import read_instants

_STRICT: Final = {PERMISSION.name: ("valid_from", "valid_to"), RELEASE.name: ("released_at",)}
"""Instants that must be readable where they are given."""
_NATIVE: Final = IngestSettings(format=NATIVE)


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """The register, the permissions and the releases, and what became of their records."""

    register: pl.DataFrame
    grants: pl.DataFrame
    launches: pl.DataFrame
    quarantine: pl.DataFrame
    counts: Mapping[str, ReadCounts]
    """By kind of file: read = accepted + quarantined; duplicates are among the accepted."""
    duplicates: Mapping[str, int] = field(default_factory=dict)
    """Records left out because another of the same account or model stayed."""
    inputs: tuple[InputFile, ...] = ()
    states_org_verified: bool = False
    """Some row says whether its organisation is verified."""


@dataclass(slots=True)
class _Kind:
    """One kind of file as it is read."""

    frame: pl.DataFrame
    quarantine: pl.DataFrame
    counts: ReadCounts
    inputs: list[InputFile]


def read_register(files: TrafficFiles, *, key: PseudonymKey) -> RegisterReading:
    """Read what is known beside the traffic; kinds without a file are empty tables.

    Grain:   one row per account, per permission, per model.
    Order:   by account id; permissions and releases by their columns. Files are irrelevant.

    Raises:
        LimitExceeded: more accounts than limits.REGISTER_ROWS_MAX.
    """
    return read_register_chunks(
        RegisterChunks(
            *(_open(paths) for paths in (files.accounts, files.releases, files.permissions))
        ),
        key=key,
    )


@dataclass(frozen=True, slots=True)
class RegisterChunks:
    """What is known beside the traffic, as chunks of native records."""

    accounts: Chunks
    releases: Chunks
    permissions: Chunks


def read_register_chunks(chunks: RegisterChunks, *, key: PseudonymKey) -> RegisterReading:
    """Read what is known beside the traffic from chunks; as `read_register` reads files.

    Grain:   one row per account, per permission, per model.

    Raises:
        LimitExceeded: more accounts than limits.REGISTER_ROWS_MAX.
    """
    accounts = _read(chunks.accounts, ACCOUNT)
    releases = _read(chunks.releases, RELEASE)
    permissions = _read(chunks.permissions, PERMISSION)
    name, bound, met = "REGISTER_ROWS_MAX", limits.REGISTER_ROWS_MAX, accounts.frame.height
    if met > bound:
        raise LimitExceeded(name, bound=bound, met=met)
    register = settle_accounts(accounts.frame, key=key)
    launches = settle_releases(releases.frame)
    kinds = {"accounts": accounts, "releases": releases, "permissions": permissions}
    return RegisterReading(
        register=register,
        grants=GRANT.conform(permissions.frame).sort(pl.all()),
        launches=launches,
        quarantine=pl.concat([kind.quarantine for kind in kinds.values()]),
        counts={name: kind.counts for name, kind in kinds.items()},
        duplicates={
            "accounts": accounts.frame.height - register.height,
            "releases": releases.frame.height - launches.height,
        },
        inputs=tuple(each for kind in kinds.values() for each in kind.inputs),
        states_org_verified=bool(accounts.frame["org_verified"].is_not_null().any()),
    )


def _open(paths: tuple[Path, ...]) -> ChunkReader:
    return ChunkReader(paths, dialect=NATIVE, chunk_bytes=limits.CHUNK_BYTES)


def _read(reader: Chunks, table: Table) -> _Kind:
    instants = [name for name in table.columns if name in TIMES]
    empty = table.empty().with_columns(read_instants(table.empty()[name]) for name in instants)
    empty = empty.drop(EMAIL, strict=False)
    kind = _Kind(empty, QUARANTINE.empty(), ReadCounts(), [])
    frames, rejected = [empty], [QUARANTINE.empty()]
    for chunk in reader:
        parsed = _checked(chunk, table)
        rejects = [*chunk.rejects, *parsed.rejects]
        frames.append(parsed.frame.drop(LINE))
        rejected.append(quarantine_rows(rejects, chunk=chunk, retain_text=False))
        kept = parsed.frame.height
        kind.counts += ReadCounts(kept + len(rejects), kept, len(rejects), nulled=+parsed.nulled)
    kind.frame, kind.quarantine, kind.inputs = (
        pl.concat(frames),
        pl.concat(rejected),
        list(reader.inputs),
    )
    return kind


def _checked(chunk: RawChunk, table: Table) -> Parsed:
    """Parse a chunk, reject what lacks what it must have, and read its instants."""
    parsed = require_fields(parse_records(chunk, table=table, settings=_NATIVE), table=table)
    for name, column in table.columns.items():
        if column.values:
            known = parsed.frame[name].is_in(list(column.values))
            parsed = drop_rows(parsed, ~known, reason=f"{name} is none of those that there are")
    if table is PERMISSION:
        nobody = parsed.frame["account_id"].is_null() & parsed.frame["org_id"].is_null()
        parsed = drop_rows(parsed, nobody, reason="no account_id and no org_id")
    if table is ACCOUNT:
        parsed = tell_emails(parsed)
    for name in TIMES & table.columns.keys():
        parsed = _read_time(parsed, name, strict=name in _STRICT.get(table.name, ()))
    return parsed


def _read_time(parsed: Parsed, name: str, *, strict: bool) -> Parsed:
    given = parsed.frame[name]
    lost = read_instants(given).is_null() & given.is_not_null() & (given != "")
    if strict:
        parsed = drop_rows(parsed, lost, reason=UNREADABLE_TIME.format(name))
    elif lost.any():
        parsed.nulled[name] += int(lost.sum())
    parsed.frame = parsed.frame.with_columns(read_instants(parsed.frame[name]))
    return parsed
