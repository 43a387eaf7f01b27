"""How a scenario is cast: its scale, and the look-alikes that somebody asked for.

Read by `scenarios`; made by `simulate` and its command. The one idea: a scenario has its own number
of every look-alike, and what is asked for by name replaces it, 0 for none of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from stillwatch.domain.errors import InputError
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES


@dataclass(frozen=True, slots=True)
class Casting:
    """What a scenario's cast depends on, besides chance."""

    scale: float = 1.0
    asked: dict[str, int] = field(default_factory=dict)
    """Groups by the name of a look-alike, where the scenario's own number isn't wanted."""

    def count(self, number: int, *, least: int = 5) -> int:
        """Give a number of accounts at the scale."""
        return max(least, round(number * self.scale))

    def keep(self, names: Iterable[str]) -> list[str]:
        """Give the names of which nobody asked for another number."""
        return [name for name in names if name not in self.asked]


def read_asked(options: Iterable[str]) -> dict[str, int]:
    """Read `NAME=N` of the command line.

    Raises:
        InputError: it isn't of that form, or there is no such look-alike.
    """
    asked: dict[str, int] = {}
    for option in options:
        name, _, number = option.partition("=")
        if name not in LOOK_ALIKES:
            message = f"there is no look-alike {name!r}"
            raise InputError(message, hint=f"the lab knows {', '.join(LOOK_ALIKES)}")
        if not (number.isascii() and number.isdigit()):
            message = f"--look-alike is {option!r}"
            raise InputError(message, hint=f"{name}=N: so many groups of it, 0 for none")
        asked[name] = int(number)
    return asked
