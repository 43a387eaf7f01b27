"""Campaigns through time: the same campaign from look to look, and alarms that outlast looking.

Pure: what was known of campaigns and what is seen today go in; ids, states and events come out.
`telling` says what a group is told by, `matching` which campaign of today is which of before,
`track` what has become of each, `alarms` which are new beyond doubt however often one looks;
`memory` is all of it as tables, `naming` puts the lasting ids into a result.
"""

from stillwatch.detect.through_time.alarms import raise_alarms
from stillwatch.detect.through_time.memory import (
    Memory,
    note_look,
    recall_campaigns,
    sight_campaigns,
)
from stillwatch.detect.through_time.naming import rename_campaigns
from stillwatch.detect.through_time.telling import find_telling
from stillwatch.detect.through_time.track import track_campaigns

__all__ = [
    "Memory",
    "find_telling",
    "note_look",
    "raise_alarms",
    "recall_campaigns",
    "rename_campaigns",
    "sight_campaigns",
    "track_campaigns",
]
