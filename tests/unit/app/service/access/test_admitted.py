"""Keys and sessions in memory: as the ledger has them, and no longer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stillwatch.app.service.access.admitted import LedgerKeys
from stillwatch.app.service.access.keys import HashedKeys, Principal, hash_key
from stillwatch.domain.service_limits import ACCESS_STALE_S_MAX
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.cases import NewCase
from stillwatch.store.ledger.nouns.people import NewApiKey, NewUser

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
KEY = AuditKey(b"a key of a test, sixteen or more")


class Place:
    """A ledger, and what a service keeps of it."""

    def __init__(self, folder: Path) -> None:
        self.now_s = NOW.timestamp()
        self.ledger = make_ledger(folder / "ledger.db", key=KEY, ledger_id="l", now=NOW)
        beside = HashedKeys([(hash_key("edge"), Principal("edge", frozenset({"decide"})))])
        self.keys = LedgerKeys(self.ledger, clock=lambda: self.now_s, beside=beside)
        with self.ledger.write(actor="root", now=NOW) as change:
            change.add_user(NewUser(user_id="ann", roles=("analyst", "gateway")))
            for name, scopes, days in (("all", ("work", "decide", "approve"), None), ("d", (), 1)):
                ends = None if days is None else NOW + timedelta(days=days)
                change.issue_key(
                    NewApiKey(
                        key_id=name,
                        key_hash=hash_key(name),
                        user_id="ann",
                        scopes=scopes or ("decide",),
                        expires_at=ends,
                    )
                )
        self.keys.refresh()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A ledger with a person who has two keys."""
    return Place(tmp_path)


def test_a_key_may_what_it_and_its_owner_may(place: Place) -> None:
    """Scopes that the owner's roles don't have are none of the key's."""
    assert place.keys.find("all") == Principal("ann", frozenset({"work", "decide"}))
    assert place.keys.find("edge") == Principal("edge", frozenset({"decide"}))
    assert place.keys.find("") is None
    assert place.keys.find("unknown") is None


def test_a_key_ends_at_its_end_without_another_look(place: Place) -> None:
    """By the clock."""
    assert place.keys.find("d") is not None
    place.now_s += 86_400
    assert place.keys.find("d") is None


def test_people_are_believed_for_half_a_minute_and_machines_longer(place: Place) -> None:
    """As long as the ledger can't be read."""
    place.now_s += ACCESS_STALE_S_MAX
    assert place.keys.find("all") == Principal("ann", frozenset({"work", "decide"}))
    place.now_s += 1
    assert place.keys.find("all") == Principal("ann", frozenset({"decide"}))
    place.keys.refresh()
    assert place.keys.find("all") == Principal("ann", frozenset({"work", "decide"}))


def test_what_is_not_about_people_is_not_read_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look costs two rows; a case that was opened makes no list be read."""
    reads: list[object] = []
    path = "stillwatch.app.service.access.admitted._read_instant"
    monkeypatch.setattr(path, lambda *_, **__: reads.append(1) or place.keys._held)
    with place.ledger.write(actor="ann", now=NOW) as change:
        change.open_case(NewCase(case_id="c", title="one"))
    place.keys.refresh()
    assert reads == []
    with place.ledger.write(actor="root", now=NOW) as change:
        change.revoke_key("all")
    place.keys.refresh()
    assert reads == [1]


def test_a_ledger_that_went_back_is_read_again(place: Place, tmp_path: Path) -> None:
    """A backup that was brought back knows fewer entries, and is what holds."""
    older = tmp_path / "older.db"
    place.ledger.close()
    shutil.copy(tmp_path / "ledger.db", older)
    with place.ledger.write(actor="root", now=NOW) as change:
        change.revoke_key("all")
    place.keys.refresh()
    assert place.keys.find("all") is None
    place.keys._ledger = _open(older)
    place.keys.refresh()
    assert place.keys.find("all") is not None


def _open(path: Path) -> Ledger:
    return make_ledger(path, key=KEY, ledger_id="l", now=NOW)
