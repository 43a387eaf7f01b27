"""The audit log read backwards, and by what it is about."""

from __future__ import annotations

import pytest
from ledgers_by_hand import NOW, campaign, later

from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.audit.trails import TRAIL_MAX, Wanted, list_trail
from stillwatch.store.ledger.errors import BadValue
from stillwatch.store.ledger.nouns.people import NewUser


def write(ledger: Ledger) -> None:
    """Write six entries, an hour apart."""
    for hour in range(3):
        with ledger.write(actor="ann", now=later(hours=hour)) as change:
            change.add_user(NewUser(user_id=f"user_{hour}", roles=("viewer",)))
        with ledger.write(actor="service:looks", now=later(hours=hour)) as change:
            change.record_campaign(campaign("c-1", accounts=hour + 3))


def numbers(ledger: Ledger, **wanted: object) -> list[int]:
    """Give the numbers of what is wanted."""
    with ledger.read() as view:
        return [one.number for one in list_trail(view, Wanted(**wanted))]  # type: ignore[arg-type]


def test_the_newest_entry_stands_first(ledger: Ledger) -> None:
    """All of them, from the last to the first; `before` goes on from a number."""
    write(ledger)
    assert numbers(ledger) == [6, 5, 4, 3, 2, 1]
    assert numbers(ledger, before=3) == [2, 1]


def test_entries_are_chosen_by_who_what_and_when(ledger: Ledger) -> None:
    """By actor, row, verb or its beginning, and a span of time that excludes its end."""
    write(ledger)
    assert numbers(ledger, actor="ann") == [5, 3, 1]
    assert numbers(ledger, kind="campaign", subject_id="c-1") == [6, 4, 2]
    assert numbers(ledger, verb="user.") == [5, 3, 1]
    assert numbers(ledger, verb="user_") == []
    assert numbers(ledger, since=later(hours=1), until=later(hours=2)) == [4, 3]
    assert numbers(ledger, until=NOW) == []


def test_a_trail_is_bounded(ledger: Ledger) -> None:
    """No question reads the whole log."""
    write(ledger)
    with ledger.read() as view:
        assert len(list_trail(view, Wanted(), limit=2)) == 2
        for limit in (0, TRAIL_MAX + 1):
            with pytest.raises(BadValue):
                list_trail(view, Wanted(), limit=limit)
