"""The outbox: claimed by one at a time, delivered at least once, and turned around exactly."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ledgers_by_hand import NOW, decision, later, put_in_force

from stillwatch.domain.service_limits import (
    EFFECT_ATTEMPTS_MAX,
)
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import BadValue, RowExists
from stillwatch.store.ledger.nouns.effects import OUTBOX, Failure

ACTOR = "service:deliverer"


def claim(ledger: Ledger, claim_id: str, **span: float) -> list[tuple[str, str]]:
    """Claim what is due on the webhook for a minute; list operations and accounts."""
    with ledger.write(actor=ACTOR, now=later(**span)) as change:
        until = change.now + (later(minutes=1) - NOW)
        taken = change.claim_effects(claim_id, channel="webhook", until=until)
        return [(one.operation, one.account_id) for one in taken]


def states(ledger: Ledger) -> dict[tuple[str, str], str]:
    """Give the state of every row by operation and account."""
    with ledger._engine.connect() as connection:
        rows = connection.execute(sa.select(OUTBOX)).mappings()
        return {(row["operation"], row["account_id"]): row["state"] for row in rows}


def test_what_is_claimed_is_nobody_elses_until_the_claim_ends(ledger: Ledger) -> None:
    """A second deliverer gets nothing at first, and all of it after the first one died."""
    put_in_force(ledger)
    both = [("apply", "acct-1"), ("apply", "acct-2")]
    assert claim(ledger, "one") == both
    assert claim(ledger, "two", seconds=59) == []
    assert claim(ledger, "three", seconds=60) == both
    with ledger.write(actor=ACTOR, now=later(seconds=61)) as change:
        assert change.note_delivered("one") == 0
        assert change.note_delivered("three") == 2
        assert change.note_delivered("three") == 0
    assert set(states(ledger).values()) == {"delivered"}


def test_a_delivery_says_what_to_do(ledger: Ledger) -> None:
    """Effect, sentence and end come with it."""
    put_in_force(ledger, ("acct-1",))
    with ledger.write(actor=ACTOR, now=NOW) as change:
        (one,) = change.claim_effects("one", channel="webhook", until=later(minutes=1))
    wanted = decision()
    assert (one.effect, one.reason, one.expires_at, one.attempts) == (
        wanted.effect,
        wanted.reason,
        wanted.expires_at,
        0,
    )


def test_what_failed_is_tried_again_and_then_given_up(ledger: Ledger) -> None:
    """A failure waits until its time; after the last try somebody has to look."""
    put_in_force(ledger, ("acct-1",))
    failure = Failure(decision_id="d-1", account_id="acct-1", operation="apply", error="503")
    for attempt in range(EFFECT_ATTEMPTS_MAX):
        assert claim(ledger, f"try-{attempt}", hours=attempt) == [("apply", "acct-1")]
        with ledger.write(actor=ACTOR, now=later(hours=attempt)) as change:
            again = later(hours=attempt + 1)
            assert change.note_failed(f"try-{attempt}", [failure], retry_at=again) == 1
            assert change.note_failed(f"try-{attempt}", [failure], retry_at=again) == 0
            assert change.note_delivered(f"try-{attempt}") == 0
    assert states(ledger) == {("apply", "acct-1"): "failed"}
    assert claim(ledger, "late", days=9) == []
    with ledger.write(actor="ann", now=later(days=9)) as change:
        assert change.retry_effects("d-1") == 1
    assert claim(ledger, "later", days=9) == [("apply", "acct-1")]
    with ledger.read() as view:
        assert view.count_effects() == {("webhook", "queued"): 1}


def test_a_failure_without_another_try_is_final(ledger: Ledger) -> None:
    """The sink said never: the rest of the claim is delivered all the same."""
    put_in_force(ledger)
    claim(ledger, "one")
    failure = Failure(decision_id="d-1", account_id="acct-1", operation="apply", error="410")
    with ledger.write(actor=ACTOR, now=NOW) as change:
        change.note_failed("one", [failure], retry_at=None)
        assert change.note_delivered("one") == 1
    assert states(ledger) == {("apply", "acct-1"): "failed", ("apply", "acct-2"): "delivered"}


def test_what_was_not_tried_is_put_back_as_it_was(ledger: Ledger) -> None:
    """Free at once and without a try spent; the rest of the claim is delivered all the same."""
    put_in_force(ledger)
    with ledger.write(actor=ACTOR, now=NOW) as change:
        taken = change.claim_effects("one", channel="webhook", until=later(minutes=1))
        assert change.put_back_effects("one", taken[1:]) == 1
        assert change.put_back_effects("one", taken[1:]) == 0
        assert change.note_delivered("one") == 1
    with ledger.write(actor=ACTOR, now=NOW) as change:
        (again,) = change.claim_effects("two", channel="webhook", until=later(minutes=1))
    assert (again.account_id, again.attempts) == ("acct-2", 0)


def test_what_is_out_is_what_will_be_taken_back(ledger: Ledger) -> None:
    """Claimed or tried and not reverted: a receiver may have it."""
    put_in_force(ledger)
    with ledger.read() as view:
        assert view.list_out("webhook") == []
        assert view.has_due_effects("webhook", now=NOW)
        assert not view.has_due_effects("file", now=NOW)
    claim(ledger, "one")
    with ledger.read() as view:
        assert [one.account_id for one in view.list_out("webhook", limit=1)] == ["acct-1"]
        after = ("acct-1", "d-1")
        assert [one.account_id for one in view.list_out("webhook", after=after)] == ["acct-2"]
        assert len(view.list_out_of_claim("one")) == 2
        assert not view.has_due_effects("webhook", now=NOW)
    with ledger.write(actor="cora", now=NOW) as change:
        change.release_account("d-1", "acct-1", why="a school")
    with ledger.read() as view:
        assert [one.account_id for one in view.list_out_of_claim("one")] == ["acct-2"]


def test_what_nobody_has_seen_needs_no_turning(ledger: Ledger) -> None:
    """A decision that is reverted before any claim leaves nothing to deliver."""
    put_in_force(ledger)
    with ledger.write(actor="cora", now=NOW) as change:
        change.revert_decision("d-1", why="a mistake")
    assert set(states(ledger).values()) == {"reverted"}
    assert claim(ledger, "one") == []


@pytest.mark.parametrize("end", ["revert", "expire"])
def test_what_was_delivered_is_turned_around(end: str, ledger: Ledger) -> None:
    """Reverted or expired, every account that was reached is reached again, once."""
    put_in_force(ledger)
    claim(ledger, "one")
    with ledger.write(actor=ACTOR, now=NOW) as change:
        change.note_delivered("one")
    with ledger.write(actor="cora", now=later(days=31)) as change:
        if end == "revert":
            change.revert_decision("d-1", why="a mistake")
        else:
            change.expire_decisions()
    assert claim(ledger, "two", days=31) == [("revert", "acct-1"), ("revert", "acct-2")]
    assert states(ledger)["apply", "acct-1"] == "reverted"


def test_turning_never_overtakes_what_it_turns(ledger: Ledger) -> None:
    """A revert waits until the claim on what it takes back has ended; that one settles nothing."""
    put_in_force(ledger, ("acct-1",))
    claim(ledger, "slow")
    with ledger.write(actor="cora", now=later(seconds=1)) as change:
        change.revert_decision("d-1", why="a mistake")
    assert claim(ledger, "fast", seconds=2) == []
    with ledger.write(actor=ACTOR, now=later(seconds=3)) as change:
        assert change.note_delivered("slow") == 0
    assert claim(ledger, "then", seconds=60) == [("revert", "acct-1")]


def test_one_released_account_is_turned_alone(ledger: Ledger) -> None:
    """The others stay under their effect."""
    put_in_force(ledger)
    claim(ledger, "one")
    with ledger.write(actor=ACTOR, now=NOW) as change:
        change.note_delivered("one")
        change.release_account("d-1", "acct-2", why="a school")
    assert claim(ledger, "two", seconds=1) == [("revert", "acct-2")]
    assert states(ledger)["apply", "acct-1"] == "delivered"


def test_a_claim_has_bounds_and_an_id_of_its_own(ledger: Ledger) -> None:
    """It ends after it begins, is not empty or endless, and its id is used once."""
    put_in_force(ledger)
    for until, limit in ((NOW, 5), (later(minutes=1), 0), (later(minutes=1), 10**6)):
        with pytest.raises(BadValue), ledger.write(actor=ACTOR, now=NOW) as change:
            change.claim_effects("one", channel="webhook", until=until, limit=limit)
    claim(ledger, "one")
    with pytest.raises(RowExists):
        claim(ledger, "one")
