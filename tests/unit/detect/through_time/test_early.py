"""Accounts of known campaigns at their first requests: two families, or nothing is said."""

from __future__ import annotations

import polars as pl
import pytest

from stillwatch.detect.through_time.early import sight_early
from stillwatch.domain.lake_tables import TELLING
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import TRAIT


def telling(*rows: tuple[str, int, str, int, float]) -> pl.DataFrame:
    """Write (campaign, look, channel, value, bits)."""
    return pl.DataFrame(rows, schema=TELLING.schema, orient="row")


def traits(*rows: tuple[str, str, int, float]) -> pl.DataFrame:
    """Write (account, channel, value, share)."""
    return pl.DataFrame(rows, schema=TRAIT.schema, orient="row")


KNOWN = telling(
    ("c1", 2, "client", 7, 5.5),
    ("c1", 2, "payment", 8, 9.0),
    ("c1", 2, "email_domain", 9, 5.0),
    ("c1", 2, "system_text", 5, 4.0),
    ("c2", 2, "client", 7, 6.0),
    ("c1", 1, "device", 6, 9.0),
)


def sight(*rows: tuple[str, str, int, float]) -> list[dict[str, object]]:
    """Look at some traits."""
    return sight_early(traits(*rows), KNOWN, settings=LinkSettings()).to_dicts()


def test_two_families_that_tell_enough_are_a_suspect() -> None:
    """With the campaign, the bits after the cap, and what is shared, the strongest first."""
    found = sight(
        ("new", "client", 7, 1.0), ("new", "payment", 8, 1.0), ("new", "email_domain", 9, 1.0)
    )
    assert found == [
        {
            "account_id": "new",
            "campaign_id": "c1",
            "verdict": "suspect",
            "weight_bits": 11.5,
            "families": ["identity", "client"],
            "channels": ["payment", "email_domain", "client"],
        }
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [("a", "payment", 8, 1.0), ("a", "email_domain", 9, 1.0)],
        [("a", "client", 7, 1.0), ("a", "system_text", 5, 1.0)],
        [("a", "client", 7, 0.5), ("a", "payment", 8, 1.0)],
        [("a", "client", 8, 1.0), ("a", "payment", 7, 1.0)],
        [("a", "device", 6, 1.0), ("a", "payment", 8, 1.0)],
    ],
    ids=["one-family", "too-little", "part-of-its-traffic", "other-values", "an-earlier-look"],
)
def test_less_than_that_says_nothing(rows: list[tuple[str, str, int, float]]) -> None:
    """One family however loud, two that whisper, values of a look that is past."""
    assert sight(*rows) == []


def test_the_order_of_rows_is_irrelevant() -> None:
    """Backwards gives the same."""
    rows = [("b", "client", 7, 1.0), ("b", "payment", 8, 1.0), ("a", "client", 7, 1.0)]
    assert sight(*rows) == sight(*rows[::-1])
