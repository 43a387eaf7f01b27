"""JSON lines of the lab: what any JSON reader, and Polars, makes of them."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch_lab.json_lines import write_lines

ROWS = st.lists(
    st.tuples(
        st.none() | st.text(),
        st.none() | st.floats(),
        st.none() | st.booleans(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.text(alphabet='ab\\"\n\t\x00\x1f\x7fé'),
    ),
    max_size=12,
)
SCHEMA = {"a": pl.String, "b": pl.Float64, "c": pl.Boolean, "d": pl.Int64, "e": pl.String}


def spell(frame: pl.DataFrame) -> str:
    """All lines of a frame."""
    return b"".join(bytes(lines) for lines in write_lines(frame)).decode()


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, begin=st.integers(0, 3))
def test_lines_are_those_of_the_general_writer(rows: list[tuple[object]], begin: int) -> None:
    """Letter for letter what Polars writes: any text, any number, nulls, and a slice of rows."""
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")[begin:]
    assert spell(frame) == frame.write_ndjson()


@pytest.mark.parametrize("letter", [chr(code) for code in range(0x80)])
def test_every_letter_comes_back(letter: str) -> None:
    """A text of any length and letter is read as it was written."""
    texts = [letter, f"{letter}{'x' * 11}", f"{'x' * 40}{letter}"]
    lines = spell(pl.DataFrame({"text": texts})).splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts


def test_a_line_longer_than_the_page_is_written_whole() -> None:
    """Room is made for what does not fit; lines before and after stay as they are."""
    texts = ["before", '"' * 5_000_000, "after"]
    lines = spell(pl.DataFrame({"text": texts})).splitlines()
    assert [json.loads(line)["text"] for line in lines] == texts


def test_columns_in_many_pieces_are_written_in_order() -> None:
    """What was put together from several frames, and sorted, is written as one."""
    parts = [pl.DataFrame({"n": range(i, 400, 4), "t": [f"{i}" * 20] * 100}) for i in range(4)]
    frame = pl.concat(parts).sort("n")
    assert spell(frame) == frame.write_ndjson()
    assert spell(pl.concat(parts)) == pl.concat(parts).write_ndjson()
