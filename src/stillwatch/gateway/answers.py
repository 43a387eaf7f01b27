"""What happens to a request, in the words that a caller gets: a status, headers, a body.

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

OK: Final = 200
UNAUTHORISED: Final = 401
FORBIDDEN: Final = 403
TOO_MANY: Final = 429
UNAVAILABLE: Final = 503
HEADER_PREFIX: Final = "x-stillwatch-"
_TITLES: Final = {
    UNAUTHORISED: "This account has to be confirmed first",
    FORBIDDEN: "This account may not send requests",
    TOO_MANY: "Too many requests",
    UNAVAILABLE: "This account cannot be checked right now",
}
_SENTENCE_SAFE: Final = " ,.;:!?'()/-+&=@#*"
"""Characters of a sentence that a header may hold as they are."""
_UNCHECKED: Final = "This account cannot be checked at the moment; try again later."


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


def unchecked(account_id: str, fallback: Fallback, *, is_stale: bool = True) -> Answer:
    """Say what happens to a request about which nothing can be known."""
    if fallback == "allow":
        return Answer(Decision(account_id), is_stale=is_stale)
    decision = Decision(account_id, effect="deny", reason=_UNCHECKED)
    return Answer(decision, UNAVAILABLE, retry_after_s=RETRY_S, is_stale=is_stale)


def _plain(text: str) -> str:
    return quote(text, safe="-._~:/@+= ")
