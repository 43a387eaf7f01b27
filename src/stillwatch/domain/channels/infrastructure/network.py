"""Accounts send from the same networks.

The autonomous system where logs have it, else /16 or /32.
Blind spot: residential proxies over many networks.
Look-alikes: customers of one carrier or cloud.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="network",
    family="infrastructure",
    source="exchange",
    phrase="networks",
    column="network_hash",
)
