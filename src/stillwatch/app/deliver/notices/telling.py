"""Notices to one sink: claim what waits, tell it as one message, settle it.

The first is told at once; what comes within the next seconds is told together, so that nobody gets
more than so many messages a minute. What the ledger can't hold, that its audit log is broken, is
told past it, once for as long as this process runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Final

from stillwatch.act.backing_off import next_try
from stillwatch.act.couriers import Answer, judge_answer
from stillwatch.act.digests import Digest, write_notices
from stillwatch.act.notices import tell_of_broken_log
from stillwatch.act.signing import name_message
from stillwatch.app.deliver.means import ACTOR, Complaint, Means, keep_quiet
from stillwatch.app.deliver.posting import Poster
from stillwatch.domain.service_limits import DELIVERY_CLAIM_S
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import AuditBroken, NotDelivered
from stillwatch.store.ledger.nouns.notices import NewNotice

_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sink:
    """Where people are told something: its name in the ledger, and what sends."""

    name: str
    send: Callable[[Digest], Answer]


def webhook_sink(poster: Poster, *, text_alone: bool) -> Sink:
    """Make the sink that is a webhook."""

    def send(digest: Digest) -> Answer:
        body = write_notices(digest, text_alone=text_alone)
        return poster.post(body, message_id=digest.message_id, now=digest.at)

    return Sink("webhook", send)


@dataclass(frozen=True, slots=True)
class Manner:
    """How often people are told, where links lead, and who hears of what goes wrong."""

    per_minute: float
    link_base: str
    complain: Complaint = keep_quiet


class Teller:
    """What tells at one sink."""

    def __init__(self, ledger: Ledger, sink: Sink, manner: Manner, means: Means) -> None:
        self._ledger, self._sink, self._means = ledger, sink, means
        self._gap_s, self._link_base = _MINUTE_S / manner.per_minute, manner.link_base
        self._complain = manner.complain
        self._not_before_s = float("-inf")

    def round(self) -> bool:
        """Tell what waits, as one message, if it is time; never says that more waits.

        Raises:
            LedgerError: the ledger can't be read or written; what was told is told again later.
        """
        now = self._means.now()
        if self._means.steady_s() < self._not_before_s:
            return False
        with self._ledger.read() as view:
            if not view.has_due_notices(self._sink.name, now=now):
                return False
        claim_id = self._means.new_id()
        until = now + timedelta(seconds=DELIVERY_CLAIM_S)
        with self._ledger.write(actor=ACTOR, now=now) as change:
            notices = change.claim_notices(claim_id, sink=self._sink.name, until=until)
        if notices:
            self._not_before_s = self._means.steady_s() + self._gap_s
            answer = self._sink.send(self._digest(notices))
            self._settle(claim_id, answer, attempts=max(one.attempts for one in notices))
        return False

    def alarm(self) -> bool:
        """Tell past the ledger that its audit log is broken; say whether that worked."""
        answer = self._sink.send(self._digest([tell_of_broken_log()]))
        return judge_answer(answer) == "delivered"

    def _digest(self, notices: Sequence[NewNotice]) -> Digest:
        message_id = name_message([f"{one.notice_id}/{self._sink.name}" for one in notices])
        return Digest(message_id, tuple(notices), self._means.now(), self._link_base)

    def _settle(self, claim_id: str, answer: Answer, *, attempts: int) -> None:
        now, verdict = self._means.now(), judge_answer(answer)
        again = next_try(
            now,
            attempts=attempts,
            chance=self._means.chance(),
            retry_after_s=answer.retry_after_s,
        )
        with self._ledger.write(actor=ACTOR, now=now) as change:
            if verdict == "delivered":
                change.note_told(claim_id)
            else:
                retry_at = again if verdict == "later" else None
                change.note_untold(claim_id, error=answer.says, retry_at=retry_at)
        if verdict != "delivered":
            what = f"notices to {self._sink.name}"
            is_final = verdict != "later"
            self._complain(NotDelivered(what, says=answer.says, is_final=is_final))


class Alarm:
    """Telling every sink once that the audit log is broken."""

    def __init__(self, tellers: Sequence[Teller]) -> None:
        self._waiting = list(tellers)
        self._lock = Lock()

    def raise_once(self) -> None:
        """Tell those sinks that haven't taken it yet."""
        with self._lock:
            self._waiting = [one for one in self._waiting if not one.alarm()]

    def guard(self, work: Callable[[], bool]) -> Callable[[], bool]:
        """Have a piece of work tell it when it meets a broken log."""

        def guarded() -> bool:
            try:
                return work()
            except AuditBroken:
                self.raise_once()
                raise

        return guarded
