"""Accounts were first used at one age.

In powers of two of an hour, of accounts made within the traffic.
Blind spot: accounts kept for a while, each for another.
Look-alikes: people who sign up in order to ask something.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="age_at_first_use",
    family="lifecycle",
    source="register",
    phrase="the age at first use",
    is_moment=True,
)
