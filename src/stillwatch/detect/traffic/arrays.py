"""Arrays that judging works on: their types, and how columns and sorted codes become arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


def read_embeddings(column: pl.Series) -> npt.NDArray[np.int8]:
    """Give embeddings as rows of numbers.

    Grain:   one row of limits.EMBEDDING_DIMENSIONS per exchange; zero where there is no prompt.
    """
    found = np.zeros((len(column), limits.EMBEDDING_DIMENSIONS), np.int8)
    there = column.drop_nulls()
    if len(there):
        joined = there.to_arrow().buffers()[2]  # of one length each, one after the other
        numbers = np.frombuffer(joined, np.int8, len(there) * limits.EMBEDDING_DIMENSIONS)
        found[column.is_not_null().to_numpy()] = numbers.reshape(len(there), -1)
    return found


def start_codes(sorted_codes: npt.NDArray[np.integer], n: int) -> I64:
    """Say where the rows of each code begin.

    Grain:   one place per code, and the number of rows at the end.
    """
    counts = np.bincount(sorted_codes, minlength=n)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
