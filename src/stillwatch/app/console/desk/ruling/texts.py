"""A policy's text line by line, with what is wrong with each line at that line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stillwatch.app.service.control.rules.policies import PolicyProblem

LINES_SHOWN_MAX: Final = 2_000
"""Lines of a policy that are shown with their numbers; a longer one is read in an editor."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, from 1, and its problems."""

    number: int
    before: str
    """Up to the first problem's column."""
    after: str
    problems: tuple[PolicyProblem, ...]


def read_lines(text: str, problems: Sequence[PolicyProblem]) -> list[Line]:
    """Give the lines of a text; a problem beyond its end stands at the last line.

    Order:   as in the text; problems of a line by their column.
    """
    lines = text.splitlines()[:LINES_SHOWN_MAX] or [""]
    at: dict[int, list[PolicyProblem]] = {}
    for one in sorted(problems, key=lambda one: (one.line, one.column)):
        at.setdefault(min(max(one.line, 1), len(lines)), []).append(one)
    return [_cut(number, line, at.get(number, [])) for number, line in enumerate(lines, start=1)]


def _cut(number: int, line: str, problems: list[PolicyProblem]) -> Line:
    column = problems[0].column - 1 if problems else len(line)
    return Line(number, line[:column], line[column:], tuple(problems))
