"""What is told of a tied group and weighs nothing: how a report says each figure to an analyst.

`detect/rhythms/` measures them, a file each; the contract tests hold both to one list. A phrase
says what is seen, which end is odd, and which honest group looks the same.
"""

from __future__ import annotations

from typing import Final

P_VALUE: Final = "_p_value"
"""Ends the channel that holds the p-value of the one it is named after."""

_P_PHRASE: Final = (
    "how often chance alone would show as much of the figure above; it weighs nothing"
)

TOLD: Final = {
    "schedule_variance": "how far its accounts' busy and quiet days coincide, beyond the run's: 1 "
    "for accounts that go their own ways, more where something switches all of them; teams and "
    "courses share days too",
    "within_day_variance": "the same for hours within a day: near 0 where one queue of constant "
    "rate deals out the work, more than 1 where all pause together",
    "common_silences": "times of day at which nearly all who are usually there are silent; of "
    "proxies and queues that stop, and of offices on a holiday",
    "pool_order": "share of what accounts write about that moves with the calendar for all of "
    "them at once: a list that is worked through in order, or a syllabus",
    "dealt_items": "different items of a public set that it replays; more than accounts that "
    "choose on their own would have where a list is divided among them, as a harness does with "
    "its shards",
    "repeats_cross": "how much oftener two accounts send one prompt than one account sends it "
    "twice: 1 where it does not matter who sends, far less among separate people, more in a "
    "class. Its p-value is that of one queue: a small one speaks for separate people",
    "creation_dispersion": "how unevenly its accounts were created over days, against sign-ups of "
    "the register: 1 for chance, near 0 for a farm that makes so many a day",
    "creation_spacing": "how unevenly sign-ups of others lie between its own: 2 for chance, near "
    "1 where they are spaced; rosters and monthly intakes are too",
    "no_night": "place of its accounts among those of like volume by their longest pause in the "
    "day: a half for chance, near 0 where nobody sleeps; programs never do",
    "steady_gaps": "place of its accounts among those of like volume by how much their gaps vary: "
    "a half for chance, near 0 where a machine keeps time; batch jobs do",
    "rotation": "how much the number of the group's requests between two of one account varies: 1 "
    "where chance deals, near 0 in turn, several where people come and go; balanced keys take "
    "turns",
    "ban_answered": "stopped accounts after which another of the group sent its first request "
    "within a day; intakes that happen to follow do too",
    "address_handed_over": "addresses that one account left for good before another of the group "
    "came, within a day; desks and leases change hands too",
}
"""Rhythm -> what it says; each has a p-value beside it."""

TOLD_OF_TEXT: Final = {
    "text_distribution": "distance of its text from the run's; expected of as many strangers. It "
    "weighs nothing: narrow trades are honest",
    "text_rank": "its place by that distance among the run's tied groups of its size: small where "
    "it is unusually narrow or unusually broad. It weighs nothing",
}
"""Figure of `detect/distribution/tied_groups.py` -> what it says."""


def phrase_told(channel: str) -> str:
    """Say what a figure tells that weighs nothing; an empty string for any other channel."""
    if channel.removesuffix(P_VALUE) in TOLD and channel.endswith(P_VALUE):
        return _P_PHRASE
    return TOLD.get(channel) or TOLD_OF_TEXT.get(channel, "")
