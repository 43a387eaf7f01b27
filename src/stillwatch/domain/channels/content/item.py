"""Accounts send the very same prompts.

The hash of the whole prompt.
Blind spot: a pool drawn without replacement, in which no item comes twice.
Look-alikes: a class with one exercise; an evaluation of a public set.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="item",
    family="content",
    source="exchange",
    phrase="the very same prompts",
    column="prompt_hash",
)
