"""What a customer is told of an effect: what happens, which rule it is about, how to appeal.

One sentence pair an effect, and nothing of the case in it but the day on which it ends. What is
deliberately absent: other accounts, addresses, figures, thresholds, and how it was found. Each of
them would teach the next campaign, or tell one customer of another.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

_RULE: Final = (
    "our terms, which do not allow the answers of our models to be collected "
    "for building another model"
)
_SENTENCES: Final = {
    "suspend": "This account is suspended until {day}, because its use appears to go against "
    f"{_RULE}. You can appeal {{appeal}}; a person will read your appeal and answer it.",
    "review": f"A person is checking whether the use of this account keeps to {_RULE}; nothing "
    "changes for you until they have decided. You can add your view or appeal {appeal}.",
    "none": "Nothing changes for this account. You can ask about it or appeal {appeal}.",
}


def customer_sentence(effect: str, *, expires_at: datetime, appeal: str) -> str:
    """Word the reason of an effect for the customer whom it meets.

    Units:   `expires_at` in UTC; the day is written out, so that nobody misreads it.

    Raises:
        KeyError: an effect without a wording; `decide` gives none.
    """
    day = f"{expires_at.day} {expires_at:%B %Y}"
    return _SENTENCES[effect].format(day=day, appeal=appeal)
