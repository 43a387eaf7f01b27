"""A decision as a gateway knows it: what happens to an account's requests, why, and until when.

The words for effects are those of policies, and two older ones of result directories (`limit` is a
throttle, `none` lets pass). A word that this version does not know is read as `review`: it lets
pass, as a decision that failed does.

Deliberately absent: what a decision rests on. A gateway needs none of it, and can't leak it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

SEVERITY: Final = {
    "none": 0,
    "allow": 0,
    "watch": 1,
    "review": 2,
    "degrade": 3,
    "limit": 4,
    "throttle": 4,
    "challenge": 5,
    "deny": 6,
    "suspend": 7,
    "terminate": 8,
}
"""Which of several decisions on one account rules: the one that takes most, the larger number."""
UNKNOWN: Final = "review"
"""What an effect counts as whose word this version does not know."""
Fallback = Literal["allow", "deny"]
"""What happens to a request about which nothing can be known."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What an effect needs."""

    exchanges_per_hour: int | None = None
    output_tokens_per_hour: int | None = None
    method: str | None = None
    """How a challenge wants to be met: a word of the operator's."""
    measures: tuple[str, ...] = ()
    """Countermeasures of a `degrade`: words of the operator's."""


_NOTHING: Final = Parameters()


@dataclass(frozen=True, slots=True)
class Decision:
    """One effect on one account, or on one of its keys."""

    account_id: str
    effect: str = "allow"
    decision_id: str = ""
    reason: str = ""
    """A sentence for the customer."""
    expires_at_s: float = math.inf
    """Seconds since the epoch; from then on it is as if it were not there."""
    api_key_id: str | None = None
    """None = all keys of the account."""
    parameters: Parameters = field(default=_NOTHING)

    @property
    def place(self) -> Place:
        """Say which decision it is, among all."""
        return self.account_id, self.decision_id, self.api_key_id


Place = tuple[str, str, str | None]
"""Account, decision, key: what names one row of the table."""


@dataclass(frozen=True, slots=True)
class CampaignBudget:
    """A ceiling for all accounts of a campaign together; spreading over accounts can't raise it."""

    campaign_id: str
    account_ids: tuple[str, ...]
    exchanges_per_hour: int | None = None
    output_tokens_per_hour: int | None = None
    expires_at_s: float = math.inf
    decision_id: str = ""


def known_effect(word: object) -> str:
    """Give the word if it is one of ours, else the one that lets pass until a person has looked."""
    return word if isinstance(word, str) and word in SEVERITY else UNKNOWN


def read_parameters(said: Mapping[str, Any]) -> Parameters:
    """Read what an effect needs.

    Nulls:   what has another type than it should have counts as not said.
    """
    method, measures = said.get("method"), said.get("measures")
    return Parameters(
        exchanges_per_hour=_ceiling(said.get("exchanges_per_hour")),
        output_tokens_per_hour=_ceiling(said.get("output_tokens_per_hour")),
        method=method if isinstance(method, str) else None,
        measures=tuple(str(one) for one in measures) if isinstance(measures, list | tuple) else (),
    )


def write_parameters(parameters: Parameters) -> dict[str, Any]:
    """Write what an effect needs, and nothing that it does not."""
    said = {
        "exchanges_per_hour": parameters.exchanges_per_hour,
        "output_tokens_per_hour": parameters.output_tokens_per_hour,
        "method": parameters.method,
        "measures": list(parameters.measures) or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _ceiling(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value
