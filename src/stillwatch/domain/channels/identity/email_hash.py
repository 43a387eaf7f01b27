"""Accounts signed up with one e-mail address.

The hash of the whole address, or, of a raw one, of its mailbox: without case and plus-tag.
Blind spot: an address for each account (see `email_shape`).
Look-alikes: one person with accounts for work and play.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="email_hash",
    family="identity",
    source="register",
    phrase="one e-mail address",
    column="email_hash",
)
