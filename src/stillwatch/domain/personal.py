"""Which columns name a person, and which tables name nobody, so that erasing can forget neither.

An account is named by its id; an end user of an account by the keyed hash of what the account's own
software calls them; an exchange is somebody's. A test holds every table of the house to this list:
one with none of these columns is in `NOBODY`, with the reason.
"""

from __future__ import annotations

from typing import Final

ACCOUNT_COLUMNS: Final = ("account_id", "echo_account_id", "predecessor_account_id")
"""Columns that hold an account's id."""
SUBJECT_COLUMNS: Final = ("subject_id",)
"""Columns that may hold an account's id, or a group's."""
END_USER_COLUMNS: Final = ("end_user_hash", "end_user_id")
"""Columns that stand for an end user."""
EXCHANGE_COLUMNS: Final = ("exchange_id",)
"""Columns that name an exchange, which is some account's and maybe some end user's."""
NAMING: Final = (*ACCOUNT_COLUMNS, *SUBJECT_COLUMNS, *END_USER_COLUMNS, *EXCHANGE_COLUMNS)
MENTIONS: Final = ("predecessor_account_id",)
"""Columns in which a row of somebody else names an account: emptied, where others take the row."""
TEXT_COLUMNS: Final = ("exemplars", "raw")
"""Columns that hold text of customers, where it is retained at all."""

NOBODY: Final[dict[str, str]] = {
    "release": "models and instants",
    "launch": "models and instants",
    "system": "sketches of a system text; rows that nobody else's exchanges refer to go with the "
    "account's",
    "group": "counts over at least five accounts",
    "groups": "counts over at least five accounts",
    "campaigns": "counts and a sentence over all accounts of a campaign",
    "harvest": "sums over all accounts of a campaign",
    "templates": "counts; its exemplars, where text is retained, are emptied",
    "quarantine": "a place in a file and a reason; its raw text, where retained, is emptied",
    "campaign_history": "counts over all accounts of a campaign at a look",
    "campaign_wagers": "figures of a test of a whole group",
    "campaign_traits": "keyed values that many accounts of a campaign share",
    "template_book": "sketches of texts that several accounts sent",
    "template_figures": "counts over the accounts that sent a template",
    "template_spread": "counts over the accounts that sent a template",
}
"""Tables without such a column, and what they hold instead."""
