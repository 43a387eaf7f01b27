"""Propose, grow, part and merge: from every shared value to the groups that it stands for."""

from stillwatch.link.search.propose import propose_groups
from stillwatch.link.search.state import NO_START, Search, list_seeds, set_bars

__all__ = ["NO_START", "Search", "list_seeds", "propose_groups", "set_bars"]
