"""Accounts gave a phone of one country.

A country is common: it counts by how rare it is among all.
Blind spot: phones bought wherever they are cheap.
Look-alikes: customers of one country.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="phone_country",
    family="identity",
    source="register",
    phrase="a phone country",
    column="phone_country",
)
