"""Properties of the sketch of accounts that hold for any exchanges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stillwatch.detect.interchangeability.dimensions import DIMENSIONS, measure_shares
from stillwatch.detect.interchangeability.sketch import Sketch, sketch_accounts

Numbers = npt.NDArray[np.int64]
ROWS = 40
COLUMNS = st.tuples(
    arrays(np.int8, (ROWS, 32), elements=st.integers(-127, 127)),
    arrays(np.int64, ROWS, elements=st.integers(0, 13)),
    arrays(np.int64, ROWS, elements=st.integers(0, 60)),
    arrays(np.int64, ROWS, elements=st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.sampled_from(["writing", "coding", None]), min_size=ROWS, max_size=ROWS),
)


def observe(columns: tuple) -> pl.DataFrame:
    """Make exchanges of drawn columns."""
    vectors, account, hour, parameters, capability = columns
    return pl.DataFrame(
        {
            "account_id": [f"a{code}" for code in account],
            "hour": hour,
            "embedding": [row.tobytes() for row in vectors],
            "parameters_hash": parameters,
            "capability": pl.Series(capability, dtype=pl.String),
        }
    )


def same(one: Sketch, other: Sketch) -> bool:
    """Every frame equal to the bit."""
    names = ("content", "parameters", "activity")
    return all(getattr(one, name).equals(getattr(other, name)) for name in names)


@settings(deadline=None, max_examples=40)
@given(COLUMNS, arrays(np.int64, ROWS, elements=st.integers(0, 2)), st.permutations(range(3)))
def test_merging_shards_gives_the_whole_in_any_order(
    columns: tuple, shard: Numbers, order: list[int]
) -> None:
    """However exchanges are cut, and in whatever order the parts are added."""
    exchanges = observe(columns)
    parts = [
        sketch_accounts(exchanges.filter(pl.Series(shard == at)), speciality="capability")
        for at in order
    ]
    merged = parts[0] + parts[1] + parts[2]
    assert same(merged, sketch_accounts(exchanges, speciality="capability"))
    assert same(parts[0] + (parts[1] + parts[2]), merged)


@settings(deadline=None, max_examples=40)
@given(COLUMNS, st.permutations(range(ROWS)))
def test_neither_the_order_of_exchanges_nor_the_names_of_accounts_count(
    columns: tuple, order: list[int]
) -> None:
    """Shuffled and renamed (in the same order), a group has the same shares or the same silence."""
    exchanges = observe(columns)
    renamed = exchanges[list(order)].with_columns("b" + pl.col("account_id"))
    one, other = (measure_shares(sketch_accounts(e)) for e in (exchanges, renamed))
    for name in DIMENSIONS:
        assert one[name].accounts == other[name].accounts
        assert np.allclose(one[name].share, other[name].share, equal_nan=True)
        assert np.allclose(one[name].high, other[name].high, equal_nan=True)


@settings(deadline=None, max_examples=40)
@given(COLUMNS)
def test_below_ten_accounts_nobody_is_compared(columns: tuple) -> None:
    """Nine accounts at most: nan in every dimension, inside specialities too."""
    exchanges = observe((columns[0], columns[1] % 9, *columns[2:]))
    sketch = sketch_accounts(exchanges, speciality="capability")
    for inside in (False, True):
        shares = measure_shares(sketch, inside=inside)
        assert all(np.isnan([s.share, s.low, s.high]).all() for s in shares.values())
