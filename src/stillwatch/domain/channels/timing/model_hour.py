"""Accounts took up a new model in the same hour after its release.

Of models released within the traffic.
Blind spot: waiting.
Look-alikes: whoever follows the news.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="model_hour",
    family="timing",
    source="exchange",
    phrase="the hour in which they took up a model",
    is_moment=True,
)
