"""What those who follow a case have to be told, read off the audit log.

A case changes when it is given to somebody, commented on or closed, and when a decision about it
or about its campaign moves. Nobody is told of what they did themselves: a change whose only
follower is its author is no news. Mail goes to the followers' own addresses where the operator has
listed them; addresses come from there alone, never from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stillwatch.act.notices import count_words, name_notice, plain
from stillwatch.app.deliver.settings import PERSONAL
from stillwatch.store.ledger.audit.chain import AuditEntry
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.cases import Case, Comment
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.notices import NewNotice
from stillwatch.store.ledger.views import View

_TEAM_MAIL: Final = "mail"
_HOUR_S: Final = 3_600
_BY_ACCOUNT: Final = ("decision.release",)
"""Verbs with an entry an account: a machine may write a thousand at once."""
_CASES_MAX: Final = 100
"""Cases of one campaign whose followers are told: people open a handful."""
_CHANGES: Final[Mapping[str, str]] = {
    "case.assign": "assigned",
    "case.comment": "commented",
    "case.close": "closed",
    "decision.propose": "proposed",
    "decision.reject": "rejected",
    "decision.in_force": "in_force",
    "decision.revert": "reverted",
    "decision.release": "reverted",
    "appeal.file": "appealed",
    "appeal.resolve": "answered",
}
_SAID: Final = {
    "assigned": "it was given to somebody",
    "commented": "somebody has commented on it",
    "closed": "it was closed",
    "proposed": "a decision about it was proposed",
    "rejected": "a decision about it was rejected",
    "in_force": "a decision about it is in force",
    "appealed": "an appeal against a decision about it was filed",
    "answered": "an appeal against a decision about it was answered",
    "reverted": "a decision about it was taken back, or an account of it released",
}
"""What may happen to a case that its followers are told of, in our words."""


@dataclass(frozen=True, slots=True)
class CaseNews:
    """A notice, and who follows the case that it is about."""

    notice: NewNotice
    followers: tuple[str, ...]

    def sinks(self, team: Sequence[str], addressed: frozenset[str]) -> tuple[str, ...]:
        """Say where it goes: to the team's sinks; but mail to followers alone where they have any.

        Nulls:   where no follower has an address of their own, the team's mail serves.
        """
        own = tuple(f"{PERSONAL}{one}" for one in self.followers if one in addressed)
        if not addressed:
            return tuple(team)
        return (*(one for one in team if one != _TEAM_MAIL), *own)


def find_case_news(view: View, entries: Sequence[AuditEntry]) -> Iterator[CaseNews]:
    """Find what some entries of the audit log are to those who follow cases.

    Grain:   one for each entry and case that somebody other than the entry's author follows; of
             accounts released one by one, one a decision and hour.
    Cost:    some look-ups an entry that is about a case or a decision.
    """
    for entry in entries:
        if (change := _CHANGES.get(entry.verb)) is None:
            continue
        for case in _cases_of(view, entry):
            followers = tuple(
                one for one in view.list_following(case.case_id) if one != entry.actor
            )
            if followers:
                yield CaseNews(_tell_of_case(case, change, len(followers), entry), followers)


def _cases_of(view: View, entry: AuditEntry) -> list[Case]:
    kind, subject_id = entry.verb.partition(".")[0], entry.subject_id
    if kind == "case":
        if entry.verb == "case.comment":
            subject_id = view.find(Comment, subject_id).case_id
        return [view.find(Case, subject_id)]
    if kind == "appeal":
        subject_id = view.find(Appeal, subject_id).decision_id
    decision = view.find(Decision, subject_id)
    found: dict[str, Case] = {}
    if decision.campaign_id is not None:
        some = view.list(Case, campaign_id=decision.campaign_id, limit=_CASES_MAX).rows
        found = {one.case_id: one for one in some}
    if decision.case_id is not None:
        found[decision.case_id] = view.find(Case, decision.case_id)
    return list(found.values())


def _tell_of_case(case: Case, change: str, followers: int, entry: AuditEntry) -> NewNotice:
    """Tell those who follow a case what has happened to it; `change` is a key of _SAID."""
    hour = int(entry.at.timestamp() // _HOUR_S)
    once = f"{entry.subject_id}/{hour}" if entry.verb in _BY_ACCOUNT else str(entry.number)
    says = (
        f"Case {plain(case.case_id)}, which {count_words(followers, 'other person')} "
        f"follow{'s' if followers == 1 else ''}: {_SAID[change]}; it is {case.state}."
    )
    return NewNotice(
        notice_id=name_notice("case_changed", f"{case.case_id}/{once}"),
        kind="case_changed",
        subject_id=case.case_id,
        says=says,
        entry=entry.number,
    )
