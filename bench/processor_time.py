"""Processor time of processes and of all that they have started, read from /proc (Linux alone).

What a clock on the wall says on a machine that others use is their load; what the processor was
busy for is ours. Children that have ended count through their parent.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = 1, slice(11, 15)
"""Fields after a process's name in /proc/PID/stat: its parent; own and ended children's time."""


def read_tree_s(root: int) -> float:
    """Give the seconds of a process and of all below it; of one that is gone, none."""
    children: dict[int, list[int]] = defaultdict(list)
    spent: dict[int, float] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        pid = int(place.name)
        children[int(fields[_PARENT])].append(pid)
        spent[pid] = sum(map(int, fields[_TIMES])) * _TICK_S
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        total += spent.get(pid, 0.0)
        waiting += children[pid]
    return total


class Watch:
    """How long this process, and others by name, were busy since the last question."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = dict(roots)
        self._last = self._read()

    def split_s(self) -> dict[str, float]:
        """Give the seconds since the last question, by name; `here` is this process alone."""
        now, last = self._read(), self._last
        self._last = now
        return {name: max(now[name] - last[name], 0.0) for name in now}

    def _read(self) -> dict[str, float]:
        others = {name: read_tree_s(pid) for name, pid in self._roots.items()}
        return {"here": time.process_time(), **others}
