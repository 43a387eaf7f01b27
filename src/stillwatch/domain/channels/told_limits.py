"""Bounds of what is told of a tied group at no weight (`detect/rhythms/`), each with its reason.

They stand beside the catalogue, and not in `domain/limits.py`, which is as long as a page may be.
Where a group has more than a bound, an even choice of it is read: a statistic of a sample of its
members is one of the group.
"""

from __future__ import annotations

from typing import Final

RHYTHM_MEMBERS_MAX: Final = 96
"""Members of a group whose hours are read: average correlations of 0.04 still show."""
RHYTHM_EXCHANGES_MAX: Final = 32_768
"""Exchanges of those members; of busier ones fewer members are read."""
RHYTHM_DAYS_MAX: Final = 28
"""Days of a window that are read, the last ones: four weeks hold each weekday four times."""
RHYTHM_PERMUTATIONS: Final = 99
"""Draws of a null: p-values from 0.01 on, which is enough for a figure that weighs nothing."""
RHYTHM_ACCOUNTS_MAX: Final = 2_048
"""Accounts of the run that stand for it: shares of them have an error of one in a hundred."""
RHYTHM_ORDERED_MAX: Final = 768
"""Core exchanges whose order is read: 96 in each eighth of the window."""
RHYTHM_STAYS_MAX: Final = 512
"""Stays at addresses that members share, the first ones by address."""
RHYTHM_MEMBERS_MIN: Final = 10
"""Members with enough traffic below which a group is told no rhythm: statistics of a few accounts
are those accounts."""
RHYTHM_ITEMS_MIN: Final = 50
"""Exchanges that replay a public item, or pairs of equal prompts, below which nothing is said."""
RHYTHM_BANS_MIN: Final = 3
"""Members that were stopped inside the window below which nobody's coming can answer it."""
