"""When to try again, and what an answer means for a batch: pure, so every case is a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.act.backing_off import Breaker, next_try, read_retry_after
from stillwatch.act.couriers import Answer, bring_out, judge_answer
from stillwatch.act.effect_messages import Item, cut_batches, key_of, write_items
from stillwatch.domain.service_limits import (
    BACK_OFF_S_MAX,
    BREAKER_FAILURES,
    BREAKER_S_MAX,
    RETRY_AFTER_S_MAX,
    WEBHOOK_BODY_BYTES_MAX,
    WEBHOOK_ITEMS_MAX,
    WEBHOOK_SPLITS_MAX,
)
from stillwatch.store.ledger.nouns.effects import Delivery

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def delivery(number: int, *, reason: str = "Suspended.") -> Delivery:
    """Give one of many deliveries."""
    return Delivery(
        decision_id="d-1",
        account_id=f"acct-{number:05d}",
        channel="webhook",
        operation="apply",
        effect="suspend",
        reason=reason,
        expires_at=NOW + timedelta(days=30),
        attempts=0,
    )


@given(attempts=st.integers(0, 10**6), chance=st.floats(0, 1, exclude_max=True))
def test_a_wait_grows_and_has_bounds(attempts: int, chance: float) -> None:
    """Between half of the shortest and the longest; never shorter after another failure."""
    wait = next_try(NOW, attempts=attempts, chance=chance) - NOW
    more = next_try(NOW, attempts=attempts + 1, chance=chance) - NOW
    assert 2.5 <= wait.total_seconds() <= more.total_seconds() <= BACK_OFF_S_MAX


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("9" * 30, RETRY_AFTER_S_MAX),
        ("Mon, 30 Nov 2026 08:10:00 GMT", 600),
        ("Mon, 30 Nov 2026 07:00:00 GMT", 0),
        ("Mon, 30 Nov 2099 07:00:00 GMT", RETRY_AFTER_S_MAX),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("\u0661\u0662", None),
        ("Mon, 99 Foo 99999999999999999999 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    """Bounded; nonsense says nothing."""
    assert read_retry_after(text, now=NOW) == seconds


@settings(max_examples=30)
@given(text=st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever a receiver says, it is a number within bounds or nothing."""
    found = read_retry_after(text, now=NOW)
    assert found is None or 0 <= found <= RETRY_AFTER_S_MAX


def test_a_breaker_opens_after_some_failures_and_closes_at_a_success() -> None:
    """It probes within a minute, however long the receiver is down."""
    breaker = Breaker()
    for _ in range(BREAKER_FAILURES - 1):
        breaker.note_failure(0.0, chance=0.0, retry_after_s=None)
        assert breaker.may_try(0.0)
    for _ in range(50):
        breaker.note_failure(0.0, chance=0.0, retry_after_s=None)
    assert breaker.is_probing
    assert not breaker.may_try(BREAKER_S_MAX - 1)
    assert breaker.may_try(BREAKER_S_MAX)
    breaker.note_success()
    assert breaker.may_try(0.0)
    assert not breaker.is_probing


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "delivered"), (204, "delivered"), (None, "later"), (503, "later"), (599, "later")]
    + [(code, "later") for code in (408, 409, 425, 429)]
    + [(code, "refused") for code in (400, 413, 422)]
    + [(code, "never") for code in (100, 301, 302, 304, 307, 401, 403, 404, 405, 410, 451)],
)
def test_a_status_has_one_meaning(status: int | None, verdict: str) -> None:
    """What passes, what was taken, what never will be."""
    assert judge_answer(Answer(status)) == verdict


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(1, 2000), max_size=30))
def test_batches_hold_everything_once_in_order(sizes: list[int]) -> None:
    """Nothing is lost, doubled or moved, and no batch is over its bounds."""
    long = [delivery(n, reason="é" * size) for n, size in enumerate(sizes)]
    items = write_items(long, out=[])
    batches = cut_batches(items)
    assert [item for batch in batches for item in batch] == items
    for batch in batches:
        assert 1 <= len(batch) <= WEBHOOK_ITEMS_MAX
        assert sum(len(written) + 1 for _, written in batch) <= WEBHOOK_BODY_BYTES_MAX


def test_a_body_has_a_bound() -> None:
    """Many long sentences make several requests."""
    items = write_items([delivery(n, reason="é" * 2000) for n in range(1000)], out=[])
    assert len(cut_batches(items)) >= 4


@settings(max_examples=20)
@given(bad=st.sets(st.integers(0, 99), max_size=3))
def test_halving_finds_just_those_that_are_refused(bad: set[int]) -> None:
    """Each of the bad ones alone fails; everybody else is delivered."""
    items = write_items([delivery(n) for n in range(100)], out=[])
    names = {f"acct-{n:05d}" for n in bad}

    def send(batch: list[Item]) -> Answer:
        return Answer(422 if any(one.account_id in names for one, _ in batch) else 204)

    tour = bring_out([items], send=send, may_go_on=lambda: True)
    assert {one.account_id for one, _ in tour.never} == names
    assert len(tour.delivered) == 100 - len(bad)
    assert not tour.later
    assert not tour.unsent


def test_halving_has_a_bound() -> None:
    """A receiver that refuses all of a large batch is not asked a thousand times."""
    items = write_items([delivery(n) for n in range(1000)], out=[])
    asked: list[int] = []

    def send(batch: list[Item]) -> Answer:
        asked.append(len(batch))
        return Answer(422)

    tour = bring_out([items], send=send, may_go_on=lambda: True)
    assert len(asked) <= WEBHOOK_SPLITS_MAX + 2
    known = len(tour.never) + len(tour.later) + len(tour.unsent)
    assert (known, len(tour.delivered)) == (1000, 0)
    assert tour.never


def test_keys_are_of_decision_account_and_operation() -> None:
    """The same at every try, and no two pairs run together."""
    assert key_of(delivery(1)) == key_of(delivery(1, reason="Another."))
    assert key_of(delivery(1)) != key_of(delivery(2))
