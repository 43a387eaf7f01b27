"""What people do with a case: open, assign, comment, close, open again, follow.

Whoever is given a case or says something in it follows it by themselves, once: who has stopped
following begins again by their own word alone.
"""

from __future__ import annotations

from hashlib import sha256

import sqlalchemy as sa

from stillwatch.domain.service_limits import LEDGER_ID_CHARS_MAX
from stillwatch.store.ledger.changes.writing import Writing
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.cases import COMMENTS, Case, Comment, Follower, NewCase
from stillwatch.store.ledger.nouns.findings import Campaign, Finding
from stillwatch.store.ledger.nouns.people import User
from stillwatch.store.ledger.states import is_machine, require_move


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
        given = self._alter(case, changes, verb="case.assign", before=case.state)
        self._follow_by_itself(case_id, assignee)
        return given

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
        self._follow_by_itself(case_id, self.actor)
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

    def follow_case(self, case_id: str) -> Follower:
        """Have whoever acts told when a case changes; who follows it already goes on.

        Raises:
            UnknownRow: there is no such case, or whoever acts is no user of the ledger.
        """
        self._find(Case, case_id)
        self._find(User, self.actor)
        there = self._seek(Follower, _name_follower(case_id, self.actor))
        if there is None:
            return self._begin_to_follow(case_id, self.actor)
        return self._set_follows(there, follows=True)

    def unfollow_case(self, case_id: str) -> Follower:
        """Have whoever acts told no more; no comment or assignment brings it back.

        Raises:
            UnknownRow: there is no such case, or they have never followed it.
        """
        self._find(Case, case_id)
        return self._set_follows(
            self._find(Follower, _name_follower(case_id, self.actor)), follows=False
        )

    def _set_follows(self, there: Follower, *, follows: bool) -> Follower:
        if there.follows == follows:
            return there
        verb = "case.follow" if follows else "case.unfollow"
        changes = {"follows": follows, "changed_at": self.now}
        return self._alter(there, changes, verb=verb, case=there.case_id)

    def _follow_by_itself(self, case_id: str, user_id: str) -> None:
        """Follow for somebody who has a hand in a case; programs and unknown names never do."""
        user = None if is_machine(user_id) else self._seek(User, user_id)
        name = _name_follower(case_id, user_id)
        if user is not None and user.is_active and self._seek(Follower, name) is None:
            self._begin_to_follow(case_id, user_id)

    def _begin_to_follow(self, case_id: str, user_id: str) -> Follower:
        follower = Follower(
            follower_id=_name_follower(case_id, user_id),
            case_id=case_id,
            user_id=user_id,
            follows=True,
            changed_at=self.now,
            version=1,
        )
        self._insert(Follower, follower, {}, verb="case.follow", case=case_id)
        return follower


def _name_follower(case_id: str, user_id: str) -> str:
    """Name a row after its case and its user; a case's id that leaves no room is hashed."""
    name = f"{case_id}/{user_id}"
    if len(name) <= LEDGER_ID_CHARS_MAX:
        return name
    return f"{sha256(case_id.encode('utf-8', 'surrogatepass')).hexdigest()}/{user_id}"
