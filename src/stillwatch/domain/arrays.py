"""Arrays as Numba and Arrow take them: one type a kernel, and no copy on the way out.

Numba compiles a kernel anew for an array that may be written and for one that may not: what comes
from Polars, from a pickle or from a mask differs in that alone. A kernel's callers settle it here.
Arrow's own way in, `pyarrow.array`, imports pandas wherever that is installed, to ask whether it
was given some of its objects: 0.2 s of a start. Beside that, pairs of numbers that are sorted as
one (NumPy sorts those ten times faster than it argues about an order), and the one sum that *link*
and *detect* both rest on.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Scalar = TypeVar("Scalar", bound=np.generic)
Numbers = npt.NDArray[np.floating]
Whole = npt.NDArray[np.integer]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
_LOW: Final = 32
"""Bits of the second number of a pair."""


def read_only(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """Give a view that can't be written.

    Grain:   as given. Cost: none; the values are not copied, and who holds the array may write.
    """
    view = array.view()
    view.flags.writeable = False
    return view


def to_arrow(values: npt.NDArray[Any], *, mask: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Give numbers to Arrow; null where the mask is set.

    Grain:   as given. Cost: none; the values are not copied, if they lie in a row.
    """
    valid, nulls = to_validity(mask)
    buffers = [valid, pa.py_buffer(np.ascontiguousarray(values))]
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), buffers, null_count=nulls)


def to_validity(mask: npt.NDArray[np.bool_] | None) -> tuple[pa.Buffer | None, int]:
    """Give a mask of nulls as Arrow holds it, a bit a value, and how many there are."""
    nulls = 0 if mask is None else int(mask.sum())
    if mask is None or not nulls:
        return None, 0
    return pa.py_buffer(np.packbits(~mask, bitorder="little")), nulls


def null_mask(array: pa.Array) -> npt.NDArray[np.bool_] | None:
    """Give where an Arrow array is null; None where it never is.

    Grain:   one Boolean per value. Cost: none where the array has no null.
    """
    if not array.null_count:
        return None
    if (bits := array.buffers()[0]) is None:  # a column of nothing but nulls
        return np.ones(len(array), np.bool_)
    known = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return np.asarray(known[array.offset : array.offset + len(array)] == 0)


def pair(high: Whole, low: Whole) -> I64:
    """Put two numbers in one that sorts as they do: the first below 2**31, the second below 2**32.

    Grain:   one per entry. Cost: eight bytes each.
    """
    pairs = high.astype(np.int64)
    pairs <<= _LOW
    return np.bitwise_or(pairs, low, out=pairs, casting="unsafe")


def unpair(pairs: I64) -> tuple[I32, I64]:
    """Give the two numbers of each pair.

    Grain:   one of each per entry.
    """
    return (pairs >> _LOW).astype(np.int32), pairs & (2**_LOW - 1)


def start_runs(ordered: npt.NDArray[Any]) -> I64:
    """Say where each run of equal entries begins.

    Grain:   one place per run.
    """
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])


def start_counts(counts: Whole) -> I64:
    """Say where each of several lists begins that lie one after another.

    Grain:   one place per list, and where the last one ends.
    """
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def turn_lists(
    starts: I64, held: tuple[Whole, Numbers], at: I64, turned: tuple[Whole, Numbers]
) -> None:
    """Turn lists of what each owner holds into lists of who holds each thing.

    Grain:   one entry per entry of `held`, a thing and its weight; `turned` gets owner and weight.
    Order:   owners ascend in each list. `at`, which is moved, is where each thing's next one goes.
    Cost:    linear; no copy.
    """
    for owner in range(len(starts) - 1):
        for row in range(starts[owner], starts[owner + 1]):
            place = at[held[0][row]]
            turned[0][place] = owner
            turned[1][place] = held[1][row]
            at[held[0][row]] = place + 1


def rank_values(values: I64) -> tuple[I64, I32]:
    """Number different values: those first that stand there most often.

    Grain:   the different values; and one number per entry, its value's place among them.
    Order:   by how often, then by value.
    Cost:    a sort. NumPy's own `unique` takes three times as long to give the numbers.
    """
    order = np.argsort(values)
    ordered = values[order]
    starts = start_runs(ordered)
    counts = np.diff(starts, append=len(values))
    ranked = np.argsort(-counts, kind="stable")
    place = np.empty(len(starts), np.int32)
    place[ranked] = np.arange(len(starts), dtype=np.int32)
    number = np.empty(len(values), np.int32)
    number[order] = np.repeat(place, counts)
    return ordered[starts][ranked], number


def log2_betabinomial(
    k: npt.ArrayLike, n: npt.ArrayLike, *, mean: npt.ArrayLike, rho: float
) -> npt.NDArray[np.float64]:
    """Give the probability of k of n, in bits, under a beta-binomial.

    A binomial would take the n for independent draws; they are not where people of one cohort do
    alike, or one person acts n times.

    Grain:   one figure per entry of what the arguments broadcast to.
    Units:   log2 of a probability. k may be fractional (an expected count): by Jensen's inequality
             that can only lower a convex likelihood ratio. `mean` is in (0, 1), `rho` the
             correlation of two of the n, in (0, 1).
    Source:  coordination.md, 2.5; rho is there the correlation inside a cohort.
    """
    # A tenth of a second to load, and not needed before the last exchange has been read.
    from scipy.special import betaln, gammaln  # noqa: PLC0415  see above

    k, n, mean = (np.asarray(given, np.float64) for given in (k, n, mean))
    scale = (1 - rho) / rho
    a, b = mean * scale, (1 - mean) * scale
    choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray((choose + betaln(k + a, n - k + b) - betaln(a, b)) / np.log(2), np.float64)
