"""References of appeals: the same for the same ids, readable with the key, and made by nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.store.appeal_references import AppealReferences
from stillwatch.store.ledger import AuditKey

KEY = AuditKey(b"a key of a test, sixteen or more")
REFERENCES = AppealReferences(KEY)
IDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=256)


@given(decision_id=IDS, account_id=IDS)
def test_what_is_made_is_read(decision_id: str, account_id: str) -> None:
    """Whatever the ids: one word that a link can hold, and the ids come out of it again."""
    made = REFERENCES.make(decision_id, account_id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22,3000}", made)
    assert REFERENCES.read(made) == (decision_id, account_id)
    assert REFERENCES.make(decision_id, account_id) == made


@given(wrong=st.text(max_size=200))
def test_what_was_not_made_is_not_read(wrong: str) -> None:
    """Whatever the text, and never an exception."""
    assert REFERENCES.read(wrong) is None


def test_no_change_of_a_reference_is_read() -> None:
    """Any character changed, any cut, and no second way to write one."""
    made = REFERENCES.make("d-1", "acct-1")
    changed = {
        made[:at] + other + made[at + 1 :] for at in range(len(made)) for other in "Aa9_"
    } - {made}
    cut = {made[:at] for at in range(len(made))}
    longer = {made + more for more in ("=", "A", "AA", "==", "\n")}
    assert [one for one in changed | cut | longer if REFERENCES.read(one)] == []


def test_another_key_reads_nothing() -> None:
    """Nor makes the same word."""
    other = AppealReferences(AuditKey(bytes(32)))
    made = REFERENCES.make("d-1", "acct-1")
    assert other.read(made) is None
    assert other.make("d-1", "acct-1") != made


def test_ids_are_kept_apart() -> None:
    """Moving a character from one id to the other makes another reference."""
    assert REFERENCES.make("d-1a", "cct") != REFERENCES.make("d-1", "acct")


@pytest.mark.parametrize("known", ["d-1", "acct-1", "acct"])
def test_a_reference_shows_neither_id(known: str) -> None:
    """Nobody reads an account out of a link."""
    import base64  # noqa: PLC0415

    made = REFERENCES.make("d-1", "acct-1")
    assert known.encode() not in base64.urlsafe_b64decode(made + "=" * (-len(made) % 4))
