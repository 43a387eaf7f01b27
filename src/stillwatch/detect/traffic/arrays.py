"""Arrays that judging works on: their types, and how columns, codes and lists become arrays."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.arrays import read_only

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


class Lists(NamedTuple):
    """Lists of numbers that lie one after another."""

    starts: I64
    """Where each begins, and where the last one ends."""
    items: U32


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


def deal_out(key: U32, items: U32, *, lists: int) -> Lists:
    """Deal items out into lists, as their keys say.

    Grain:   one entry per item. Order: as given, in each list.
    Cost:    a look at all; four bytes an item and eight a list.
    """
    starts, out = np.zeros(lists + 1, np.int64), np.empty(len(items), np.uint32)
    _deal_out(read_only(key), read_only(items), starts, out)
    return Lists(starts, out)


@nb.njit(nogil=True, cache=True, error_model="numpy", no_cfunc_wrapper=True)
def _deal_out(key: U32, items: U32, starts: I64, out: U32) -> None:
    """Count what each list gets, and write each item where its list goes on.

    NumPy counts eight bytes an item at once.
    """
    lists = len(starts) - 1
    for i in range(len(key)):
        starts[key[i] + 1] += 1
    for k in range(lists):
        starts[k + 1] += starts[k]
    for i in range(len(key)):
        out[starts[key[i]]] = items[i]
        starts[key[i]] += 1
    for k in range(lists, 0, -1):
        starts[k] = starts[k - 1]
    starts[0] = 0
