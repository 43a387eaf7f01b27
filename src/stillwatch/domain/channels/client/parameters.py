"""Accounts set the same request parameters.

Temperature, token limit, tools, thinking and log-probabilities together.
Blind spot: the defaults.
Look-alikes: users of one application or tool.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="parameters",
    family="client",
    source="exchange",
    phrase="request parameters",
    column="parameters_hash",
)
