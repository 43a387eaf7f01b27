"""Accounts came in by one access programme.

Education, research and start-up programmes are ways in that cost little.
Blind spot: no programme at all.
Look-alikes: a class, a start-up cohort.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="program",
    family="identity",
    source="register",
    phrase="an access programme",
    column="program",
)
