"""Requests that are refused on one account are sent by another.

Measured between accounts (`observe/echoes.py`), against answered requests as control: nobody holds
a value of it.
Blind spot: a retry on the same account, or a long wait.
Look-alikes: a gateway that falls back to other keys; a pool of lent keys.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="requests_handed_on",
    family="timing",
    source="exchange",
    phrase="requests that are refused on one account and sent by another",
    is_held=False,
)
