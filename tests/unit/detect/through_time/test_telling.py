"""What a group is told by: values that its accounts hold and others don't, hours left out."""

from __future__ import annotations

import polars as pl

from stillwatch.detect.through_time.telling import find_telling
from stillwatch.domain import limits
from stillwatch.domain.tables import TRAIT


def traits(*rows: tuple[str, str, int]) -> pl.DataFrame:
    """Trait rows: account, channel, value."""
    return TRAIT.conform(
        pl.DataFrame([(*row, 1.0) for row in rows], schema=list(TRAIT.columns), orient="row")
    )


MEMBERS = pl.DataFrame({"group_id": ["g"] * 4, "account_id": ["a0", "a1", "a2", "a3"]})
OTHERS = [f"o{k}" for k in range(12)]


def test_a_value_tells_by_who_holds_it_inside_and_outside() -> None:
    """All inside and nobody outside: two bits for four of sixteen; what all hold tells nothing."""
    rows = [(a, "template", 1) for a in MEMBERS["account_id"]]
    rows += [(a, "client", 2) for a in (*MEMBERS["account_id"], *OTHERS)]
    found = find_telling(traits(*rows), MEMBERS)
    assert found.rows() == [("g", "template", 1, 2.0)]


def test_a_value_of_one_account_and_a_moment_tell_nothing() -> None:
    """An own card is nobody else's sign, and yesterday's hour is not today's."""
    rows = [(a, "active_hour", 7) for a in MEMBERS["account_id"]]
    rows += [("a0", "payment", 3), *((o, "client", 2) for o in OTHERS)]
    assert find_telling(traits(*rows), MEMBERS).is_empty()


def test_the_weightiest_are_kept_and_order_is_irrelevant() -> None:
    """At most as many as limits.py says."""
    count = limits.TELLING_VALUES_MAX + 10
    rows = [(a, "address", v) for v in range(count) for a in MEMBERS["account_id"]]
    rows += [(o, "client", 2) for o in OTHERS]
    found = find_telling(traits(*rows), MEMBERS)
    assert found["value"].to_list() == list(range(limits.TELLING_VALUES_MAX))
    assert found.equals(find_telling(traits(*reversed(rows)), MEMBERS[::-1]))
