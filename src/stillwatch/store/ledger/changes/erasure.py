"""An account's name out of the ledger, so that the audit log still holds.

Every row that names the account gets a tombstone in its place, the same in all of them, and a new
image in the log; a decision gets the hash of the accounts that it names now. What the log itself
holds are hashes of rows and ids of rows, no accounts. An account that something is still to be done
to, or whose appeal waits, can't be erased: the gateway and the deliverers need its name.

Deliberately absent: ids of rows. One that was made of an account's id stays, and is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from stillwatch.domain.service_limits import LEDGER_ENTRIES_PER_CHANGE_MAX
from stillwatch.store.ledger.audit.chain import hash_ids
from stillwatch.store.ledger.changes.writing import RowT, Writing, key_of
from stillwatch.store.ledger.errors import MoveRefused
from stillwatch.store.ledger.nouns import KINDS, TABLES
from stillwatch.store.ledger.nouns.appeals import APPEALS, Appeal
from stillwatch.store.ledger.nouns.cases import CASES, COMMENTS, Comment
from stillwatch.store.ledger.nouns.columns import Row
from stillwatch.store.ledger.nouns.decisions import DECIDED_ACCOUNTS, DECISIONS, Decision
from stillwatch.store.ledger.nouns.effects import OUTBOX

FADED: Final = "[removed after its time]"
_AT_ONCE: Final = LEDGER_ENTRIES_PER_CHANGE_MAX // 4
"""Rows of a kind that one change takes; what is left waits for the next."""
ERASED: Final = "[erased]"
"""What stands in the place of a text that was erased as a whole."""
MANY: Final = (DECIDED_ACCOUNTS, OUTBOX)
"""Tables of many rows that name accounts and have no image each."""
_PROSE_CHARS: Final = 257
"""Texts of columns from this length on are prose, in which an id may be mentioned."""
_PENDING: Final = ("proposed", "approved", "in_force")
_UNRESOLVED: Final = ("open", "in_review")


class ErasureVerbs(Writing):
    """Verbs that take names and texts out."""

    def erase_account(self, account_id: str, *, tombstone: str) -> dict[str, int]:
        """Put a tombstone in the place of an account's id, wherever it stands; say where.

        Grain:   rows changed, by table; `left` counts ids of rows that contain the account's.
        Cost:    one pass over the ledger's texts.

        Raises:
            MoveRefused: it is under a decision, its appeal waits, or a delivery does.
        """
        self._refuse_pending(account_id)
        done: Counter[str] = Counter()
        decisions = self._rename(account_id, tombstone, done)
        mention = re.compile(rf"(?<![\w-]){re.escape(account_id)}(?![\w-])")
        for row in TABLES:
            for old in list(self._rows_with(row, account_id)):
                if changes := _without(old, account_id, tombstone, mention):
                    self._reseal(old, changes, verb=f"{KINDS[row]}.erase")
                    done[str(TABLES[row].name)] += 1
                done["left"] += account_id in str(getattr(old, key_of(row).name))
        for decision_id in decisions:
            named = self._accounts_of(decision_id)
            changes = {"accounts_hash": hash_ids(named)}
            self._reseal(self._find(Decision, decision_id), changes, verb="decision.erase")
        return {name: count for name, count in sorted(done.items()) if count}

    def fade_texts(self, *, before: datetime) -> dict[str, int]:
        """Remove the texts of appeals that were resolved, and of cases closed, before an instant.

        Grain:   rows changed, by table; at most a quarter of LEDGER_ENTRIES_PER_CHANGE_MAX each.
        """
        done: dict[str, int] = {}
        for old in list(self._old_appeals(before)):
            fresh = {"statement": FADED, "answer": None if old.answer is None else FADED}
            self._reseal(old, fresh, verb="appeal.fade")
            done["appeals"] = done.get("appeals", 0) + 1
        for one in list(self._old_comments(before)):
            self._reseal(one, {"text": FADED}, verb="comment.fade")
            done["comments"] = done.get("comments", 0) + 1
        return done

    def _old_appeals(self, before: datetime) -> Iterator[Appeal]:
        columns = APPEALS.c
        asked = sa.select(APPEALS).where(columns.resolved_at < before, columns.statement != FADED)
        for found in self._connection.execute(asked.limit(_AT_ONCE)).mappings():
            yield Appeal(**found)

    def _old_comments(self, before: datetime) -> Iterator[Comment]:
        asked = (
            sa.select(COMMENTS)
            .join(CASES, CASES.c.case_id == COMMENTS.c.case_id)
            .where(CASES.c.closed_at < before, COMMENTS.c.text != FADED)
        )
        for found in self._connection.execute(asked.limit(_AT_ONCE)).mappings():
            yield Comment(**found)

    def note_upkeep(self, verb: str, subject_id: str, facts: Mapping[str, Any]) -> None:
        """Write into the audit log what was done to data beside the ledger: figures, no names."""
        self._note_only(verb, ("upkeep", subject_id), facts)

    def _rename(self, account_id: str, tombstone: str, done: Counter[str]) -> list[str]:
        """Rename an account in the tables of many rows; gives the decisions that named it."""
        asked = sa.select(DECIDED_ACCOUNTS.c.decision_id).where(
            DECIDED_ACCOUNTS.c.account_id == account_id
        )
        decisions = list(self._connection.execute(asked).scalars())
        for table in MANY:
            values: dict[str, Any] = {"account_id": tombstone}
            values |= {"last_error": None} if table is OUTBOX else {}
            changed = self._connection.execute(
                sa.update(table).where(table.c.account_id == account_id).values(values)
            )
            done[str(table.name)] += changed.rowcount
        return decisions

    def _rows_with(self, row: type[RowT], text: str) -> Iterator[RowT]:
        """Give the rows of a kind in which a text stands anywhere."""
        table = TABLES[row]
        texts = [c for c in table.columns if isinstance(c.type, sa.String)]
        asked = sa.select(table).where(sa.or_(*(c.contains(text, autoescape=True) for c in texts)))
        for found in self._connection.execute(asked).mappings().all():
            yield row(**found)

    def _reseal(self, old: Row, changes: Mapping[str, Any], *, verb: str) -> None:
        """Write a row anew, with its image; rows that are written once have no version."""
        row = type(old)
        if "version" in {one.name for one in fields(row)}:
            self._alter(old, changes, verb=verb)
            return
        key = key_of(row)
        self._connection.execute(
            sa.update(TABLES[row]).where(key == getattr(old, key.name)).values(changes)
        )
        self._note(verb, row, {**asdict(old), **changes}, {})

    def _accounts_of(self, decision_id: str) -> list[str]:
        column = DECIDED_ACCOUNTS.c
        asked = sa.select(column.account_id).where(column.decision_id == decision_id)
        return list(self._connection.execute(asked).scalars())

    def _refuse_pending(self, account_id: str) -> None:
        decided, effects = DECIDED_ACCOUNTS.c, OUTBOX.c
        for kind, asked in (
            (
                "decision",
                sa.select(decided.decision_id, DECISIONS.c.state)
                .join(DECISIONS, DECISIONS.c.decision_id == decided.decision_id)
                .where(decided.account_id == account_id, decided.released_at.is_(None))
                .where(DECISIONS.c.state.in_(_PENDING)),
            ),
            (
                "appeal",
                sa.select(APPEALS.c.appeal_id, APPEALS.c.state).where(
                    APPEALS.c.account_id == account_id, APPEALS.c.state.in_(_UNRESOLVED)
                ),
            ),
            (
                "delivery of decision",
                sa.select(effects.decision_id, effects.state).where(
                    effects.account_id == account_id, effects.state == "queued"
                ),
            ),
        ):
            if found := self._connection.execute(asked).first():
                raise MoveRefused(subject=f"{kind} {found[0]}", state=found[1], to="erased")


def _without(old: Row, account_id: str, tombstone: str, mention: re.Pattern[str]) -> dict[str, Any]:
    """Say what of a row has to change."""
    row, changes = type(old), dict[str, Any]()
    is_its_own = isinstance(old, Appeal) and old.account_id == account_id
    names = getattr(old, "subject_kind", "account") == "account"
    for column in TABLES[row].columns:
        name = str(column.name)  # SQLAlchemy's own kind of text is no key of JSON
        value = getattr(old, name)
        if not isinstance(value, str) or column.primary_key or column.foreign_keys:
            continue
        if name == "account_id" or (name == "subject_id" and names):
            if value == account_id:
                changes[name] = tombstone
        elif (getattr(column.type, "length", 0) or 0) >= _PROSE_CHARS:
            fresh = ERASED if is_its_own else mention.sub(lambda _: tombstone, value)
            if fresh != value:
                changes[name] = fresh
    return changes
