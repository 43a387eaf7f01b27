"""Files of texts to be indexed: JSON lines, Parquet, or a text a line, packed or not.

The rim's reader for `replay add` and `templates add`; the texts are gone when the lists are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from stillwatch.domain.errors import InputError

_PARQUET = b"PAR1"
Texts = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="JSON lines, Parquet, or a text a line; also packed."),
]
Field = Annotated[str, typer.Option("--field", help="Field of a record that holds the text.")]


def read_texts(files: list[Path], field: str) -> Any:  # noqa: ANN401  an Arrow array
    """Read the texts of files into one Arrow array, in their order."""
    import pyarrow as pa  # noqa: PLC0415  half a second that `--help` can do without

    return pa.array([text for path in files for text in _read_file(path, field)], pa.large_string())


def _read_file(path: Path, field: str) -> Iterator[str]:
    """Give the texts of a file; the first bytes tell its form.

    Raises:
        InputError: it can't be read, or a record has no such field.
    """
    from stillwatch.ingest.sources.unpack import ByteStream  # noqa: PLC0415  brings Polars

    stream = ByteStream(path)
    data = b"".join(stream.blocks())
    if stream.damage:
        message = f"{path} breaks off: {stream.damage}"
        raise InputError(message)
    if data.startswith(_PARQUET):
        yield from _read_parquet(data, path, field)
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.startswith(b"{"):
            yield _read_record(line, field, where=f"{path}:{number}")
        elif line.strip():
            yield line.decode("utf-8", "replace")


def _read_parquet(data: bytes, path: Path, field: str) -> Iterator[str]:
    import polars as pl  # noqa: PLC0415  only where it is needed

    try:
        column = pl.read_parquet(data, columns=[field])[field]
    except pl.exceptions.PolarsError as wrong:
        message = f"{path} has no column {field} that can be read"
        raise InputError(message, hint="name it with --field") from wrong
    yield from column.cast(pl.String).drop_nulls()


def _read_record(line: bytes, field: str, *, where: str) -> str:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as wrong:
        message = f"{where} is no JSON object"
        raise InputError(message) from wrong
    text = record.get(field)
    if not isinstance(text, str):
        message = f"{where} has no text in the field {field}"
        raise InputError(message, hint="name the field that holds the text with --field")
    return text
