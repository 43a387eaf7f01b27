"""What each ingest and each look has left in the manifests of a lake, as records.

A manifest's `about` is JSON that old and new versions may read; here it becomes typed once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from stillwatch.store.lake import Lake
from stillwatch.store.upkeep.thinning import GONE


@dataclass(frozen=True)
class IngestFacts:
    """One ingest: its counts, its files, and what it said of the register."""

    counts: dict[str, int] = field(default_factory=dict)
    """read = exchanges + quarantined + duplicates; exchanges are those that were new."""
    register_counts: dict[str, int] = field(default_factory=dict)
    nulled: dict[str, int] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    """As in run.json: name, bytes, sha256, dialect, records, and why it broke off."""
    digests: dict[str, str] = field(default_factory=dict)
    """Name → fingerprint of a file's bytes and of how it was read."""
    files_known: int = 0
    first: str | None = None
    last: str | None = None
    has_permissions: bool = False
    states_org_verified: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give what goes into the manifest.

        Nulls:   as they are.
        """
        return asdict(self)


@dataclass(frozen=True)
class LookFacts:
    """One look: of what, and how it is told from another."""

    look: int
    ingests: int
    """How many ingests the lake had."""
    window: tuple[str, ...]
    """The days that were looked at."""


@dataclass(frozen=True)
class GoneFacts:
    """Rows that have left the lake for good, at one time and for one reason."""

    why: str
    """`retention` or `erasure`."""
    at: str
    rows: dict[str, dict[str, int]]
    """Table → day → rows."""

    def of(self, table: str) -> int:
        """Give how many rows of a table have left."""
        return sum(self.rows.get(table, {}).values())


def read_gone(lake: Lake) -> list[GoneFacts]:
    """Read what has left a lake, the oldest first.

    Nulls:   a fact that an older version did not write has its default.
    """
    told = [about[GONE] for _, about in lake.appends() if GONE in about]
    return [GoneFacts(one["why"], one["at"], one["rows"]) for one in told]


def read_facts(lake: Lake) -> list[IngestFacts]:
    """Read what every ingest left, the oldest first.

    Nulls:   a fact that an older version did not write has its default.
    """
    known = {one.name for one in fields(IngestFacts)}
    return [
        IngestFacts(**{name: v for name, v in about["ingest"].items() if name in known})
        for _, about in lake.appends()
        if "ingest" in about
    ]


def read_looks(lake: Lake) -> list[LookFacts]:
    """Read what every look left, the oldest first.

    Order:   by the number of the look.
    """
    told = [about["look"] for _, about in lake.appends() if "look" in about]
    return [LookFacts(int(one["look"]), int(one["ingests"]), tuple(one["window"])) for one in told]
