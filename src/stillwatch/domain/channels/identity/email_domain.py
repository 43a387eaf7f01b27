"""Accounts signed up under one e-mail domain.

A public mail provider is held by so many that it says next to nothing.
Blind spot: public providers.
Look-alikes: a firm, a school.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="email_domain",
    family="identity",
    source="register",
    phrase="an e-mail domain",
    column="email_domain_hash",
)
