"""Accounts come by one access path.

The API, the console, or a third party's cloud.
Blind spot: all paths at once.
Look-alikes: customers of one cloud.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="access_path",
    family="infrastructure",
    source="exchange",
    phrase="an access path",
    column="access_path",
)
