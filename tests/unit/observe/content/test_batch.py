"""A batch goes in with its texts and comes out with what the lake keeps of them."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest
from batches import KEY, MODEL, batch_of, observe

from stillwatch.domain.tables import OBSERVED
from stillwatch.observe import content
from stillwatch.observe.content import sketch_batch, sketch_texts
from stillwatch.observe.content.kernels import read_rows
from stillwatch.observe.content.rows import SLICE_ROWS

_COLUMNS = [
    "system_hash",
    "prompt_hash",
    "prompt_words",
    "response_chars",
    "sketch",
    "skeleton",
    "gist",
    "numbers_hash",
    "embedding",
    "tactic",
    "tactic_probability",
    "capability",
    "replay_source",
    "replay_item_hash",
    "replay_share",
]
_TEXT = "The ferry leaves at eight and comes back at nine with all the crates of pears"


def test_five_names_at_most_are_exported() -> None:
    """The stage's part is small enough to know by heart."""
    assert len(content.__all__) <= 5
    assert all(hasattr(content, name) for name in content.__all__)


def test_the_columns_are_those_of_the_observed_table_in_its_order() -> None:
    """What comes out is what `tables.OBSERVED` lists, so that nothing is renamed on the way."""
    names = sketch_batch(batch_of([_TEXT]), key=KEY, model=MODEL).schema.names
    assert names == _COLUMNS
    assert [name for name in OBSERVED.columns if name in _COLUMNS] == _COLUMNS


def test_null_text_is_null_and_empty_text_is_an_empty_sketch() -> None:
    """Absence of a text isn't a text without words."""
    absent, empty = observe([None, ""])
    assert set(absent.values()) == {None}
    assert empty["sketch"] == empty["skeleton"] == empty["gist"] == []
    assert empty["prompt_words"] == 0
    assert empty["prompt_hash"] is not None
    assert empty["embedding"] == bytes(32)


@pytest.mark.parametrize("text_type", [pa.string(), pa.large_string(), pa.string_view()])
def test_every_string_type_gives_the_same(text_type: pa.DataType) -> None:
    """Polars and Spark hand over different Arrow types for the same text."""
    columns = {"system": ["s", None], "prompt": [_TEXT, None], "response": ["né", None]}
    batch = pa.RecordBatch.from_pydict({k: pa.array(v, text_type) for k, v in columns.items()})
    plain = pa.RecordBatch.from_pydict({k: pa.array(v, pa.string()) for k, v in columns.items()})
    got = sketch_batch(batch, key=KEY, model=MODEL)
    assert got.equals(sketch_batch(plain, key=KEY, model=MODEL))
    assert got.column("response_chars").to_pylist() == [2, None]


def test_columns_of_type_null_are_null() -> None:
    """A log without system texts gives Arrow's null type."""
    batch = pa.RecordBatch.from_pydict(
        {"system": pa.nulls(2), "prompt": pa.nulls(2), "response": pa.nulls(2)}
    )
    got = sketch_batch(batch, key=KEY, model=MODEL)
    assert all(column.null_count == 2 for column in got.columns)


def test_an_empty_batch_gives_an_empty_batch_of_the_same_shape() -> None:
    """Spark sends empty partitions."""
    schema = sketch_batch(batch_of([_TEXT]), key=KEY, model=MODEL).schema
    assert sketch_batch(batch_of([]), key=KEY, model=MODEL).schema == schema


def test_one_kernel_serves_every_way_to_hold_the_texts_and_the_model() -> None:
    """A second compilation would cost a worker seconds: Arrow's types and pickle cause none."""
    model = pickle.loads(pickle.dumps(MODEL))  # noqa: S301  our own bytes, as Spark sends them
    for text_type in (pa.string(), pa.large_string()):
        text = pa.array([_TEXT, None], text_type)
        batch = pa.RecordBatch.from_pydict({"system": text, "prompt": text, "response": text})
        sketch_batch(batch, key=KEY, model=model)
        sketch_batch(batch.slice(1), key=KEY, model=MODEL)
        sketch_texts(text, key=KEY)
    assert len(read_rows.signatures) == 1


def test_slicing_a_batch_changes_nothing() -> None:
    """Rows are read on their own: chunk size, and the slices inside, leave no trace."""
    prompts: list[str | bytes | None] = [
        None if i % 97 == 0 else f"{_TEXT} number {i % 50} of {'abc'[i % 3] * (i % 5)}"
        for i in range(SLICE_ROWS + 500)
    ]
    batch = batch_of(prompts)
    whole = sketch_batch(batch, key=KEY, model=MODEL)
    part = sketch_batch(batch.slice(SLICE_ROWS - 7, 300), key=KEY, model=MODEL)
    whole.validate(full=True)
    assert whole.slice(SLICE_ROWS - 7, 300).equals(part)


def test_a_system_text_has_one_hash_in_both_tables() -> None:
    """`observed.system_hash` finds its row in `system`."""
    systems = pa.array(["You help at the harbour.", None, "", "x " * 2_000_000])
    nothing = pa.nulls(4, pa.string())
    batch = pa.RecordBatch.from_pydict({"system": systems, "prompt": nothing, "response": nothing})
    sketched = sketch_texts(systems, key=KEY)
    assert sketched.schema.names == ["hash", "sketch", "skeleton", "gist", "words"]
    kept = sketch_batch(batch, key=KEY, model=MODEL)
    assert kept.column("system_hash").equals(sketched.column("hash"))
    for row in range(3):
        one = batch.slice(row, 1)
        alone = sketch_batch(one, key=KEY, model=MODEL).column("system_hash")
        assert alone.equals(sketched.column("hash").slice(row, 1))
    assert sketched.column("words").to_pylist()[:3] == [5, None, 0]


def test_a_prompt_and_a_system_text_share_their_shingles() -> None:
    """An instruction that moves from `system` into `prompt` is still found."""
    system = set(sketch_texts(pa.array([_TEXT]), key=KEY).column("sketch")[0].as_py())
    assert system == set(observe([_TEXT])[0]["sketch"])
