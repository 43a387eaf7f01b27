"""What speaks against acting: who was let go, what people have answered, what stands already.

Whoever proposes by machine asks here first. Each question says what the ledger holds and judges
nothing; how long somebody is spared is the policy's to say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from stillwatch.domain.service_limits import (
    LEDGER_PAGE_MAX,
)
from stillwatch.store.ledger.changes.writing import key_of
from stillwatch.store.ledger.in_force import InForceLookups, require_page
from stillwatch.store.ledger.nouns import TABLES, Row
from stillwatch.store.ledger.nouns.appeals import APPEALS
from stillwatch.store.ledger.nouns.decisions import DECIDED_ACCOUNTS, DECISIONS
from stillwatch.store.ledger.nouns.findings import DISPOSITIONS
from stillwatch.store.ledger.nouns.terms import TERMS

SPARING: Final = ("innocent", "permitted")
"""Answers of a person that keep machines off what they are about."""
_STANDING: Final = ("proposed", "approved", "in_force", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class SparedAccount:
    """An account that was let go, and when that was last."""

    account_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SparedSubject:
    """Something of which a person's latest answer is `innocent` or `permitted`."""

    subject_kind: str
    subject_id: str
    answer: str
    noted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAccount:
    """An account under a decision that waits, is in force, or was rejected and is not over."""

    account_id: str
    decision_id: str
    effect: str
    state: str
    is_shared: bool
    rule: str | None


class Restraints(InForceLookups):
    """Questions about what speaks against acting."""

    def list_spared(
        self, *, since: datetime, after: str = "", limit: int = LEDGER_PAGE_MAX
    ) -> list[SparedAccount]:
        """List the accounts that were released, reverted or won an appeal after an instant.

        Grain:   one row per account, with the latest instant.
        Order:   by account_id, after the one that is named.
        Cost:    one pass over the accounts of all decisions.
        """
        let_go = _let_go(since).subquery()
        asked = (
            sa.select(let_go.c.account_id, sa.func.max(let_go.c.at, type_=let_go.c.at.type))
            .where(let_go.c.account_id > after)
            .group_by(let_go.c.account_id)
            .order_by(let_go.c.account_id)
            .limit(require_page(limit))
        )
        found = self._connection.execute(asked)
        return [SparedAccount(account_id=who, at=at) for who, at in found]

    def list_spared_subjects(
        self, *, after: tuple[str, str] = ("", ""), limit: int = LEDGER_PAGE_MAX
    ) -> list[SparedSubject]:
        """List what people have answered to be innocent or permitted, and not otherwise since.

        Grain:   one row per (subject_kind, subject_id), after the one that is named.
        """
        last = sparing_answers().c
        place = sa.tuple_(last.subject_kind, last.subject_id)
        asked = (
            sa.select(last.subject_kind, last.subject_id, last.answer, last.noted_at)
            .where(place > sa.tuple_(*after))
            .order_by(last.subject_kind, last.subject_id)
            .limit(require_page(limit))
        )
        return [SparedSubject(**row) for row in self._connection.execute(asked).mappings()]

    def list_standing(
        self,
        campaign_id: str | None,
        *,
        now: datetime,
        after: tuple[str, str] = ("", ""),
        limit: int = LEDGER_PAGE_MAX,
    ) -> list[StandingAccount]:
        """List the accounts under decisions of a campaign (None: of no campaign) that are not over.

        Grain:   one row per (account_id, decision_id), after the one that is named.
        """
        decisions = DECISIONS.c
        asked = _decided(after, limit).where(
            decisions.campaign_id.is_(None)
            if campaign_id is None
            else decisions.campaign_id == campaign_id,
            decisions.state.in_(_STANDING),
            decisions.expires_at > now,
            DECIDED_ACCOUNTS.c.released_at.is_(None),
        )
        return [StandingAccount(**row) for row in self._connection.execute(asked).mappings()]

    def list_decided_at(
        self, result: str, *, after: tuple[str, str] = ("", ""), limit: int = LEDGER_PAGE_MAX
    ) -> list[StandingAccount]:
        """List the accounts under decisions that come from a look, whatever became of them.

        Grain:   one row per (account_id, decision_id), after the one that is named.
        """
        asked = _decided(after, limit).where(TERMS.c.result == result)
        return [StandingAccount(**row) for row in self._connection.execute(asked).mappings()]

    def known_ids(self, row: type[Row], ids: Collection[str]) -> set[str]:
        """Say which of some ids the ledger has.

        Raises:
            BadValue: more than LEDGER_PAGE_MAX are asked about.
        """
        key = key_of(row)
        if not ids:
            return set()
        require_page(len(ids))
        asked = sa.select(key).select_from(TABLES[row]).where(key.in_(list(ids)))
        return set(self._connection.execute(asked).scalars())


def sparing_answers() -> sa.Subquery:
    """Choose the subjects whose latest answer that says something spares them."""
    columns = DISPOSITIONS.c
    subject = (columns.subject_kind, columns.subject_id)
    newest_first = (columns.noted_at.desc(), columns.disposition_id.desc())
    place = sa.func.row_number().over(partition_by=subject, order_by=newest_first)
    kept = (*subject, columns.answer, columns.noted_at)
    ranked = sa.select(*kept, place.label("place")).where(columns.answer != "unsure").subquery()
    wanted = (ranked.c.place == 1, ranked.c.answer.in_(SPARING))
    return sa.select(*(ranked.c[one.name] for one in kept)).where(*wanted).subquery()


def _let_go(since: datetime) -> sa.CompoundSelect[Any]:
    accounts, decisions, appeals = DECIDED_ACCOUNTS.c, DECISIONS.c, APPEALS.c
    return sa.union_all(
        sa.select(accounts.account_id, accounts.released_at.label("at")).where(
            accounts.released_at > since
        ),
        sa.select(accounts.account_id, decisions.changed_at.label("at"))
        .join(DECISIONS, decisions.decision_id == accounts.decision_id)
        .where(decisions.state == "reverted", decisions.changed_at > since),
        sa.select(appeals.account_id, appeals.resolved_at.label("at")).where(
            appeals.state == "overturned", appeals.resolved_at > since
        ),
    )


def _decided(after: tuple[str, str], limit: int) -> sa.Select[Any]:
    accounts, decisions, terms = DECIDED_ACCOUNTS.c, DECISIONS.c, TERMS.c
    return (
        sa.select(
            accounts.account_id,
            accounts.decision_id,
            decisions.effect,
            decisions.state,
            sa.func.coalesce(terms.is_shared, sa.false()).label("is_shared"),
            terms.rule,
        )
        .select_from(DECIDED_ACCOUNTS)
        .join(DECISIONS, decisions.decision_id == accounts.decision_id)
        .outerjoin(TERMS, terms.decision_id == accounts.decision_id)
        .where(sa.tuple_(accounts.account_id, accounts.decision_id) > sa.tuple_(*after))
        .order_by(accounts.account_id, accounts.decision_id)
        .limit(require_page(limit))
    )
