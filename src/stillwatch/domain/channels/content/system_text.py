"""Accounts send the same system text, or a version of it.

A text and its versions count as one by what they share of their shingles (`observe/systems.py`); a
text too short for shingles counts whole.
Blind spot: a system text of its own for each account.
Look-alikes: users of one public agent framework; one application behind many keys.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="system_text",
    family="content",
    source="exchange",
    phrase="the same system text, or a version of it",
    column="system_hash",
)
