"""Real texts as they lie in a directory: gzip JSON lines, one file a source.

First of the pools' modules; `pieces.py` cuts the texts, `similar.py` sorts them, `shelf.py` holds
the result. The one idea: what follows in one conversation stands together and in order, where a
source's ids tell it. Absent: any text. The package ships nobody's; they are read from where the
user has them, and only when asked for.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.domain.errors import InputError

ROWS_MAX: Final = 100_000
"""Texts that are read of one source; those behind them are left out."""
TEXT_CHARS_MAX: Final = 2_500
"""Characters of a text; what is behind them is left out. A whole pool stays below 100 MB."""
_FILE_BYTES_MAX: Final = 256 * 1024 * 1024
"""Bytes of a source, unpacked; what is behind them is left out."""
_SUFFIX: Final = ".jsonl.gz"
_CONVERSATIONS: Final = ("sharegpt_v3", "taskmaster", "crosswoz_zh")
"""Sources whose ids are `conversation:turn`, or `conversation_segment:turn`."""
_TURN: Final = r"(?:_\d+)?:\d+$"
_SCRIPTS: Final = {"ja": r"[\p{Hiragana}\p{Katakana}]", "ko": r"\p{Hangul}", "zh": r"\p{Han}"}
"""Languages that their letters tell, in the order in which they are asked."""
_LETTERS_MIN: Final = 3
"""Letters of a script from which a text is in its language."""
_SEEN: Final = 200
"""Characters in which a text shows its language."""
OTHER: Final = "en"
"""What is in no such script; of these pools, nearly all of it is English."""


def list_sources(data: Path) -> list[Path]:
    """List the files of honest people's texts below a directory.

    Order:   by name.

    Raises:
        InputError: there is none.
    """
    found = sorted((data / "prompts" / "benign").glob(f"*{_SUFFIX}"))
    if not found:
        message = f"{data} holds no prompts/benign/*{_SUFFIX}"
        raise InputError(message, hint="each line is JSON with `id` and `text`; one file a source")
    return found


def read_texts(folder: Path, sources: tuple[str, ...] | None = None) -> pl.DataFrame:
    """Read the texts of a folder's sources, or of some.

    Grain:   one row per text: `source`, `conversation` (null where ids don't tell), `text`,
             `language`. Order: by source, then as in the file. Nulls: rows without text are left
             out. Cost: bounded by ROWS_MAX and TEXT_CHARS_MAX for each source.
    """
    found = sorted(folder.glob(f"*{_SUFFIX}"))
    names = [(path.name.removesuffix(_SUFFIX), path) for path in found]
    frames = [_read_source(n, path) for n, path in names if sources is None or n in sources]
    blank = pl.DataFrame(schema=dict.fromkeys(("source", "conversation", "text"), pl.String))
    return pl.concat([blank, *frames]).with_columns(_tell_language(pl.col("text")))


def _read_source(name: str, path: Path) -> pl.DataFrame:
    with gzip.open(path) as stream:
        raw = stream.read(_FILE_BYTES_MAX)
    whole = raw[: raw.rfind(b"\n") + 1]
    rows = pl.read_ndjson(io.BytesIO(whole), schema={"id": pl.String, "text": pl.String})
    told = pl.col("id").str.replace(_TURN, "") if name in _CONVERSATIONS else pl.lit(None)
    text = pl.col("text").str.strip_chars().str.slice(0, TEXT_CHARS_MAX)
    return (
        rows.head(ROWS_MAX)
        .select(
            pl.lit(name).alias("source"), told.cast(pl.String).alias("conversation"), text
        )
        .filter(pl.col("text").str.len_bytes() > 0)
    )  # fmt: skip


def _tell_language(text: pl.Expr) -> pl.Expr:
    told = pl.lit(OTHER)
    for language, letters in reversed(_SCRIPTS.items()):
        is_one = text.str.slice(0, _SEEN).str.count_matches(letters) >= _LETTERS_MIN
        told = pl.when(is_one).then(pl.lit(language)).otherwise(told)
    return told.alias("language")
