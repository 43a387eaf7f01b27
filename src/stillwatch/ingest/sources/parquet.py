"""Parquet as a source: row batches in the file's order.

A Parquet file is read from its end, so it can't be hashed while its rows are read: its bytes go by
once for the hash (and into an unnamed temporary file, where they are packed), then its rows come
in batches. A file that is no Parquet, or breaks off, gives the rows before the damage.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.domain import limits
from stillwatch.ingest.sources.unpack import ByteStream

ROWS: Final = 10_000
"""Rows in a batch: limits.CHUNK_BYTES of records of 800 bytes, as many as a chunk of text has."""
_PACKED: Final = (".gz", ".zst")


def is_parquet(path: Path) -> bool:
    """Tell a Parquet file by its name, packed or not."""
    return ".parquet" in path.suffixes


def read_batches(stream: ByteStream, path: Path) -> Iterator[pl.DataFrame]:
    """Give a Parquet file's rows in batches; `stream.damage` says where it breaks off."""
    with _plain(stream, path) as file:
        try:
            for batch in pq.ParquetFile(file).iter_batches(batch_size=ROWS):
                yield pl.DataFrame(pl.from_arrow(batch))
        except (pa.ArrowException, OSError):
            stream.damage = stream.damage or "damaged Parquet"


def first_rows(path: Path) -> list[dict[str, object]]:
    """Give the first records of a Parquet file, to tell its dialect."""
    for batch in read_batches(ByteStream(path), path):
        return batch.head(limits.SNIFF_RECORDS).to_dicts()
    return []


def _plain(stream: ByteStream, path: Path) -> BinaryIO:
    if path.suffix not in _PACKED:
        for _ in stream.blocks():
            pass
        return path.open("rb")
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by the caller's `with`
    for block in stream.blocks():
        file.write(block)
    file.seek(0)
    return file
