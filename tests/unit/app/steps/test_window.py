"""Which days a look is at."""

from __future__ import annotations

import pytest

from stillwatch.app.steps.window import choose_days

_ROWS = {"2026-11-20": 10, "2026-11-21": 10, "2026-11-23": 10}


def test_all_days_or_the_last() -> None:
    """Calendar days: one without traffic is one of them."""
    assert choose_days(_ROWS, count=None) == sorted(_ROWS)
    assert choose_days(_ROWS, count=1) == ["2026-11-23"]
    assert choose_days(_ROWS, count=3) == ["2026-11-21", "2026-11-23"]
    assert choose_days(_ROWS, count=99) == sorted(_ROWS)
    assert choose_days({}, count=3) == []


@pytest.mark.parametrize("stray", ["1970-01-01", "2099-01-01"])
def test_a_broken_clock_does_not_move_the_window(stray: str) -> None:
    """A day further from the median than a record may be is not the last."""
    assert choose_days(_ROWS | {stray: 1}, count=1) == ["2026-11-23"]
