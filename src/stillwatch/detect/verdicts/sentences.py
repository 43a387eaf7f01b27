"""Sentences that a customer could be sent: true, plain, and silent about others and about how.

Used by the verdicts. None names another account, an address, a threshold or the way in which
something was found; each says what follows and that an appeal is heard by a person.
"""

from __future__ import annotations

from collections.abc import Sequence

_SENTENCES = {
    "clear": "We see nothing in this account's use that calls for an answer.",
    "watch": (
        "Some of this account's use resembles automated collection of model output; "
        "nothing follows from that alone."
    ),
    "suspect": (
        "This account's use resembles automated collection of model output on behalf of somebody "
        "else; a person will look at it before anything else happens."
    ),
    "fraudulent": (
        "This account's use shows automated collection of model output, run together with other "
        "accounts, which the terms of service do not allow; you can appeal, and a person will "
        "look at it."
    ),
    "permitted": "This account collects model output under a permission that is in force.",
}
_OVER_BUDGET = "It has used more than the permission states; please get in touch with your contact."


def explain_verdict(verdict: str, reasons: Sequence[str]) -> str:
    """Give the sentence for a verdict.

    Grain:   one sentence. It depends on the verdict, and on whether a budget is exceeded, alone:
             so it can't reveal anything else.
    """
    sentence = _SENTENCES[verdict]
    return f"{sentence} {_OVER_BUDGET}" if "over_budget" in reasons else sentence
