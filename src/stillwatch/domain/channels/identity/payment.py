"""Accounts pay with one instrument.

The hash of the payment fingerprint, where the register has one.
Blind spot: an instrument for each account (see `payment_batch`).
Look-alikes: a firm, or one customer with many keys on a card.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="payment",
    family="identity",
    source="register",
    phrase="one payment instrument",
    column="payment_hash",
)
