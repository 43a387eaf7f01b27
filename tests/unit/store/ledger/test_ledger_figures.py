"""Figures of deliveries: right on both databases, and bounded whatever has piled up."""

from __future__ import annotations

from datetime import datetime

import pytest
from ledgers_by_hand import decision, later

from stillwatch.domain.service_limits import EFFECT_ATTEMPTS_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.nouns.effects import Failure
from stillwatch.store.ledger.questions import figures
from stillwatch.store.ledger.questions.figures import ChannelFigures, SettledSince

ACTOR = "service:deliverer"


def enforce(
    ledger: Ledger, decision_id: str, at: datetime, channels: tuple[str, ...] = ("webhook",)
) -> None:
    """Put a decision on two accounts in force."""
    with ledger.write(actor="ann", now=at) as change:
        change.propose_decision(decision(decision_id), account_ids=["acct-1", "acct-2"])
    with ledger.write(actor="ben", now=at) as change:
        change.approve(decision_id)
        change.enqueue_effects(decision_id, channels=channels)


def fail(ledger: Ledger, account_id: str, *, at: datetime, again: datetime | None) -> None:
    """Try everything that is due, and fail with one account of `d-1`."""
    claim_id = f"claim-{at:%H%M%S}"
    failure = Failure(decision_id="d-1", account_id=account_id, operation="apply", error="503")
    with ledger.write(actor=ACTOR, now=at) as change:
        change.claim_effects(claim_id, channel="webhook", until=at + (later(minutes=1) - later()))
        change.note_failed(claim_id, [failure], retry_at=again)
        change.note_delivered(claim_id)


def read(ledger: Ledger, after: int = 0) -> tuple[list[ChannelFigures], SettledSince]:
    """Read all figures."""
    with ledger.read() as view:
        return view.read_channels(), view.read_settled(after=after)


def test_an_empty_outbox_has_no_channel(ledger: Ledger) -> None:
    """And nothing was settled."""
    channels, settled = read(ledger)
    assert channels == []
    assert (settled.delivered, settled.failed) == (0, 0)


def test_what_waits_what_went_out_and_what_was_given_up(ledger: Ledger) -> None:
    """By channel; what was settled is counted since an entry, and not twice."""
    enforce(ledger, "d-1", later(), ("files", "webhook"))
    channels, _ = read(ledger)
    assert [(one.channel, one.waiting, one.given_up, one.oldest_at) for one in channels] == [
        ("files", 2, 0, later()),
        ("webhook", 2, 0, later()),
    ]
    fail(ledger, "acct-1", at=later(minutes=1), again=None)
    (files, webhook), settled = read(ledger)
    assert (webhook.waiting, webhook.given_up, webhook.oldest_at) == (0, 1, None)
    assert (files.waiting, files.given_up) == (2, 0)
    assert (settled.delivered, settled.failed) == (1, 1)
    _, later_on = read(ledger, after=settled.entry)
    assert (later_on.entry, later_on.delivered, later_on.failed) == (settled.entry, 0, 0)


def test_a_row_that_is_tried_again_and_again_gets_older(ledger: Ledger) -> None:
    """Its next try is in an hour; it has waited since its decision came into force."""
    enforce(ledger, "d-1", later())
    fail(ledger, "acct-1", at=later(hours=3), again=later(hours=4))
    enforce(ledger, "d-2", later(hours=2, minutes=30))
    ((webhook,), _) = read(ledger)
    assert (webhook.waiting, webhook.oldest_at) == (3, later())


def test_what_is_taken_back_waits_anew(ledger: Ledger) -> None:
    """The reversal is a row that waits; what it reverses is none any more."""
    enforce(ledger, "d-1", later())
    fail(ledger, "acct-1", at=later(minutes=1), again=later(hours=1))
    with ledger.write(actor="ann", now=later(minutes=5)) as change:
        change.revert_decision("d-1", why="a school")
    ((webhook,), _) = read(ledger)
    assert (webhook.waiting, webhook.given_up, webhook.oldest_at) == (2, 0, later(minutes=5))


def test_figures_are_bounded(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are counted to a bound, channels likewise; entries are read page by page."""
    enforce(ledger, "d-1", later(), ("a", "b", "c"))
    monkeypatch.setattr(figures, "FIGURES_ROWS_MAX", 1)
    monkeypatch.setattr(figures, "FIGURES_CHANNELS_MAX", 2)
    channels, _ = read(ledger)
    assert [(one.channel, one.waiting) for one in channels] == [("a", 1), ("b", 1)]
    monkeypatch.setattr(figures, "LEDGER_PAGE_MAX", 3)
    _, settled = read(ledger)
    assert settled.entry == 3


def test_given_up_is_what_failed_too_often(ledger: Ledger) -> None:
    """After the last try it waits no more."""
    enforce(ledger, "d-1", later())
    for attempt in range(EFFECT_ATTEMPTS_MAX):
        fail(ledger, "acct-1", at=later(hours=attempt), again=later(hours=attempt + 1))
    ((webhook,), settled) = read(ledger)
    assert (webhook.waiting, webhook.given_up) == (0, 1)
    assert settled.failed == EFFECT_ATTEMPTS_MAX
