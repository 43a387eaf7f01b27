"""One opaque reasoning block came back under several accounts.

A block is given to one account; only who holds the others' conversations can send it.
Blind spot: no block sent back.
Look-alikes: one application that spreads a conversation over its keys.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="reasoning_block",
    family="client",
    source="exchange",
    phrase="opaque reasoning blocks",
    column="reasoning_block_hash",
)
