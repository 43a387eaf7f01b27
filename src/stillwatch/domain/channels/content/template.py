"""Accounts send prompts of the same template.

A template is a set of shingles that travel together over many exchanges (`observe/templates.py`);
what fills under a hundredth of an account is left out.
Blind spot: own wording for each account, or paraphrase from scratch.
Look-alikes: users of a framework or a tool; a class; an evaluation harness.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="template",
    family="content",
    source="exchange",
    phrase="the same prompt template",
)
