"""Evidence families and the channels in each: what one act of an attacker changes together.

Two verdict rules rest on this table: evidence is capped by family, and `fraudulent` needs two.
A channel's values are traits: what accounts can share. DESIGN.md, section 2.
"""

from __future__ import annotations

from typing import Final

from stillwatch.domain import channels
from stillwatch.domain.channels.channel import Channel, discover_channels

CONTENT: Final = "content"
IDENTITY: Final = "identity"
INFRASTRUCTURE: Final = "infrastructure"
CLIENT: Final = "client"
LIFECYCLE: Final = "lifecycle"
TIMING: Final = "timing"

FAMILIES: Final = (CONTENT, IDENTITY, INFRASTRUCTURE, CLIENT, LIFECYCLE, TIMING)

OPERATORS: Final = (CONTENT, IDENTITY, LIFECYCLE)
"""Families that are an operator's doing, and not its proxy's."""

_ALL: Final = tuple(one for f in FAMILIES for one in discover_channels(channels, family=f))

CHANNELS: Final = tuple(one for one in _ALL if one.is_held)
"""Those of which accounts hold values, by family and name."""

CHANNEL_OF: Final = {one.name: one for one in _ALL}

QUEUE: Final = CHANNEL_OF["requests_handed_on"]
"""Measured between accounts (`observe/echoes.py`): it stands beside `CHANNELS`."""

MOMENTS: Final = tuple(one.name for one in CHANNELS if one.is_moment)

__all__ = [
    "CHANNELS",
    "CHANNEL_OF",
    "CLIENT",
    "CONTENT",
    "FAMILIES",
    "IDENTITY",
    "INFRASTRUCTURE",
    "LIFECYCLE",
    "MOMENTS",
    "OPERATORS",
    "QUEUE",
    "TIMING",
    "Channel",
]
