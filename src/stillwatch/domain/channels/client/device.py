"""Accounts send from the same devices.

The hash of the device id that the logs have.
Blind spot: none sent, or one made up for each account.
Look-alikes: a lab's shared machines.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="device",
    family="client",
    source="exchange",
    phrase="devices",
    column="device_hash",
)
