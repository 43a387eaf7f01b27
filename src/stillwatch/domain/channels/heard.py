"""What judging hears of a tied group: how a report says each witness to an analyst.

`detect/witnesses/` measures them, a file each; the contract tests hold both to one list. A phrase
says what is measured and which end speaks of a harvest. Beside them stands what an account sends of
its group. What weighs nothing has its words in `told.py`.
"""

from __future__ import annotations

from typing import Final

HEARD: Final = {
    "interchangeability": "log2 of the share of content variance that lies between accounts: "
    "low where all draw on one queue",
    "volume_evenness": "log2 of the dispersion of daily volumes: low where work is dealt out",
    "item_diversity": "bits of the number of different prompts in effect: low where a class "
    "repeats an exercise",
    "template_mass": "share of exchanges with the group's passages: high where there is one job",
    "tactics": "mean probability that a prompt harvests by some tactic",
    "taking": "log2 of output tokens above the population's",
    "follow_up": "share of later turns of a conversation: low where nobody reads the answers",
    "declared_owner": "largest share under one organisation or mail domain: low where nobody says "
    "whose accounts these are, as honest groups mostly do",
    "handed_on": "share of refused requests that another account sends, less that of answered "
    "ones: high where one queue is behind all",
    "moved_on": "share of requests handed on that come from another subnet and client: high where "
    "one queue is hidden",
    "dealt_out": "log2 of how much likelier an account's requests of a day share an hour than two "
    "accounts' do: 0 where requests are dealt out, high where strangers sit down to their work, or "
    "the clock of each sends it",
    "own_days": "log2 of how much likelier two requests of an account share a day than the group's "
    "days let expect: about 0 where requests are dealt out, high where people have days of their "
    "own",
    "stream": "share of the account's traffic that is the group's, against strangers'",
}
"""Channel -> what it says."""


def phrase_heard(channel: str) -> str:
    """Say what a witness measures; an empty string for any other channel."""
    return HEARD.get(channel, "")
