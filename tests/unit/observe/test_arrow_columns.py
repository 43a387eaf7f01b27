"""Numbers go to Arrow without a copy, nulls come back from it, and nobody loads pandas for it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.domain.arrays import null_mask, to_arrow

LOADS = """
import sys, polars as pl
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import ARRIVAL
from stillwatch.observe import load_tactics, observe_arrivals
from stillwatch.observe.content.replay import load_shipped
row = {"exchange_id": "e", "account_id": "a", "source_file": 0, "source_line": 1, "record_hash": 1}
frame = pl.DataFrame({**row, "prompt": "solve it step by step", "response": "yes"})
frame = ARRIVAL.conform(frame.with_columns(time=pl.lit(0).cast(pl.Datetime("us", "UTC"))))
observe_arrivals(frame, key=PseudonymKey(1, 2), model=load_tactics(), replay=load_shipped())
sys.exit("pandas" in sys.modules)
"""


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.float64])
@pytest.mark.parametrize("nulls", [[], [0], [2, 7, 8, 16]])
def test_numbers_are_given_as_arrow_itself_would(dtype: type[np.generic], nulls: list[int]) -> None:
    """Values, type and nulls are those of `pyarrow.array`, across the borders of bytes too."""
    values = np.arange(17).astype(dtype)
    mask = np.isin(np.arange(17), nulls)
    assert to_arrow(values, mask=mask).equals(pa.array(values, mask=mask))
    assert to_arrow(values).equals(pa.array(values))


def test_a_column_of_a_matrix_is_put_in_a_row() -> None:
    """What doesn't lie together is copied, not misread."""
    matrix = np.arange(12.0).reshape(4, 3)
    assert to_arrow(matrix[:, 1]).to_pylist() == [1.0, 4.0, 7.0, 10.0]


def test_nulls_of_a_slice_are_its_own() -> None:
    """A mask begins where the slice does."""
    column = pa.array([None if i % 3 == 0 else str(i) for i in range(30)])
    for start in (0, 1, 7, 8, 13):
        part = column.slice(start, 11)
        mask = null_mask(part)
        assert mask is not None
        assert mask.tolist() == [i % 3 == 0 for i in range(start, start + 11)]


def test_a_column_without_nulls_has_no_mask_and_one_of_nulls_is_all_mask() -> None:
    """Arrow keeps no bits for either."""
    assert null_mask(pa.array([1, 2])) is None
    mask = null_mask(pa.nulls(3))
    assert mask is not None
    assert mask.all()


def test_observing_loads_no_pandas() -> None:
    """A start would take 0.2 s longer wherever it is installed."""
    done = subprocess.run([sys.executable, "-c", LOADS], check=False)
    assert done.returncode == 0
