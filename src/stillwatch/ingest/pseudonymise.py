"""The door: names become keyed hashes here, and nothing behind it sees an address or an e-mail.

`EXCHANGE` columns in, `ARRIVAL` columns out. Each kind of name is hashed in a domain of its own
(`Name`), so that equal texts of two kinds don't meet; a kind never changes its number, or a lake
would no longer match itself. Account and organisation ids stay readable: the operator acts on them.

The record hash covers every column of the arrival but where it stood, so two records with the same
hash are the same to every later stage, whichever of them stays.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from stillwatch.domain.keyed import PseudonymKey, hash_strings
from stillwatch.domain.tables import ARRIVAL, EXCHANGE
from stillwatch.ingest.addresses import place_addresses

DERIVED_ID: Final = "x-"
_DIGITS: Final = 16
"""Hexadecimal digits of a 64-bit hash."""
_NULL: Final = -0x5B1E2D0C4F3A6977
"""Stands for null in a record's hash; a value equals it with probability 2^-64."""


class Name(IntEnum):
    """Kinds of names, each a domain of the keyed hash. Numbers are for ever."""

    ADDRESS = 1
    SUBNET = 2
    NETWORK = 3
    CLIENT = 4
    DEVICE = 5
    PARAMETERS = 6
    END_USER = 7
    EMAIL = 8
    EMAIL_DOMAIN = 9
    PAYMENT = 10
    API_KEY = 11
    CONVERSATION = 12
    REASONING_BLOCK = 13
    REFERRER = 14
    TEXT = 15
    RECORD = 16
    PAYMENT_ISSUER = 17
    PAYMENT_BATCH = 18
    EMAIL_SHAPE = 19


_HASHED: Final = {
    "api_key_hash": ("api_key_id", Name.API_KEY),
    "end_user_hash": ("end_user_id", Name.END_USER),
    "address_hash": ("address", Name.ADDRESS),
    "subnet_hash": ("subnet", Name.SUBNET),
    "network_hash": ("network", Name.NETWORK),
    "device_hash": ("device_id", Name.DEVICE),
    "reasoning_block_hash": ("reasoning_block_hash", Name.REASONING_BLOCK),
    "conversation_hash": ("conversation_id", Name.CONVERSATION),
}
_PLACE: Final = ("source_file", "source_line", "record_hash")
_COVERED: Final = [name for name in ARRIVAL.columns if name not in _PLACE]
_NO_NAMES: Final = ("time", "system", "prompt", "response")
_NAMED: Final = [
    n for n, c in EXCHANGE.columns.items() if c.dtype == pl.String and n not in _NO_NAMES
]
_CLIENT: Final = ("user_agent", "tls_fingerprint")
_PARAMETERS: Final = ("temperature", "max_tokens", "tools", "thinking", "logprobs")


def pseudonymise_column(texts: pl.Series, kind: Name, *, key: PseudonymKey) -> pl.Series:
    """Hash a column of names of one kind.

    Grain:   one Int64 per row. Nulls: stay null. Order: as given.
    """
    if texts.null_count() == texts.len():
        return pl.repeat(None, texts.len(), dtype=pl.Int64, eager=True).alias(texts.name)
    hashed = hash_strings(texts.to_arrow(), key=key, domain=int(kind))
    return pl.Series(texts.name, pl.from_arrow(hashed), dtype=pl.Int64)


def pseudonymise_exchanges(exchanges: pl.DataFrame, *, key: PseudonymKey) -> pl.DataFrame:
    """Turn exchanges with their instant read (`time` as UTC_TIME) into arrivals.

    Grain:   one row per exchange.
    Nulls:   an empty name is no name; an address that can't be read has null hashes.
    Order:   as given.
    Cost:    one pass over the bytes of every text column.
    """
    named = _without_empty(exchanges)
    named = named.with_columns(place_addresses(named["ip"]))
    hashed = named.with_columns(
        *(
            pseudonymise_column(named[source], kind, key=key).alias(name)
            for name, (source, kind) in _HASHED.items()
        ),
        hash_rows(named.select(_CLIENT), Name.CLIENT, key=key).alias("client_hash"),
        hash_rows(named.select(_PARAMETERS), Name.PARAMETERS, key=key).alias("parameters_hash"),
    )
    record = hash_rows(hashed.select(_COVERED), Name.RECORD, key=key).alias("record_hash")
    identified = hashed.with_columns(record)
    if identified["exchange_id"].null_count():
        derived = pl.Series([DERIVED_ID]) + _hexadecimal(record)
        identified = identified.with_columns(pl.col("exchange_id").fill_null(derived))
    return ARRIVAL.conform(identified)


def hash_rows(frame: pl.DataFrame, kind: Name, *, key: PseudonymKey) -> pl.Series:
    """Hash whole rows: each text to 64 bits, then the row of these and the numbers.

    Grain:   one Int64 per row. Nulls: null where the whole row is; a null differs from any value.
    Order:   as given.
    """
    texts = {n: pseudonymise_column(frame[n], Name.TEXT, key=key) for n in _texts_of(frame)}
    numbers = frame.with_columns(**texts).select(_bits(n, t) for n, t in frame.schema.items())
    words = np.ascontiguousarray(numbers.to_numpy())
    offsets = np.arange(frame.height + 1, dtype=np.int64) * (words.itemsize * frame.width)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(words)]
    rows = pa.Array.from_buffers(pa.large_binary(), frame.height, buffers)
    hashed = pl.Series(pl.from_arrow(hash_strings(rows, key=key, domain=int(kind))))
    known = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    return hashed.to_frame("hash").select(pl.when(known).then("hash")).to_series()


def _texts_of(frame: pl.DataFrame) -> list[str]:
    return [name for name, dtype in frame.schema.items() if dtype == pl.String]


def _bits(name: str, dtype: pl.DataType) -> pl.Expr:
    """Take a column as 64-bit words; equal values give equal words."""
    column = pl.col(name)
    if dtype == pl.Float64:
        column = pl.when(column == 0).then(0.0).otherwise(column).reinterpret(dtype=pl.Int64)
    elif dtype != pl.String:
        column = column.to_physical().cast(pl.Int64)
    return column.fill_null(_NULL)


def _without_empty(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn empty names to nulls: they name nobody, and must not be shared by everybody."""
    empty = frame.select((pl.col(_NAMED) == "").any()).row(0, named=True)
    return frame.with_columns(
        pl.when(pl.col(name) != "").then(name).alias(name) for name, found in empty.items() if found
    )


def _hexadecimal(numbers: pl.Series) -> pl.Series:
    digits = numbers.to_numpy().astype(">i8").tobytes().hex()
    return pl.Series([digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS)])
