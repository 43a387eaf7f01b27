"""From a table to an answer: whether a request goes on, and what is said if it doesn't.

The one place that turns effects into statuses and headers, for the ASGI middleware, forward-auth,
Envoy and the plain query alike. Of several decisions the first that refuses, by severity, is the
answer; a throttle that has room left lets the milder ones speak.

What a refusal says: the customer's sentence of the decision, its id for an appeal, and for how long
there is no use in trying. Deliberately absent: other accounts, thresholds, and how it was found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from stillwatch.gateway.decision import Decision, Fallback
from stillwatch.gateway.limits import RETRY_S
from stillwatch.gateway.meters import Ceiling, Meters
from stillwatch.gateway.table import DecisionTable

OK: Final = 200
UNAUTHORISED: Final = 401
FORBIDDEN: Final = 403
TOO_MANY: Final = 429
UNAVAILABLE: Final = 503
HEADER_PREFIX: Final = "x-stillwatch-"
_REFUSING: Final = {"deny": FORBIDDEN, "suspend": FORBIDDEN, "terminate": FORBIDDEN}
_TITLES: Final = {
    UNAUTHORISED: "This account has to be confirmed first",
    FORBIDDEN: "This account may not send requests",
    TOO_MANY: "Too many requests",
    UNAVAILABLE: "This account cannot be checked right now",
}
_SENTENCE_SAFE: Final = " ,.;:!?'()/-+&=@#*"
"""Characters of a sentence that a header may hold as they are."""
_LIMITED: Final = "Requests of this account are limited at the moment; try again later."
_UNCHECKED: Final = "This account cannot be checked at the moment; try again later."


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of which somebody wants to know whether it may go on."""

    account_id: str
    now_s: float
    api_key_id: str | None = None
    output_tokens: int = 0
    """What it may take, where that is known."""
    counts: bool = True
    """False = only asking: nothing is spent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What happens to a request."""

    decision: Decision
    status: int = OK
    measures: tuple[str, ...] = ()
    retry_after_s: int | None = None
    is_stale: bool = False

    @property
    def goes_on(self) -> bool:
        """Say whether the request is let through."""
        return self.status == OK

    def headers(self) -> list[tuple[str, str]]:
        """Give the headers that say it: for the service behind, or with a refusal.

        Values are percent-encoded where an id holds anything but plain characters. What goes on
        always names its measures, if only as an empty word: nobody's own can stand in their place.
        """
        one = self.decision
        method = one.parameters.method if self.status == UNAUTHORISED else None
        said = (
            ("effect", one.effect),
            ("status", str(self.status)),
            ("decision", _plain(one.decision_id)),
            ("measures", ",".join(_plain(name) for name in self.measures)),
            ("challenge", _plain(method or "")),
            ("stale", "true" if self.is_stale else ""),
            ("reason", "" if self.goes_on else quote(one.reason, safe=_SENTENCE_SAFE)),
        )
        found = [
            (HEADER_PREFIX + name, value)
            for name, value in said
            if value or (name == "measures" and self.goes_on)
        ]
        if self.status == UNAUTHORISED:
            found.append(("www-authenticate", f'Stillwatch method="{_plain(method or "")}"'))
        if self.retry_after_s is not None:
            found.append(("retry-after", str(self.retry_after_s)))
        return found

    def body(self) -> bytes:
        """Word a refusal as problem+json, with the member that clients of model APIs show."""
        one = self.decision
        said = {
            "type": f"urn:stillwatch:refusal:{one.effect}",
            "title": _TITLES.get(self.status, "Refused"),
            "status": self.status,
            "detail": one.reason,
            "decision_id": one.decision_id or None,
            "error": {"message": one.reason, "type": f"account_{one.effect}", "code": self.status},
        }
        return json.dumps({name: value for name, value in said.items() if value}).encode()


