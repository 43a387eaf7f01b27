"""A policy as a value: its rules in order, its guards, its budgets, and the words of its effects.

What `language` reads and `ruling` applies; frozen, so that a policy that was tried is the policy
that is applied. Deliberately absent: where it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from stillwatch.decide.policy.conditions import Conditions
from stillwatch.domain.results import LENIENT, TAKING
from stillwatch.domain.settings import PolicySettings

REVIEW: Final = "review"
CHOICES: Final = (*LENIENT, *TAKING, REVIEW)
"""What a rule may say under `then`."""
NAMED_DURATIONS: Final = ("suspend_days", "review_days")
"""Settings of the operator that an effect may last for."""
FOUR_EYES: Final = 2
"""People: one who proposes or approves, and another."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A ceiling an hour; None = not bounded in this way."""

    exchanges_per_hour: int | None = None
    output_tokens_per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: for whom, what, for how long, and who has to say so."""

    name: str
    when: Conditions
    then: str
    lasts: timedelta | str
    """A duration, or the name of the setting that has the days."""
    unless: Conditions = field(default_factory=dict)
    """The rule does not apply where all of these hold, or may hold."""
    people: int = 0
    """People who have to approve before the effect is in force."""
    rate: Rate | None = None
    """Of `throttle`, for each account."""
    method: str | None = None
    """Of `challenge`: which step-up verification."""
    measures: tuple[str, ...] = ()
    """Of `degrade`: the operator's countermeasures."""

    def duration(self, settings: PolicySettings) -> timedelta:
        """Say how long its effect holds."""
        if isinstance(self.lasts, str):
            days = {"suspend_days": settings.suspend_days, "review_days": settings.review_days}
            return timedelta(days=days[self.lasts])
        return self.lasts


@dataclass(frozen=True, slots=True)
class Budget:
    """A ceiling for all accounts of a campaign together."""

    name: str
    when: Conditions
    rate: Rate
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Guards:
    """What holds effects back, whatever the rules say."""

    dry_run: bool = False
    accounts_share_max: float = 1.0
    """Blast radius: share of a run's accounts that one run may take something from by machine."""
    revenue_share_max: float = 1.0
    """The same of the register's revenue of 30 days, where it is known."""
    four_eyes_above: int | None = None
    """Accounts of one campaign; more of them at once need two people."""
    four_eyes_from: str = TAKING[0]
    """The mildest effect to which that applies."""
    cool_down: timedelta = timedelta(0)
    """How long an account is let be after its effect was reverted, unless a person says so."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in order, of which the first that matches wins, and what bounds them."""

    name: str
    rules: tuple[Rule, ...]
    guards: Guards
    budgets: tuple[Budget, ...] = ()
    measures: tuple[str, ...] = ()
    """The countermeasures that the operator has, for `degrade`."""
