"""Accounts pay with cards of one issuer.

The bank or card service by name or BIN. Weaker than a batch, wider: it lasts when the batch is used
up and the next one is bought at the same place.
Null: issuers fall as in the population, by payment country and plan; a large bank says nothing, a
service that mints virtual cards for a few says much.
Blind spot: cards of several large banks.
Look-alikes: customers of one bank, of one expense service, of one country's only issuer.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="payment_issuer",
    family="identity",
    source="register",
    phrase="a card issuer",
    column="payment_issuer_hash",
)
