"""Accounts signed up under names of one pattern: `a8d4`, eight letters or so and four digits.

A farm makes its names by a rule, and the rule shows where each name, mailbox and domain differ. The
shape is all that is read (`ingest/emails.py`): runs of letters in six classes of length, digits
counted, a piece in which they alternate by its length alone; no letter of the name.
Null: shapes fall as in the population, by how many hold each: `a5.a8` is everybody's, and weighs
nothing where the group holds it as often as others do.
Blind spot: names taken from people's, as people write them; a rule for each account.
Look-alikes: a firm or school with a rule for names, aliases that a mail service makes.
"""

from __future__ import annotations

from stillwatch.domain.channels.channel import Channel

CHANNEL = Channel(
    name="email_shape",
    family="identity",
    source="register",
    phrase="a pattern of e-mail names",
    column="email_shape_hash",
)
