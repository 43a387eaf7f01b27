"""Write-ahead segments: what was acknowledged rests here, encrypted, until the lake has it.

`journal` writes (one process), `folder` lists and deletes, `reading` gives the records back,
`mending` ends what a killed writer has left, `frames` is the format, `records` what one holds.
"""

from stillwatch.store.segments.bounds import JournalBounds
from stillwatch.store.segments.folder import Segment, SegmentFolder
from stillwatch.store.segments.journal import Journal
from stillwatch.store.segments.reading import Damage, SegmentReading
from stillwatch.store.segments.records import Record, pack_record

__all__ = [
    "Damage",
    "Journal",
    "JournalBounds",
    "Record",
    "Segment",
    "SegmentFolder",
    "SegmentReading",
    "pack_record",
]
