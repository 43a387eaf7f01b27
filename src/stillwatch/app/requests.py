"""What is asked of the pipeline and what it gives back: the border of the command line.

Records without behaviour, so that the pipeline and the commands can both import them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict

if TYPE_CHECKING:
    import polars as pl

    from stillwatch.decide.policy.model import Policy
    from stillwatch.detect.dispositions.answered import Answered

STANDARD_INPUT: Final = Path("-")
"""The traffic's name when it comes through the pipe."""
EXIT_QUARANTINED: Final = 3
"""Done, but too many records were left out: CONTRACT.md, section 2."""
MAX_QUARANTINE: Final = 0.01
"""Share of records: CONTRACT.md, section 2, exit code 3."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which logs, and how to read them."""

    traffic: Path
    """A directory, or `STANDARD_INPUT`."""
    format: str | None = None
    mapping: Path | None = None
    account_field: str | None = None


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One run of the main job."""

    traffic: Path
    out: Path
    format: str | None = None
    mapping: Path | None = None
    account_field: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    retain_text: bool = False
    max_quarantine: float = MAX_QUARANTINE
    seed: int = 0
    policy: Policy | None = None
    """None = the shipped one."""


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Logs that are to be added to a lasting lake."""

    source: Source
    lake: Path

    def as_scan(self) -> ScanRequest:
        """Give the reading of these logs as a scan would read them; no text is retained."""
        logs = self.source
        return ScanRequest(logs.traffic, self.lake, logs.format, logs.mapping, logs.account_field)


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What a ledger says as a look begins: what is permitted, and which policy rules."""

    as_of: int
    """Number of the last audit entry that was read."""
    said: pl.DataFrame
    """On permissions: `ingest.snapshots.SAID`."""
    policy_from: str
    """`ledger`, `file` or `shipped`."""
    policy_id: str | None = None
    """The version in the ledger that the policy is; None = it is not published there yet."""
    problem: str = ""
    """Why the policy that should rule rules nothing; empty = it does."""
    answered: Answered | None = None
    """What people have answered about groups."""


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """A look at a lasting lake."""

    lake: Path
    out: Path
    window_days: int | None = None
    """Calendar days up to the last; None = every day that the lake holds."""
    seed: int = 0
    policy: Policy | None = None
    beforehand: Beforehand | None = None
    """None = the look stands beside no ledger."""

    @property
    def rules(self) -> tuple[Policy | None, Beforehand | None]:
        """The policy, and what the ledger says beforehand."""
        return self.policy, self.beforehand


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """What a run has left."""

    result: Path
    run: dict[str, Any]
    """The content of run.json."""
    quarantined_share: float


class FieldFill(TypedDict):
    """One field of one kind of record, and how full it is."""

    table: str
    field: str
    share: float
    """Share of records in which it is neither absent nor null, in [0, 1]."""


class CheckState(TypedDict):
    """One check (a channel, or a test of the later stages), and whether it can run."""

    check: str
    runs: bool
    reason: str
    """Why it stands aside; what it rests on, where it runs."""


class SmallestCampaign(TypedDict):
    """What a campaign would have to be to show in these logs."""

    heads: int
    exchanges_per_head: float
    says: str
    """The sentence for a person, with its conditions."""


class TrafficCheck(TypedDict):
    """What `check` says of a traffic directory."""

    inputs: list[dict[str, Any]]
    counts: dict[str, int]
    fields: list[FieldFill]
    checks: list[CheckState]
    smallest_campaign: SmallestCampaign | None
