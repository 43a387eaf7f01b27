"""Texts of people that have done their work: statements of old appeals, comments on old cases.

The row stays with a word in the text's place and a new image in the audit log: what was decided,
when and by whom is kept; what a customer wrote about themselves is not, for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from stillwatch.domain.service_limits import LEDGER_ENTRIES_PER_CHANGE_MAX
from stillwatch.store.ledger.changes.erasure import ErasureVerbs
from stillwatch.store.ledger.changes.writing import RowT
from stillwatch.store.ledger.nouns.appeals import APPEALS, Appeal
from stillwatch.store.ledger.nouns.cases import CASES, COMMENTS, Comment

FADED: Final = "[removed after its time]"
_AT_ONCE: Final = LEDGER_ENTRIES_PER_CHANGE_MAX // 4
"""Rows of a kind that one change takes; what is left waits for the next."""


class FadingVerbs(ErasureVerbs):
    """Verbs that let texts go by age."""

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
        yield from self._rows(Appeal, asked)

    def _old_comments(self, before: datetime) -> Iterator[Comment]:
        asked = (
            sa.select(COMMENTS)
            .join(CASES, CASES.c.case_id == COMMENTS.c.case_id)
            .where(CASES.c.closed_at < before, COMMENTS.c.text != FADED)
        )
        yield from self._rows(Comment, asked)

    def _rows(self, row: type[RowT], asked: sa.Select[tuple[object]]) -> Iterator[RowT]:
        for found in self._connection.execute(asked.limit(_AT_ONCE)).mappings():
            yield row(**found)
