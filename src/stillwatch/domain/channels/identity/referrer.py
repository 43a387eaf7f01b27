"""Accounts were sent by one referrer.

The hash of the referrer that the register names.
Blind spot: none given.
Look-alikes: users of a tool that launches; a hackathon.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="referrer",
    family="identity",
    source="register",
    phrase="a referrer",
    column="referrer_hash",
)
