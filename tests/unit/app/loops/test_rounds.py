"""Going round: at once where more waits, later after a failure, and to an end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from stillwatch.app.loops.rounds import Ending, go_round
from stillwatch.domain import service_limits
from stillwatch.domain.errors import LakeError

_PATIENCE_S = 60


class Pauses(Ending):
    """An ending that notes how long it was waited for, and comes after so many rounds."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.asked: list[float] = []
        self._rounds = rounds

    def wait(self, seconds: float) -> bool:
        """Note it; nobody waits in a test."""
        self.asked.append(seconds)
        return len(self.asked) > self._rounds


def test_it_goes_on_at_once_while_more_waits() -> None:
    """Else after the interval."""
    more: Iterator[bool] = iter([True, True, False, False])
    pauses = Pauses(4)
    go_round(lambda: next(more), every_s=30, ending=pauses, complain=pytest.fail)
    assert pauses.asked == [0.0, 0.0, 0.0, 30, 30]


def test_a_failure_is_told_and_tried_again_later_and_later() -> None:
    """Up to a bound; a success resets it; a fault of ours is no failure, and ends the loop."""
    told: list[str] = []
    outcomes: Iterator[Exception | None] = iter(
        [LakeError("a")] * 3 + [None, OSError("b")] + [LakeError("c")] * 9 + [ValueError("fault")]
    )

    def work() -> bool:
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome
        return False

    pauses = Pauses(99)
    with pytest.raises(ValueError, match="fault"):
        go_round(work, every_s=30, ending=pauses, complain=lambda one: told.append(str(one)))
    assert told == ["a", "a", "a", "b", *["c"] * 9]
    assert pauses.asked[:6] == [0.0, 1.0, 2.0, 4.0, 30, 1.0]
    assert max(pauses.asked) == service_limits.COMMIT_BACK_OFF_S_MAX


@pytest.mark.parametrize("how", ["signal", "input"])
def test_a_process_ends_when_it_is_told_or_its_parent_is_gone(how: str) -> None:
    """By SIGTERM, and by the end of its standard input."""
    script = (
        "from stillwatch.app.loops.rounds import Ending, go_round\n"
        "ending = Ending(); ending.at_signals(); ending.with_input()\n"
        "print('here', flush=True)\n"
        "go_round(lambda: False, every_s=60, ending=ending, complain=print)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        if how == "signal":
            process.terminate()
        else:
            process.stdin.close()
        assert process.wait(_PATIENCE_S) == 0
