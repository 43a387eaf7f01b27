"""What the ledger holds against acting, as the policy and the proposals need it.

Reads who was let go, what people have answered and what is permitted; gives frames and a test. An
instant after a look's own counts as its own: somebody who was let go while the look went on is
spared by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.decide.policy.subjects import SPARED
from stillwatch.detect.verdicts.permissions import apply_permissions
from stillwatch.domain.tables import GRANT
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.questions.restraints import SparedAccount, SparedSubject
from stillwatch.store.ledger.views import View

_GUILTY: Final = ("suspect", "fraudulent")


@dataclass(frozen=True, slots=True)
class Restraints:
    """What speaks against acting, at one instant of the ledger."""

    as_of: int
    """Number of the last audit entry that was seen."""
    spared: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SPARED))
    subjects: dict[tuple[str, str], SparedSubject] = field(default_factory=dict)
    """By (kind, id): what a person has answered to be innocent or permitted."""
    grants: pl.DataFrame = field(default_factory=GRANT.empty)

    def answer_on(
        self,
        account_id: str,
        *,
        group_id: str | None,
        campaign_id: str | None,
        former: Collection[str] = (),
    ) -> str:
        """Give the answer of a person that keeps machines off an account, or nothing.

        former:  campaigns that are no more of which the account was: an answer on one of them was
                 about its accounts, and goes with them wherever they are merged into.
        """
        places = (("account", account_id), ("group", group_id), ("campaign", campaign_id))
        for kind, subject_id in (*places, *(("campaign", one) for one in sorted(former))):
            if subject_id is not None and (found := self.subjects.get((kind, subject_id))):
                return f"{found.answer} ({kind})"
        return ""


def read_restraints(
    ledger: Ledger, *, cool_down: timedelta, at: datetime, now: datetime
) -> Restraints:
    """Read what speaks against acting now on a look of an instant.

    Cost:    linear in the accounts of all decisions, and in dispositions and permissions.

    Raises:
        LedgerError: the ledger can't be read; nobody may act then.
    """
    with ledger.read() as view:
        as_of = view.find_head().entries
        spared = [(one.account_id, min(one.at, at)) for one in _spared(view, at - cool_down)]
        subjects = read_spared_subjects(view)
        grants = _grants(view, now)
    return Restraints(as_of, pl.DataFrame(spared, schema=SPARED, orient="row"), subjects, grants)


def permit(look: LookTables, grants: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """Turn verdicts that the ledger's permissions cover into `permitted`.

    Grain:   ACCOUNTS_OUT, as given.
    Blind spot: `evaluation` covers nobody here, since what was replayed is counted in the look.
    """
    if not len(grants):
        return look.accounts
    is_guilty = pl.col("verdict").is_in(_GUILTY)
    judged = apply_permissions(
        look.accounts.filter(is_guilty),
        grants=grants,
        register=look.register,
        harvest=look.harvest,
        at=now,
    )
    return pl.concat([look.accounts.filter(~is_guilty), judged], how="diagonal")


def read_spared_subjects(view: View) -> dict[tuple[str, str], SparedSubject]:
    """Read what people have answered to be innocent or permitted, by kind and id."""
    rows = all_pages(
        lambda after: view.list_spared_subjects(after=after),
        first=("", ""),
        place=lambda one: (one.subject_kind, one.subject_id),
    )
    return {(one.subject_kind, one.subject_id): one for one in rows}


def _spared(view: View, since: datetime) -> Iterator[SparedAccount]:
    return all_pages(
        lambda after: view.list_spared(since=since, after=after),
        first="",
        place=lambda one: one.account_id,
    )


def _grants(view: View, at: datetime) -> pl.DataFrame:
    found = all_pages(
        lambda after: view.list_permissions_in_force(now=at, after=after),
        first="",
        place=lambda one: one.permission_id,
    )
    rows = [{name: getattr(one, name) for name in GRANT.columns} for one in found]
    return GRANT.conform(pl.DataFrame(rows, schema=GRANT.schema)) if rows else GRANT.empty()
