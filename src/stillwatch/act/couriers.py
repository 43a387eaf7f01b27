"""Bringing a claim to a receiver: batch after batch, and what became of each delivery.

Pure: `send` is given. A receiver that refuses a batch for its content is asked again with halves of
it, so that one account that it doesn't know holds nobody else up. A receiver that can't be reached
is not asked again in the same round. What a status means stands in `judge_answer`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal

from stillwatch.act.effect_messages import Item
from stillwatch.domain.service_limits import WEBHOOK_SPLITS_MAX
from stillwatch.store.ledger.nouns.effects import Delivery

Verdict = Literal["delivered", "later", "refused", "never"]
_LATER: Final = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
)
"""What a receiver may say that passes; so may every 5xx."""
_FOR_CONTENT: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""What it says of what is in a request, and not of who sends it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said, or why nothing was heard."""

    status: int | None
    error: str = ""
    retry_after_s: float | None = None

    @property
    def says(self) -> str:
        """Word it for the ledger; nothing of the answer's body is in it."""
        if self.status is None:
            return self.error
        if HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST:
            return f"status {self.status}: redirects are not followed"
        return f"status {self.status}"

    @property
    def is_outage(self) -> bool:
        """Whether it says something of the receiver's health."""
        return (
            self.status is None
            or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or self.status == HTTPStatus.TOO_MANY_REQUESTS
        )


@dataclass(slots=True)
class Tour:
    """What became of a claim."""

    delivered: list[Delivery] = field(default_factory=list)
    later: list[Delivery] = field(default_factory=list)
    never: list[tuple[Delivery, str]] = field(default_factory=list)
    unsent: list[Delivery] = field(default_factory=list)
    halves: int = 0
    stopped_by: Answer | None = None
    """The answer after which nothing more was sent."""


def judge_answer(answer: Answer) -> Verdict:
    """Say what an answer means for what was sent.

    Source:  RFC 9110; 408, 409, 425, 429 and 5xx pass, any other 3xx or 4xx won't.
    """
    status = answer.status
    if status is None or status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "later"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "delivered"
    return "refused" if status in _FOR_CONTENT else "never"


def bring_out(
    batches: Sequence[list[Item]],
    *,
    send: Callable[[list[Item]], Answer],
    may_go_on: Callable[[], bool],
) -> Tour:
    """Send batches in their order, until all are out or the receiver can't be reached.

    Cost:    one request a batch, and WEBHOOK_SPLITS_MAX at most for those that are refused.
    """
    tour, waiting = Tour(), deque(batches)
    while waiting:
        batch = waiting.popleft()
        if tour.stopped_by is not None or not may_go_on():
            tour.unsent += _deliveries(batch)
            continue
        answer = send(batch)
        waiting.extendleft(_settle(tour, batch, answer))
    return tour


def _settle(tour: Tour, batch: list[Item], answer: Answer) -> list[list[Item]]:
    """Note what became of a batch; give what is to be sent next, the last first."""
    verdict = judge_answer(answer)
    if verdict == "delivered":
        tour.delivered += _deliveries(batch)
    elif verdict == "later":
        tour.later += _deliveries(batch)
        tour.stopped_by = answer
    elif verdict == "refused" and len(batch) > 1:
        return _halve(tour, batch, answer)
    else:
        tour.never += [(one, answer.says) for one in _deliveries(batch)]
    return []


def _halve(tour: Tour, batch: list[Item], answer: Answer) -> list[list[Item]]:
    if tour.halves >= WEBHOOK_SPLITS_MAX:
        tour.later += _deliveries(batch)
        tour.stopped_by = answer
        return []
    tour.halves += 2
    middle = len(batch) // 2
    return [batch[middle:], batch[:middle]]


def _deliveries(batch: list[Item]) -> list[Delivery]:
    return [one for one, _ in batch]
