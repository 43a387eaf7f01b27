"""Accounts were made in one week.

See the hour.
Blind spot: aged accounts, bought.
Look-alikes: a term that begins, a campaign of advertising.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="signup_week",
    family="lifecycle",
    source="register",
    phrase="the week of sign-up",
    is_moment=True,
)
