"""Replay: which item of a public set a prompt holds, told by hashes of its 4-word shingles."""

from __future__ import annotations

from stillwatch.observe.content.replay.build import index_source, list_ordinary
from stillwatch.observe.content.replay.choose import Ordinary
from stillwatch.observe.content.replay.form import load_shipped, read_index, write_index
from stillwatch.observe.content.replay.index import ReplayIndex

__all__ = [
    "Ordinary",
    "ReplayIndex",
    "index_source",
    "list_ordinary",
    "load_shipped",
    "read_index",
    "write_index",
]
