"""Bounds of what is told at no weight, each with its reason: rhythms, heirs, window tests.

They stand beside the catalogue, and not in `domain/limits.py`, which is as long as a page may be.
Where a tied group has more than a bound of its rhythms (`detect/rhythms/`), an even choice of it is
read: a statistic of a sample of its members is one of the group.
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
INHERITED_HOLDERS_MAX: Final = 200
"""Accounts of a campaign that may hold a value for it to tell who took whose place: with more it is
worth less than seven bits in 25,000, and pairs would grow with their square."""
ANSWERED_STOPS_MAX: Final = 64
"""Stops that a beginning is paired with, those nearest to the campaign's usual delay: of so
many one is named by chance, and pairs would grow with their square."""
TYPED_BYTES_MAX: Final = 8_192
"""Bytes of a text whose typing is read, the first ones: a hundred sentences show a habit, and eight
bytes are held for each while at work."""
REPERTOIRES_PER_ACCOUNT_MAX: Final = 8
"""Repertoires that an account is said to have: its languages, its tools, and some harvests."""
