"""Accounts were made on one day.

See the hour.
Blind spot: sign-ups spread over months.
Look-alikes: a class, a hackathon, a launch.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="signup_day",
    family="lifecycle",
    source="register",
    phrase="the day of sign-up",
    is_moment=True,
)
