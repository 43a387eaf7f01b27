"""Effects to the provider's account service: claim, post, settle, and again.

A claim is one request, so that whoever is killed in between leaves rows that somebody else takes
when the claim has ended, under the same idempotency keys. Nothing is sent in the second half of a
claim, and a request ends within a quarter of it: what takes back, and waits for the claim's end,
can't overtake.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Final

from stillwatch.act.backing_off import Breaker, next_try
from stillwatch.act.couriers import Answer, Tour, bring_out
from stillwatch.act.effect_messages import Item, cut_batches, key_of, write_body, write_items
from stillwatch.act.signing import name_message
from stillwatch.app.deliver.means import ACTOR, Complaint, Means, keep_quiet
from stillwatch.app.deliver.posting import Poster
from stillwatch.domain.service_limits import DELIVERY_CLAIM_S, WEBHOOK_ITEMS_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import NotDelivered
from stillwatch.store.ledger.nouns.effects import Delivery, Failure

CHANNEL: Final = "webhook"
_SENDS_FOR_S: Final = DELIVERY_CLAIM_S / 2


class EffectsWebhook:
    """What brings effects to one address."""

    def __init__(
        self, ledger: Ledger, poster: Poster, means: Means, *, complain: Complaint = keep_quiet
    ) -> None:
        self._ledger, self._poster, self._means = ledger, poster, means
        self._complain = complain
        self.breaker = Breaker()

    def round(self) -> bool:
        """Bring out what is due, one request at the most; say whether more may wait.

        Raises:
            LedgerError: the ledger can't be read or written; what was sent is sent again later.
        """
        now = self._means.now()
        if not self.breaker.may_try(self._means.steady_s()):
            return False
        with self._ledger.read() as view:
            if not view.has_due_effects(CHANNEL, now=now):
                return False
        claim_id = self._means.new_id()
        deliveries = self._claim(claim_id, now=now)
        tour = self._send(claim_id, deliveries, now=now) if deliveries else Tour()
        self._settle(claim_id, tour)
        self._say(tour)
        return bool(tour.delivered or tour.never) and tour.stopped_by is None

    def _claim(self, claim_id: str, *, now: datetime) -> list[Delivery]:
        until = now + timedelta(seconds=DELIVERY_CLAIM_S)
        limit = 1 if self.breaker.is_probing else WEBHOOK_ITEMS_MAX
        with self._ledger.write(actor=ACTOR, now=now) as change:
            return change.claim_effects(claim_id, channel=CHANNEL, until=until, limit=limit)

    def _send(self, claim_id: str, deliveries: list[Delivery], *, now: datetime) -> Tour:
        with self._ledger.read() as view:
            out, version = view.list_out_of_claim(claim_id), view.count_entries()
        last = now + timedelta(seconds=_SENDS_FOR_S)

        def send(batch: list[Item]) -> Answer:
            message_id = name_message([key_of(one) for one, _ in batch])
            at = self._means.now()
            body = write_body(batch, message_id=message_id, version=version, now=at)
            answer = self._poster.post(body, message_id=message_id, now=at)
            self._note_health(answer)
            return answer

        batches = cut_batches(write_items(deliveries, out=out))
        return bring_out(batches, send=send, may_go_on=lambda: self._means.now() < last)

    def _note_health(self, answer: Answer) -> None:
        if answer.is_outage:
            self.breaker.note_failure(
                self._means.steady_s(),
                chance=self._means.chance(),
                retry_after_s=answer.retry_after_s,
            )
        else:
            self.breaker.note_success()

    def _say(self, tour: Tour) -> None:
        for reason, count in Counter(says for _, says in tour.never).items():
            what = f"webhook: {count:,} effects"
            self._complain(NotDelivered(what, says=reason, is_final=True))
        if tour.stopped_by is not None:
            what = f"webhook: {len(tour.later):,} effects"
            self._complain(NotDelivered(what, says=tour.stopped_by.says, is_final=False))

    def _settle(self, claim_id: str, tour: Tour) -> None:
        now, chance = self._means.now(), self._means.chance()
        answer = tour.stopped_by
        by_attempts: dict[int, list[Failure]] = defaultdict(list)
        for one in tour.later:
            by_attempts[one.attempts].append(_failure(one, answer.says if answer else ""))
        with self._ledger.write(actor=ACTOR, now=now) as change:
            for attempts, failures in by_attempts.items():
                asked_s = answer.retry_after_s if answer else None
                again = next_try(now, attempts=attempts, chance=chance, retry_after_s=asked_s)
                change.note_failed(claim_id, failures, retry_at=again)
            change.note_failed(
                claim_id, [_failure(one, says) for one, says in tour.never], retry_at=None
            )
            change.put_back_effects(claim_id, tour.unsent)
            change.note_delivered(claim_id)


def _failure(one: Delivery, says: str) -> Failure:
    return Failure(
        decision_id=one.decision_id,
        account_id=one.account_id,
        operation=one.operation,
        error=says,
    )
