"""Accounts behind one queue: what is refused on one of them is answered on another.

Fifth step of *link*. Nothing is shared here, so no value can be popular, and no population is
needed as a null: *answered* requests of the same accounts, watched in the same way, say what
chance, a class or a headline make of it. An operator can hide cards, homes, clients, hours and
wording; lost work must be sent again. Source: coordination.md, 6.1c; ADR 0008.
"""

from stillwatch.link.queues.confine import confine_queues
from stillwatch.link.queues.give_back import give_back
from stillwatch.link.queues.join import Bundle, join_queues
from stillwatch.link.queues.read import Queues, read_queues
from stillwatch.link.queues.several import part_campaigns

__all__ = [
    "Bundle", "Queues", "confine_queues", "give_back", "join_queues", "part_campaigns",
    "read_queues",
]  # fmt: skip
