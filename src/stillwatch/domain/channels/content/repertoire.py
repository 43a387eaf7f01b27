"""Accounts use the same several templates, which hardly anybody else sends together.

Counted over accounts and not over exchanges (`observe/template_book/repertoires.py`): what a proxy
mixes its harvest with takes nothing from it.
Blind spot: a template or two; wording of its own for each account.
Look-alikes: a language; a class with its exercises; users of a framework or a tool.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="repertoire",
    family="content",
    source="exchange",
    phrase="the same several templates, which hardly anybody else sends together",
    is_whole=True,
)
