"""Putting other files in the place of a lake's own: compaction, and rows that go for good.

All of it writes new files that nobody reads, then one checkpoint, whose appearance is the change
(`rewriting`); `compacting` merges, `thinning` leaves rows out, `migrating` brings an older lake to
this version, `sweeping` deletes what no reader can need any more; `copying` makes backups. Whoever
calls holds the lake: nobody ingests or looks meanwhile. The clock is the caller's.
"""

from stillwatch.store.upkeep.compacting import compact_lake
from stillwatch.store.upkeep.migrating import migrate_lake
from stillwatch.store.upkeep.sweeping import sweep_lake
from stillwatch.store.upkeep.thinning import thin_lake

__all__ = ["compact_lake", "migrate_lake", "sweep_lake", "thin_lake"]
