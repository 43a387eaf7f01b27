"""Evidence families and the channels in each: what one act of an attacker changes together.

Two verdict rules rest on this table: evidence is capped by family, and `fraudulent` needs two.
A channel's values are traits: what accounts can share. DESIGN.md, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONTENT: Final = "content"
IDENTITY: Final = "identity"
INFRASTRUCTURE: Final = "infrastructure"
CLIENT: Final = "client"
LIFECYCLE: Final = "lifecycle"
TIMING: Final = "timing"

FAMILIES: Final = (CONTENT, IDENTITY, INFRASTRUCTURE, CLIENT, LIFECYCLE, TIMING)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in which accounts can be alike."""

    name: str
    family: str
    source: str
    """`exchange` (measured on traffic) or `register` (declared in the account register)."""
    phrase: str
    """How a report says it to an analyst: "they share …"."""


CHANNELS: Final = (
    Channel("system_text", CONTENT, "exchange", "the same system text, or a version of it"),
    Channel("template", CONTENT, "exchange", "the same prompt template"),
    Channel("item", CONTENT, "exchange", "the very same prompts"),
    Channel("payment", IDENTITY, "register", "one payment instrument"),
    Channel("email_domain", IDENTITY, "register", "an e-mail domain"),
    Channel("email_hash", IDENTITY, "register", "one e-mail address"),
    Channel("phone_country", IDENTITY, "register", "a phone country"),
    Channel("payment_country", IDENTITY, "register", "a payment country"),
    Channel("program", IDENTITY, "register", "an access programme"),
    Channel("referrer", IDENTITY, "register", "a referrer"),
    Channel("address", INFRASTRUCTURE, "exchange", "network addresses"),
    Channel("subnet", INFRASTRUCTURE, "exchange", "subnets"),
    Channel("network", INFRASTRUCTURE, "exchange", "networks"),
    Channel("access_path", INFRASTRUCTURE, "exchange", "an access path"),
    Channel("client", CLIENT, "exchange", "a client stack"),
    Channel("device", CLIENT, "exchange", "devices"),
    Channel("parameters", CLIENT, "exchange", "request parameters"),
    Channel("reasoning_block", CLIENT, "exchange", "opaque reasoning blocks"),
    Channel("end_user", CLIENT, "exchange", "end users"),
    Channel("signup_hour", LIFECYCLE, "register", "the hour of sign-up"),
    Channel("signup_day", LIFECYCLE, "register", "the day of sign-up"),
    Channel("signup_week", LIFECYCLE, "register", "the week of sign-up"),
    Channel("age_at_first_use", LIFECYCLE, "register", "the age at first use"),
    Channel("active_hour", TIMING, "exchange", "the hours in which they are active"),
    Channel("model_hour", TIMING, "exchange", "the hour in which they took up a model"),
)

QUEUE: Final = Channel(
    "requests_handed_on",
    TIMING,
    "exchange",
    "requests that are refused on one account and sent by another",
)
"""Measured between accounts (`observe/echoes.py`), so that nobody holds a value of it: it stands
beside `CHANNELS`, whose values are traits."""

CHANNEL_OF: Final = {channel.name: channel for channel in (*CHANNELS, QUEUE)}

MOMENTS: Final = (
    "active_hour",
    "model_hour",
    "signup_hour",
    "signup_day",
    "signup_week",
    "age_at_first_use",
)
"""Channels whose values are moments: they tie accounts of one time, and outlast no replacement."""
