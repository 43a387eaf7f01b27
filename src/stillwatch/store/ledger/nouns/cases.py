"""The work of people: a case with its assignee and state, the comments on it, who follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.columns import (
    Count,
    Flag,
    Id,
    Instant,
    OneOf,
    Prose,
    Refers,
    Row,
    Word,
    table_of,
)
from stillwatch.store.ledger.nouns.findings import CampaignId, FindingId
from stillwatch.store.ledger.nouns.people import UserId
from stillwatch.store.ledger.states import CASE_STATES

CaseId = Annotated[Id, Refers("cases.case_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase(Row):
    """Something that a person has to look at."""

    case_id: Id
    title: Prose
    campaign_id: CampaignId | None = None
    finding_id: FindingId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(NewCase):
    """A case with its state; `outcome` says how it ended."""

    state: Annotated[Word, OneOf(CASE_STATES)]
    assignee: UserId | None
    opened_by: Word
    opened_at: Instant
    closed_at: Instant | None
    outcome: Prose | None
    version: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Row):
    """One comment; its id is the case's and its number."""

    comment_id: Id
    case_id: CaseId
    number: Count
    author: Word
    text: Prose
    written_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower(Row):
    """Somebody who is told when a case changes; who has stopped keeps the row, and is not told."""

    follower_id: Id
    case_id: CaseId
    user_id: UserId
    follows: Flag
    changed_at: Instant
    version: Count


CASES: Final = table_of(
    "cases",
    Case,
    sa.Index(None, "opened_at", "case_id"),
    sa.Index(None, "state"),
    sa.Index(None, "assignee"),
)
COMMENTS: Final = table_of("comments", Comment, sa.Index(None, "case_id", "number", unique=True))
FOLLOWERS: Final = table_of(
    "followers",
    Follower,
    sa.Index(None, "case_id", "user_id", unique=True),
    sa.Index(None, "user_id", "follows"),
)
