"""From an address to its text in one form, its subnet and its network.

Addresses come as logs have them: with a port, in brackets, several in one field (the first is the
client, the others are proxies), a v4 address written as v6. Plain v4, nearly all of them, is read
with text operations; the rest one by one, each different text once. Which AS a network belongs to
is not known here: lists of them come later.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import polars as pl

SCHEMA: Final = {"address": pl.String(), "subnet": pl.String(), "network": pl.String()}
_DIGITS: Final = "0123456789"
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_PLAIN_V4: Final = rf"^{_OCTET}(?:\.{_OCTET}){{3}}$"
_V6_BITS: Final = (48, 32)
"""Bits of a v6 subnet and network: what one customer, and what one operator, commonly holds."""
_COLONS_OF_A_PORT: Final = 1


def place_addresses(ip: pl.Series) -> pl.DataFrame:
    """Read addresses.

    Grain:   one row per row: address, subnet (/24 or /48), network (/16 or /32).
    Nulls:   all three where the text is no address.
    Order:   as given.
    Cost:    text operations on v4; one Python call per different other text.
    """
    plain = ip.str.contains(_PLAIN_V4).fill_null(value=False)
    text = pl.when(plain).then(pl.col("ip"))
    subnet = text.str.strip_chars_end(_DIGITS)
    frame = ip.alias("ip").to_frame()
    placed = frame.select(
        text.alias("address"),
        subnet.alias("subnet"),
        subnet.str.strip_chars_end(".").str.strip_chars_end(_DIGITS).alias("network"),
    )
    others = frame.filter(~plain)["ip"].drop_nulls().unique()
    if others.is_empty():
        return placed
    read = pl.DataFrame(
        [(t, *_place(t)) for t in others], {"ip": pl.String(), **SCHEMA}, orient="row"
    )
    found = frame.join(read, on="ip", how="left", maintain_order="left")
    return placed.select(pl.coalesce(pl.col(n), found[n]).alias(n) for n in SCHEMA)


def _place(text: str) -> tuple[str | None, str | None, str | None]:
    address = _read(text)
    if address is None:
        return None, None, None
    if isinstance(address, IPv4Address):
        a, b, c, _ = str(address).split(".")
        return str(address), f"{a}.{b}.{c}.", f"{a}.{b}."
    subnet, network = (str(ip_network((address, bits), strict=False)) for bits in _V6_BITS)
    return str(address), subnet, network


def _read(text: str) -> IPv4Address | IPv6Address | None:
    first = text.split(",", 1)[0].strip().strip('"')
    if first.startswith("["):
        first = first[1:].partition("]")[0]
    elif first.count(":") == _COLONS_OF_A_PORT:
        first = first.partition(":")[0]
    try:
        address = ip_address(first.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
