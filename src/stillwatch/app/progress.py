"""Progress of long work on the standard error: stage, rate, time left; silent when piped.

The pipeline is given a `Progress` and reports to it; whether anybody looks is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text


class Stage(Protocol):
    """One stage under way."""

    def advance(self, n: int = 1) -> None:
        """Count `n` more units (records, accounts, seeds) as done; any thread may call it."""


class Progress(Protocol):
    """Whom the pipeline tells how far it is."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Begin a stage of `total` units, where that is known; it ends with the block."""


class _SilentStage:
    def advance(self, n: int = 1) -> None:
        """Nobody looks."""


class QuietProgress:
    """Nobody looks: piped, in a job, in a test."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Begin a stage that nobody sees."""
        del name, total
        return nullcontext(_SilentStage())


class _ShownStage:
    def __init__(self, bars: Bars, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def advance(self, n: int = 1) -> None:
        self._bars.advance(self._task, n)


class TerminalProgress:
    """A line a stage, drawn by rich."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Begin a stage; a stage without a total shows its count, its rate and a moving bar."""
        task = self._bars.add_task(name, total=total)
        yield _ShownStage(self._bars, task)
        done = self._bars.tasks[self._bars.task_ids.index(task)].completed
        self._bars.update(task, total=max(done, 1), completed=max(done, 1))


class _RateColumn(ProgressColumn):
    """Units a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed and task.completed > 1 else "", style="dim")


@contextmanager
def shown_progress(console: Console | None = None) -> Iterator[Progress]:
    """Give a `Progress` that draws on the standard error if that is a terminal."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield QuietProgress()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        yield TerminalProgress(bars)
