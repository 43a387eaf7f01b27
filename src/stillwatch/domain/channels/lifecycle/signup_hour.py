"""Accounts were made in one hour.

Windows of an hour, a day and a week stand beside one another.
Blind spot: sign-ups spread over months.
Look-alikes: a class, a hackathon, a launch.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="signup_hour",
    family="lifecycle",
    source="register",
    phrase="the hour of sign-up",
    is_moment=True,
)
