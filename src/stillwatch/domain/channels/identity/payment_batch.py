"""Accounts pay with cards of one batch.

Prepaid and virtual cards are bought by the hundred: each has a number of its own, and one issuer,
one day of issue, one expiry. What a batch is the operator says: the issuer's number of it, or BIN
and expiry together.
Null: batches fall as in the population: a large issuer's month of cards is held by many honest
customers, and counts by how many.
Blind spot: cards of many batches, bought one by one; another means of payment.
Look-alikes: a firm's virtual cards, one for each employee; gift cards handed out at an event.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="payment_batch",
    family="identity",
    source="register",
    phrase="one batch of cards",
    column="payment_batch_hash",
)
