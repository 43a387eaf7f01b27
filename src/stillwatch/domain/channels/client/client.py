"""Accounts send with one client stack.

User agent and TLS fingerprint together.
Blind spot: the most common stack of all.
Look-alikes: users of one SDK version.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="client",
    family="client",
    source="exchange",
    phrase="a client stack",
    column="client_hash",
)
