"""What holds decisions up for milliseconds: searches for garbage, and threads that keep running."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from stillwatch.app.service.serve import Settling, calm_process


@pytest.fixture
def as_before() -> Iterator[None]:
    """Leave the process of the tests as it was."""
    thresholds, switch_s = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(switch_s)


@pytest.mark.usefixtures("as_before")
def test_what_is_there_at_the_start_is_searched_no_more() -> None:
    """Frozen, with rarer searches after, and threads that give way within a millisecond."""
    calm_process()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] >= 10_000
    assert sys.getswitchinterval() <= 0.001


def test_a_large_table_is_kept_out_of_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as so many rows have changed, at once or little by little; and small ones are not."""
    frozen: list[int] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(1))
    settling = Settling()
    settling.tell("source.failed", fault="OSError")
    for _ in range(3):
        settling.tell("table.changed", version=1, rows=3_000)
    assert not frozen
    settling.tell("table.changed", version=2, rows=1_000)
    assert len(frozen) == 1
    settling.tell("table.changed", version=3, rows=20_000)
    assert len(frozen) == 2
