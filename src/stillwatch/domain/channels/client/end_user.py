"""One end user is seen under several accounts.

The caller's own pseudonym for its user.
Blind spot: none sent, or a new one each time.
Look-alikes: a reseller's customers; one application behind many keys.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="end_user",
    family="client",
    source="exchange",
    phrase="end users",
    column="end_user_hash",
)
