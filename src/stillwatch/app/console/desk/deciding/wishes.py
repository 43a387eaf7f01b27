"""What somebody wants done, as the address or the form says it: whom, what, until when, and why.

The same fields come from a link (`/decide?campaign=…`) and from the form itself; what is no id or
no date is told beside the form, and nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from pydantic import ValidationError

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.service.control.interventions.choosing import (
    InterventionAsked,
    ParametersAsked,
    Verdict,
)

OFFERED: Final = {
    "watch": "Nothing changes for the customer; the account is marked, and looked at again.",
    "review": "Nothing changes for the customer; a person is asked to look.",
    "throttle": "Fewer requests an hour get through; the rest are refused.",
    "challenge": "The customer has to confirm who they are before the next request.",
    "degrade": "Some features are off for the account.",
    "deny": "Every request is refused; signing in and billing go on.",
    "suspend": "The account is suspended: nothing works until the end, or until it is released.",
    "terminate": "The account is closed. Nothing brings it back but a person.",
}
"""Effects that a person may choose, the mildest first."""
NEEDS: Final = {
    "exchanges_per_hour": ("throttle", "Exchanges an hour that get through"),
    "output_tokens_per_hour": ("throttle", "Output tokens an hour that get through"),
    "method": ("challenge", "How the customer confirms: a word of yours, such as card"),
    "measures": ("degrade", "What is off: words of yours, such as no_logprobs no_reasoning"),
}
"""What effects need beside themselves: field, effect, and words for it."""
_NUMBERS: Final = ("exchanges_per_hour", "output_tokens_per_hour")
VERDICTS: Final = ("fraudulent", "suspect", "watch")
_DAYS: Final = 30
_PROBLEMS_MAX: Final = 5
_ACCOUNTS_SHOWN_MAX: Final = 20_000
"""Ids that a form carries, a quarter of a megabyte; a campaign of more is chosen as a campaign."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants, as they typed it."""

    campaign: str = ""
    case: str = ""
    accounts: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ("fraudulent",)
    effect: str = ""
    until: str = ""
    without_protected: bool = False
    basis: str = ""
    own_id: str = ""
    needs: Mapping[str, str] = field(default_factory=dict)
    """What the effect needs, as it was typed."""
    problems: tuple[tuple[str, str], ...] = field(default=())
    """Field, and what is wrong with it."""

    @property
    def is_whole(self) -> bool:
        """Whether there is enough to try it out."""
        return bool(self.effect and (self.campaign or self.accounts))


def read_wish(asked: Asked, *, own_id: str) -> Wish:
    """Read a wish from the form, or where there is none from the address."""
    one = asked.said if asked.form else asked.text
    many = _form_values if asked.form else _query_values
    verdicts = tuple(v for v in VERDICTS if v in many(asked, "verdict")) or ("fraudulent",)
    until = one("until") or f"{asked.now + timedelta(days=_DAYS):%Y-%m-%d}"
    return Wish(
        campaign=one("campaign"),
        case=one("case"),
        accounts=_split(many(asked, "accounts")),
        verdicts=verdicts,
        effect=one("effect") if one("effect") in OFFERED else "",
        until=until,
        without_protected=bool(one("without_protected")),
        basis=one("basis"),
        own_id=own_id,
        needs={name: one(name) for name in NEEDS},
    )


def as_asked(wish: Wish) -> InterventionAsked | list[tuple[str, str]]:
    """Turn a wish into what the management takes, or say what is wrong with it."""
    ends = read_day(wish.until)
    if ends is None:
        return [("until", "This is no day: write it as 2026-12-24.")]
    try:
        return InterventionAsked(
            effect=wish.effect,
            expires_at=ends,
            account_ids=wish.accounts,
            campaign_id=wish.campaign or None,
            verdicts=cast("tuple[Verdict, ...]", wish.verdicts),
            parameters=ParametersAsked.model_validate(_parameters(wish)),
            without_protected=wish.without_protected,
            case_id=wish.case or None,
            basis=wish.basis,
            decision_id=wish.own_id or None,
        )
    except ValidationError as refused:
        found = [_word(str(one["loc"][0]), str(one["type"])) for one in refused.errors()]
        return found[:_PROBLEMS_MAX]


def read_day(text: str) -> datetime | None:
    """Read a day as the instant at which it begins in UTC; None where it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _parameters(wish: Wish) -> dict[str, object]:
    """Give what the chosen effect needs; what is typed for other effects is left out."""
    meant = {k: v for k, v in wish.needs.items() if v and NEEDS[k][0] == wish.effect}
    whole: dict[str, object] = {k: v.replace(",", "") for k, v in meant.items() if k in _NUMBERS}
    if "measures" in meant:
        whole["measures"] = tuple(meant["measures"].replace(",", " ").split())
    return {**whole, **({"method": meant["method"]} if "method" in meant else {})}


def _split(texts: Sequence[str]) -> tuple[str, ...]:
    """Take ids from fields that hold one, or one a line; in their order, each once."""
    lines = (line.strip() for text in texts for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))[:_ACCOUNTS_SHOWN_MAX]


def _form_values(asked: Asked, name: str) -> Sequence[str]:
    return asked.form.get(name) or ()


def _query_values(asked: Asked, name: str) -> Sequence[str]:
    said = asked.text(name)
    return said.split(",") if name == "verdict" else [said]


def _word(place: str, kind: str) -> tuple[str, str]:
    words = {
        "account_ids": ("accounts", "One of the ids is too long, or holds control characters."),
        "campaign_id": ("campaign", "This is no id of a campaign."),
        "case_id": ("case", "This is no id of a case."),
        "basis": ("basis", "This is too long: 2,000 characters fit."),
        "exchanges_per_hour": ("exchanges_per_hour", "This is a whole number from 1."),
        "output_tokens_per_hour": ("output_tokens_per_hour", "This is a whole number from 1."),
        "method": ("method", "This is one word: a-z, 0-9, _ and -."),
        "measures": ("measures", "These are words: a-z, 0-9, _ and -, with spaces between."),
    }
    return words.get(place, (place, f"This does not fit ({kind})."))
