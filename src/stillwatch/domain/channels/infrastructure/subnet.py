"""Accounts send from the same subnets.

/24 of IPv4, /48 of IPv6.
Blind spot: residential proxies.
Look-alikes: neighbours in a cloud region; a campus.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="subnet",
    family="infrastructure",
    source="exchange",
    phrase="subnets",
    column="subnet_hash",
)
