"""What a rule can ask about: the catalogue of conditions, and the three kinds of answers.

A condition asks one thing that is known of an account or of its campaign: is it one of these words,
is it within these bounds, does it hold these families. `FIELDS` is the catalogue; the schema and
the reading of a policy are made from it, and the documentation is tested against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.results import KINDS, VERDICTS

NONE: Final = "none"
PERMISSIONS: Final = (NONE, "within_budget", "over_budget")
FLAGS: Final = ("false", "true")
Unit = Literal["share", "count", "duration"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be asked about."""

    name: str
    says: str
    words: tuple[str, ...] | None = ()
    """The words that it can be; None = any word; empty = it is no word."""
    unit: Unit | None = None
    """What its bounds are in; a duration is in seconds."""
    of_campaign: bool = False
    """It is known of the campaign alone, so a budget may ask about it."""
    most: float = float("inf")

    always_one: bool = False
    """Exactly one of its words applies to every account."""


FIELDS: Final = (
    Field("verdict", "what a run says of the account", VERDICTS, always_one=True),
    Field("kind", "the kind of its campaign", KINDS, of_campaign=True),
    Field("probability", "that it works for a campaign", unit="share", most=1),
    Field("q_value", "of its group: the less, the surer", unit="share", most=1),
    Field("families", "families of evidence that tie it", FAMILIES),
    Field("family_count", "how many families tie it", unit="count", most=len(FAMILIES)),
    Field("campaign_accounts", "accounts in its campaign", unit="count", of_campaign=True),
    Field("harvest_exchanges", "exchanges its campaign took", unit="count", of_campaign=True),
    Field(
        "harvest_output_tokens", "output tokens its campaign took", unit="count", of_campaign=True
    ),
    Field("campaign_age", "since the campaign's first exchange", unit="duration", of_campaign=True),
    Field("programme", "its access programme, or `none`", words=None),
    Field("permission", "a permission that covers what it took", PERMISSIONS, always_one=True),
    Field("account_age", "since its sign-up", unit="duration"),
    Field("protected", "the register says never to act by machine", FLAGS, always_one=True),
)
FIELD_OF: Final = {field.name: field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class OneOf:
    """It is one of these words."""

    words: frozenset[str]

    def covers(self, other: Test) -> bool:
        """Whether whatever passes the other passes this."""
        return isinstance(other, OneOf) and self.words >= other.words


@dataclass(frozen=True, slots=True)
class Within:
    """It is within these bounds, both included."""

    low: float = 0.0
    high: float = float("inf")

    def covers(self, other: Test) -> bool:
        """Whether whatever passes the other passes this."""
        return isinstance(other, Within) and self.low <= other.low and self.high >= other.high


@dataclass(frozen=True, slots=True)
class Holds:
    """It holds all of these and, where there are any, one of those."""

    all_of: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()

    def covers(self, other: Test) -> bool:
        """Whether whatever passes the other passes this."""
        if not isinstance(other, Holds) or not self.all_of <= other.all_of:
            return False
        has_one = bool(other.any_of) and other.any_of <= self.any_of
        return not self.any_of or bool(self.any_of & other.all_of) or has_one


Test = OneOf | Within | Holds
Conditions = dict[str, Test]
"""Field → what has to be so; all of them have to be."""


def covers(wide: Conditions, narrow: Conditions) -> bool:
    """Whether whatever meets the narrow conditions meets the wide ones.

    Cost:    linear in the conditions; it may miss a cover, and never claims one that is not.
    """
    return all(name in narrow and test.covers(narrow[name]) for name, test in wide.items())
