"""The committer: finished segments into the lake, as `ingest` would take their files, then gone.

Reads sealed segments, runs *ingest* and *observe* on them in one micro-batch, appends to the lake
with a manifest that names the segments, and deletes them. Killed anywhere it loses and doubles
nothing: what is not in a manifest is still a segment; a segment that a manifest names is deleted
and not read. Records that come again are duplicates, by the lake's own rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.app import late
from stillwatch.app.arrive import take_in_chunks
from stillwatch.app.loops.batches import SegmentBatch
from stillwatch.app.loops.early import note_early
from stillwatch.app.pool import Reading
from stillwatch.app.progress import QuietProgress
from stillwatch.app.settings import read_replay_index
from stillwatch.app.steps.facts import IngestFacts, read_facts
from stillwatch.app.steps.keep import NewFiles, move_in
from stillwatch.app.steps.opening import lake_to_fill
from stillwatch.app.steps.window import middle_day, rows_by_day
from stillwatch.domain import service_limits
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.ingest import IngestSettings
from stillwatch.ingest.register import read_register_chunks
from stillwatch.observe import load_tactics
from stillwatch.store.lake import Lake
from stillwatch.store.segments import Segment, SegmentFolder
from stillwatch.store.segments.mending import mend_abandoned
from stillwatch.store.segments.reading import read_sealed

_NOON: Final = time(12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Committed:
    """What one micro-batch has brought."""

    segments: int
    facts: IngestFacts
    damaged: int
    """Segments of which something could not be read, set aside."""
    left: int
    """Segments that wait still."""
    early: int = 0
    """New accounts that carry traits of known campaigns."""


@dataclass
class Committer:
    """What commits the segments of a folder to a lake."""

    folder: SegmentFolder
    lake: Path
    key: PseudonymKey
    settings: Settings
    account_field: str | None = None
    _reading: Reading | None = field(default=None, repr=False)

    def commit_waiting(self) -> Committed | None:
        """Commit the segments that wait, as many as one append may hold; None where none waits.

        Raises:
            LakeError: the lake can't be written, or is damaged or another key's; all segments stay.
            SegmentError: a segment is of another key; all segments stay.
        """
        if not self.folder.place.is_dir():
            return None
        mend_abandoned(self.folder, secret=self.key.to_bytes())
        if not self.folder.sealed():
            return None
        with lake_to_fill(self.lake, key=self.key) as (lake, passing):
            waiting = self._without_known(self.folder.sealed(), lake)
            chosen = waiting[: service_limits.COMMIT_SEGMENTS_MAX]
            if not chosen:
                return None
            facts, early, damaged = self._commit(chosen, lake, passing)
        self._clear(chosen, damaged)
        left = len(waiting) - len(chosen)
        return Committed(len(chosen), facts, len(damaged), left, early)

    def _commit(
        self, chosen: list[Segment], lake: Lake, passing: Lake
    ) -> tuple[IngestFacts, int, list[Segment]]:
        batch = SegmentBatch(chosen, secret=self.key.to_bytes())
        late.compile_ahead()
        with QuietProgress().stage("commit") as stage:
            arrived = take_in_chunks(
                batch, reading=self._how(), lake=passing, stage=stage, centre=_centre_of(lake)
            )
        register = read_register_chunks(batch.register(), key=self.key)
        facts = move_in(arrived, register, lake, NewFiles(batch.files(), 0, batch.digests()))
        early = note_early(lake, arrived, key=self.key, settings=self.settings.link)
        return facts, early, batch.damaged

    def _without_known(self, waiting: list[Segment], lake: Lake) -> list[Segment]:
        """Delete the segments that the lake has already: we were killed between the two."""
        held = {digest for one in read_facts(lake) for digest in one.digests.values()}
        known = [one for one in waiting if one.id in held]
        self._clear(known, [one for one in known if self._is_damaged(one)])
        return [one for one in waiting if one.id not in held]

    def _is_damaged(self, segment: Segment) -> bool:
        reading = read_sealed(segment.path, secret=self.key.to_bytes())
        for _ in reading.records():
            pass
        return bool(reading.damage)

    def _clear(self, committed: Sequence[Segment], damaged: Sequence[Segment]) -> None:
        for one in damaged:
            self.folder.set_aside(one)
        self.folder.remove([one for one in committed if one not in damaged])

    def _how(self) -> Reading:
        """Load what observing needs, once."""
        if self._reading is None:
            self._reading = Reading(
                IngestSettings(account_field=self.account_field),
                self.key,
                load_tactics(),
                read_replay_index(self.settings.observe.replay_index),
            )
        return self._reading


def _centre_of(lake: Lake) -> Callable[[pl.Series], datetime]:
    """Measure times from the middle of the lake and the batch: a batch may be two records."""

    def centre(times: pl.Series) -> datetime:
        rows = Counter(rows_by_day(lake))
        days = times.dt.date().cast(pl.String).value_counts()
        rows.update(dict(days.iter_rows()))
        day = middle_day(rows)
        assert day is not None  # noqa: S101  it is asked about rows that there are
        return datetime.combine(day, _NOON)

    return centre
