"""What people do with a case: open, assign, comment, close, open again."""

from __future__ import annotations

import sqlalchemy as sa

from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.cases import COMMENTS, Case, Comment, NewCase
from stillwatch.store.ledger.nouns.findings import Campaign, Finding
from stillwatch.store.ledger.nouns.people import User
from stillwatch.store.ledger.states import require_move


class CaseVerbs(Writing):
    """Verbs on cases."""

    def open_case(self, case: NewCase) -> bool:
        """Open a case, once; say whether it was news.

        Raises:
            RowExists: the id has another case.
            UnknownRow: its campaign or finding is not there.
        """
        self._require(Campaign, case.campaign_id)
        self._require(Finding, case.finding_id)
        own = {
            "state": "new",
            "assignee": None,
            "opened_by": self.actor,
            "opened_at": self.now,
            "closed_at": None,
            "outcome": None,
            "version": 1,
        }
        return self._insert(Case, case, own, verb="case.open")

    def assign_case(self, case_id: str, *, assignee: str) -> Case:
        """Give a case to somebody; a closed one is open again.

        Raises:
            UnknownRow: there is no such case, or no such user who is active.
        """
        case = self._find(Case, case_id)
        require_move("case", case_id, state=case.state, to="assigned")
        if not self._find(User, assignee).is_active:
            raise UnknownRow(kind="active user", subject_id=assignee)
        changes = {"state": "assigned", "assignee": assignee, "closed_at": None, "outcome": None}
        return self._alter(case, changes, verb="case.assign", before=case.state)

    def comment_case(self, case_id: str, *, text: str) -> str:
        """Add a comment, and give its id; a closed case can be commented on.

        Raises:
            UnknownRow: there is no such case.
        """
        self._find(Case, case_id)
        asked = sa.select(sa.func.count()).where(COMMENTS.c.case_id == case_id)
        number = self._connection.execute(asked).scalar_one() + 1
        comment = Comment(
            comment_id=f"{case_id}/{number}",
            case_id=case_id,
            number=number,
            author=self.actor,
            text=text,
            written_at=self.now,
        )
        self._insert(Comment, comment, {}, verb="case.comment", case=case_id)
        return comment.comment_id

    def close_case(self, case_id: str, *, outcome: str) -> Case:
        """Close a case, and say how it ended.

        Raises:
            MoveRefused: it is closed.
            UnknownRow: there is no such case.
        """
        case = self._find(Case, case_id)
        require_move("case", case_id, state=case.state, to="closed")
        changes = {"state": "closed", "closed_at": self.now, "outcome": outcome}
        return self._alter(case, changes, verb="case.close", before=case.state)
