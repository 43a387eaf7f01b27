"""Accounts send from the same addresses.

Each address by its share of the account's exchanges.
Blind spot: residential proxies with an address for each account.
Look-alikes: an office, a campus, a VPN, a carrier's shared address.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="address",
    family="infrastructure",
    source="exchange",
    phrase="network addresses",
    column="address_hash",
)
