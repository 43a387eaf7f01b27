"""What is known of a campaign, what is seen of one, and what became of it: the words of tracking.

Records without behaviour, between `memory`, which reads and writes them as tables, and `track`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from stillwatch.detect.through_time.matching import Look, Overlap


@dataclass(frozen=True)
class Known:
    """A campaign as it stood at the look before."""

    look: Look
    state: str
    kind: str
    first_seen: dt.datetime
    last_seen: dt.datetime


@dataclass(frozen=True)
class Sightings:
    """A campaign as today's look sees it, under the name that a scan would give it."""

    look: Look
    kind: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    successors: int = 0
    """Its accounts that took a stopped one's place."""


@dataclass(frozen=True)
class Event:
    """What has become of one campaign."""

    campaign_id: str
    state: str
    kind: str
    first_seen: dt.datetime
    last_seen: dt.datetime
    fresh_id: str | None = None
    accounts: int = 0
    new: frozenset[str] = frozenset()
    """Accounts that were never in it before."""
    came: frozenset[str] = frozenset()
    """These, and those that had left it and are back."""
    gone: frozenset[str] = frozenset()
    stopped: int = 0
    successors: int = 0
    overlap: Overlap | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tracked:
    """Names and events of one look."""

    name_of: dict[str, str] = field(default_factory=dict)
    """The name that a scan gives → the campaign's lasting id."""
    events: tuple[Event, ...] = ()
    """By campaign id."""
