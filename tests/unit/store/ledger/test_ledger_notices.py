"""Notices: queued once, claimed by one at a time, told or tried again."""

from __future__ import annotations

import pytest
from ledgers_by_hand import NOW, later

from stillwatch.domain.service_limits import EFFECT_ATTEMPTS_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import BadValue
from stillwatch.store.ledger.nouns.notices import NewNotice

ACTOR = "service:deliver"
SINKS = ("webhook", "mail")


def notice(number: int = 1, **others: object) -> NewNotice:
    """Give one of many notices."""
    facts = {"kind": "campaign_new", "subject_id": f"c-{number}", "says": "New.", "accounts": 3}
    return NewNotice(notice_id=f"n-{number}", **{**facts, **others})  # type: ignore[arg-type]


def claim(ledger: Ledger, claim_id: str, *, sink: str = "mail", **span: float) -> list[str]:
    """Claim what is to be told at a sink for a minute."""
    now = later(**span)
    with ledger.write(actor=ACTOR, now=now) as change:
        taken = change.claim_notices(claim_id, sink=sink, until=now + (later(minutes=1) - NOW))
        return [one.notice_id for one in taken]


def queue(ledger: Ledger, *notices: NewNotice) -> int:
    """Queue notices for both sinks."""
    with ledger.write(actor=ACTOR, now=NOW) as change:
        return change.queue_notices(notices, sinks=SINKS)


def test_a_notice_is_queued_once_for_each_sink(ledger: Ledger) -> None:
    """Again, twice in one call, beside a new one: what is there stays as it is."""
    assert queue(ledger, notice(1), notice(1)) == 2
    assert queue(ledger, notice(1, says="Other."), notice(2)) == 2
    assert queue(ledger) == 0
    with ledger.read() as view:
        assert view.known_notices(["n-1", "n-2", "n-3"]) == {"n-1", "n-2"}
        assert view.accounts_told(["c-1", "c-9"]) == {"c-1": 3}
    assert ledger.verify().is_whole


def test_what_is_claimed_is_told_by_nobody_else(ledger: Ledger) -> None:
    """Until the claim ends; each sink has its own."""
    queue(ledger, notice(1), notice(2))
    assert claim(ledger, "one") == ["n-1", "n-2"]
    assert claim(ledger, "two", seconds=59) == []
    assert claim(ledger, "three", sink="webhook", seconds=59) == ["n-1", "n-2"]
    assert claim(ledger, "four", seconds=60) == ["n-1", "n-2"]
    with ledger.write(actor=ACTOR, now=later(seconds=61)) as change:
        assert change.note_told("one") == 0
        assert change.note_told("four") == 2
    assert claim(ledger, "five", days=1) == []


def test_what_could_not_be_told_is_tried_again_and_then_given_up(ledger: Ledger) -> None:
    """After the last try, or where the sink says never."""
    queue(ledger, notice(1))
    for attempt in range(EFFECT_ATTEMPTS_MAX):
        assert claim(ledger, f"c-{attempt}", hours=attempt) == ["n-1"]
        with ledger.write(actor=ACTOR, now=later(hours=attempt)) as change:
            again = later(hours=attempt + 1)
            assert change.note_untold(f"c-{attempt}", error="503", retry_at=again) == 1
    assert claim(ledger, "late", days=9) == []
    assert claim(ledger, "other", sink="webhook") == ["n-1"]
    with ledger.write(actor=ACTOR, now=NOW) as change:
        assert change.note_untold("other", error="410", retry_at=None) == 1
    with ledger.read() as view:
        assert not view.has_due_notices("webhook", now=later(days=9))


def test_a_claim_and_a_notice_have_bounds(ledger: Ledger) -> None:
    """A kind that there isn't, a claim that ends before it begins, or holds nothing."""
    with pytest.raises(BadValue):
        queue(ledger, notice(1, kind="gossip"))
    for until, limit in ((NOW, 1), (later(minutes=1), 0), (later(minutes=1), 10**6)):
        with pytest.raises(BadValue), ledger.write(actor=ACTOR, now=NOW) as change:
            change.claim_notices("c", sink="mail", until=until, limit=limit)
