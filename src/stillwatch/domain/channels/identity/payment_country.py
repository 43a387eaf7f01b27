"""Accounts pay from one country.

As for the phone.
Blind spot: instruments of many countries.
Look-alikes: customers of one country.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="payment_country",
    family="identity",
    source="register",
    phrase="a payment country",
    column="payment_country",
)
