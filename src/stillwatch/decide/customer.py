"""What a customer is told of an effect: what happens, which rule it is about, how to appeal.

One sentence pair an effect, and nothing of the case in it but the day on which it ends. What is
deliberately absent: other accounts, addresses, figures, thresholds, and how it was found. Each of
them would teach the next campaign, or tell one customer of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

_RULE: Final = (
    "our terms, which do not allow the answers of our models to be collected "
    "for building another model"
)
_BECAUSE: Final = f"because its use appears to go against {_RULE}"
_APPEAL: Final = "You can appeal {appeal}; a person will read your appeal and answer it."
_NOTHING: Final = "Nothing changes for this account. You can ask about it or appeal {appeal}."
_SENTENCES: Final = {
    "terminate": f"This account is closed, {_BECAUSE}. The decision is open to appeal until "
    f"{{day}}. {_APPEAL}",
    "suspend": f"This account is suspended until {{day}}, {_BECAUSE}. {_APPEAL}",
    "deny": f"Requests of this account are refused until {{day}}, {_BECAUSE}. {_APPEAL}",
    "degrade": f"Some features are off for this account until {{day}}, {_BECAUSE}. {_APPEAL}",
    "challenge": f"Until {{day}} this account has to confirm who uses it, {_BECAUSE}. {_APPEAL}",
    "throttle": f"This account can send fewer requests until {{day}}, {_BECAUSE}. {_APPEAL}",
    "review": f"A person is checking whether the use of this account keeps to {_RULE}; nothing "
    "changes for you until they have decided. You can add your view or appeal {appeal}.",
    "watch": _NOTHING,
    "allow": _NOTHING,
    "none": _NOTHING,
}


def customer_sentence(effect: str, *, expires_at: datetime, appeal: str) -> str:
    """Word the reason of an effect for the customer whom it meets.

    Units:   `expires_at` in UTC; the day is written out, so that nobody misreads it.

    Raises:
        KeyError: an effect without a wording; `decide` gives none.
    """
    day = f"{expires_at.day} {expires_at:%B %Y}"
    return _SENTENCES[effect].format(day=day, appeal=appeal)


def appeal_words(appeal: str, *, base: str) -> str:
    """Say how to appeal to all customers of a decision alike: at the form, where there is one.

    Cost:    constant.
    """
    return f"at {base}" if base else appeal


def with_appeal_link(sentence: str, *, appeals: Sequence[str], link: str) -> str:
    """Put one account's own link in the place of the words that all customers get.

    Nulls:   a sentence with none of those words (it is older than they are) gets one more.
    Cost:    constant.
    """
    for appeal in appeals:
        shared = f"appeal {appeal}"
        if shared in sentence:
            return sentence.replace(shared, f"appeal at {link}", 1)
    return f"{sentence} You can appeal at {link}."
