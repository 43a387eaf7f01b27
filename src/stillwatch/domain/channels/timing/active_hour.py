"""Accounts are active in the same hours.

Hours of a longer window are sampled (`limits.ACTIVE_HOURS_MAX`).
Blind spot: hours of its own for each account.
Look-alikes: an office's working day; a nightly batch.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="active_hour",
    family="timing",
    source="exchange",
    phrase="the hours in which they are active",
    column="hour",
    is_moment=True,
)
