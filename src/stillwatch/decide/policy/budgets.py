"""Campaign budgets: what all accounts of a campaign together have left of an hour.

Spreading a harvest over accounts evades every ceiling that is counted by account; here the campaign
is counted. Pure: whoever asks says what time it is. The hour is counted in 60 parts, and a part
counts until all of it is an hour old, so that no window of 3,600 s ever holds more than the
ceiling, and what was spent comes back up to a minute late.

Blind spot: an account that is not known to be of the campaign spends nothing of its budget.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from stillwatch.decide.policy.model import Rate
from stillwatch.domain.limits import BUDGET_BUCKETS

_HOUR_S: Final = 3600.0
_BUCKET_S: Final = _HOUR_S / BUDGET_BUCKETS


@dataclass(frozen=True, slots=True)
class Request:
    """One exchange that asks for a part of a budget."""

    account_id: str
    at_s: float
    """Seconds since the epoch."""
    output_tokens: int = 0
    """What it may take: `max_tokens` before the answer, what was taken after it."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a request is within its campaign's budget, and what that has left after it."""

    is_within: bool
    campaign_id: str | None = None
    """None = the account is in no campaign with a budget."""
    exchanges_left: int | None = None
    output_tokens_left: int | None = None


@dataclass(slots=True)
class Meter:
    """What one campaign has spent within the hour."""

    rate: Rate
    parts: deque[list[int]] = field(default_factory=deque)
    """[number of the part, exchanges, output tokens], the oldest first; 61 at most."""
    exchanges: int = 0
    output_tokens: int = 0

    def admit(self, *, at_s: float, output_tokens: int) -> bool:
        """Spend one exchange and its tokens, or nothing.

        Order:   a time before the last one counts as the last one.
        Cost:    constant.
        """
        number = self._advance(at_s)
        if not self._has_room(output_tokens):
            return False
        self._spend(number, output_tokens)
        return True

    def correct(self, *, admitted_at_s: float, reserved: int, taken: int) -> None:
        """Replace the tokens that an admitted request reserved by those that it took.

        Order:   at any time after it was admitted; what has left the hour is let be.
        Cost:    constant.
        """
        number = int(admitted_at_s // _BUCKET_S)
        part = next((one for one in self.parts if one[0] >= number), None)
        if part is not None:
            change = max(taken - reserved, -part[2])
            part[2] += change
            self.output_tokens += change

    def left(self) -> tuple[int | None, int | None]:
        """Say how many exchanges and output tokens are left; None = not bounded."""
        exchanges, tokens = self.rate.exchanges_per_hour, self.rate.output_tokens_per_hour
        return (
            None if exchanges is None else max(exchanges - self.exchanges, 0),
            None if tokens is None else max(tokens - self.output_tokens, 0),
        )

    def _has_room(self, output_tokens: int) -> bool:
        exchanges, tokens = self.left()
        return (exchanges is None or exchanges >= 1) and (tokens is None or tokens >= output_tokens)

    def _advance(self, at_s: float) -> int:
        number = int(at_s // _BUCKET_S)
        if self.parts:
            number = max(number, self.parts[-1][0])
        while self.parts and self.parts[0][0] < number - BUDGET_BUCKETS:
            _, exchanges, tokens = self.parts.popleft()
            self.exchanges -= exchanges
            self.output_tokens -= tokens
        return number

    def _spend(self, number: int, tokens: int) -> None:
        if not self.parts or self.parts[-1][0] != number:
            self.parts.append([number, 0, 0])
        self.parts[-1][1] += 1
        self.parts[-1][2] += tokens
        self.exchanges += 1
        self.output_tokens += tokens


class CampaignBudgets:
    """The meters of all campaigns that have a budget."""

    def __init__(self, rates: Mapping[str, Rate], *, campaign_of: Mapping[str, str]) -> None:
        self.meters = {campaign: Meter(rate) for campaign, rate in rates.items()}
        self.campaign_of = campaign_of

    def admit(self, request: Request) -> Admission:
        """Say whether a request is within its campaign's budget, and spend it if so.

        Nulls:   an account of no campaign with a budget is within.
        Cost:    constant.
        """
        campaign = self.campaign_of.get(request.account_id)
        meter = self.meters.get(campaign) if campaign is not None else None
        if meter is None:
            return Admission(is_within=True)
        is_within = meter.admit(at_s=request.at_s, output_tokens=request.output_tokens)
        return Admission(is_within, campaign, *meter.left())

    def admit_all(self, requests: Iterable[Request]) -> Iterator[Admission]:
        """Say it of each of a stream, in its order.

        Grain:   one admission per request. Cost: linear in requests.
        """
        return map(self.admit, requests)


def tightest(rates: Iterable[Rate]) -> Rate:
    """Put several budgets of one campaign together: each ceiling is the lowest.

    Nulls:   a ceiling that none of them has is none.
    Cost:    linear in rates.
    """
    given = list(rates)
    exchanges = [one.exchanges_per_hour for one in given if one.exchanges_per_hour is not None]
    tokens = [one.output_tokens_per_hour for one in given if one.output_tokens_per_hour is not None]
    return Rate(min(exchanges, default=None), min(tokens, default=None))