def judge(table: DecisionTable, asked: Asked, *, meters: Meters) -> Answer | None:
    """Say what happens to a request, or None where the table says nothing of its account.

    Cost:    constant; a throttle or a budget counts under a lock.
    """
    key = asked.api_key_id
    standing = table.in_force(asked.account_id, now_s=asked.now_s, api_key_id=key)
    budgeted = asked.account_id in table.campaigns_of
    if not standing and not budgeted:
        return None
    throttles = []
    for one in standing:
        if status := _REFUSING.get(one.effect):
            return Answer(one, status)
        if one.effect == "challenge":
            return Answer(one, UNAUTHORISED)
        if one.effect in ("throttle", "limit"):
            throttles.append(one)
    refused = _exhausted(throttles, asked, meters) or _over_budget(table, asked, meters)
    if refused:
        return refused
    if asked.counts:
        _count(table, throttles, asked, meters)
    if not standing:
        return None
    degrading = [one for one in standing if one.effect == "degrade"]
    measures = dict.fromkeys(name for one in degrading for name in one.parameters.measures)
    return Answer(standing[0], measures=tuple(measures))


def unchecked(account_id: str, fallback: Fallback, *, is_stale: bool = True) -> Answer:
    """Say what happens to a request about which nothing can be known."""
    if fallback == "allow":
        return Answer(Decision(account_id), is_stale=is_stale)
    decision = Decision(account_id, effect="deny", reason=_UNCHECKED)
    return Answer(decision, UNAVAILABLE, retry_after_s=RETRY_S, is_stale=is_stale)


def spend_tokens(table: DecisionTable, asked: Asked, *, meters: Meters) -> None:
    """Count the output tokens of an exchange that is over, which nobody knew when it began."""
    spent = (0, asked.output_tokens)
    for one in table.in_force(asked.account_id, now_s=asked.now_s, api_key_id=asked.api_key_id):
        if one.effect in ("throttle", "limit"):
            meters.spend(_meter_name(one), spent, now_s=asked.now_s)
    for campaign_id in table.campaigns_of.get(asked.account_id, ()):
        meters.spend(campaign_id, spent, now_s=asked.now_s, is_reported=True)


def _exhausted(throttles: list[Decision], asked: Asked, meters: Meters) -> Answer | None:
    for one in throttles:
        said = one.parameters
        ceiling = Ceiling(said.exchanges_per_hour, said.output_tokens_per_hour)
        if ceiling == Ceiling(None, None):
            return Answer(one, TOO_MANY, retry_after_s=RETRY_S)
        name, now_s = _meter_name(one), asked.now_s
        if not meters.has_room(name, ceiling, output_tokens=asked.output_tokens, now_s=now_s):
            retry = meters.retry_after_s(name, now_s=now_s)
            return Answer(one, TOO_MANY, retry_after_s=retry)
    return None


def _over_budget(table: DecisionTable, asked: Asked, meters: Meters) -> Answer | None:
    for campaign_id in table.campaigns_of.get(asked.account_id, ()):
        budget = table.budgets[campaign_id]
        if budget.expires_at_s <= asked.now_s:
            continue
        ceiling = Ceiling(budget.exchanges_per_hour, budget.output_tokens_per_hour)
        room = meters.has_room(
            campaign_id, ceiling, output_tokens=asked.output_tokens, now_s=asked.now_s
        )
        if not room:
            decision = Decision(
                asked.account_id,
                effect="throttle",
                decision_id=budget.decision_id,
                reason=_LIMITED,
                expires_at_s=budget.expires_at_s,
            )
            return Answer(decision, TOO_MANY, retry_after_s=RETRY_S)
    return None


def _count(table: DecisionTable, throttles: list[Decision], asked: Asked, meters: Meters) -> None:
    spent = (1, asked.output_tokens)
    for one in throttles:
        meters.spend(_meter_name(one), spent, now_s=asked.now_s)
    for campaign_id in table.campaigns_of.get(asked.account_id, ()):
        meters.spend(campaign_id, spent, now_s=asked.now_s, is_reported=True)


def _meter_name(one: Decision) -> str:
    return f"throttle:{one.decision_id}:{one.account_id}"


def _plain(text: str) -> str:
    return quote(text, safe="-._~:/@+= ")
