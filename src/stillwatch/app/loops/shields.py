"""Whom nobody may take anything from: who is protected, or was permitted since it was proposed.

Between the lake's register as it is now and the ledger's decisions: gives accounts with the reason,
and where they stand. Enforcement leaves them out before anything comes into force, and after.

Blind spot: a permission for `evaluation` covers what replays public sets, which a look alone knows;
`resale` covers no harvest. Neither shields here: the next look permits, and people are told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from stillwatch.app.steps.window import read_snapshot
from stillwatch.domain.errors import LakeError
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX
from stillwatch.domain.tables import REGISTER
from stillwatch.store.appends import count_appends
from stillwatch.store.lake import Lake
from stillwatch.store.ledger.nouns.policies import Permission
from stillwatch.store.ledger.questions.details import HeldAccount
from stillwatch.store.ledger.questions.pages import all_pages
from stillwatch.store.ledger.views import View
from stillwatch.store.manifest import is_lake

ENFORCEMENT: Final = "service:enforcement"
"""Whoever puts in force what people approved, lets go, and ends what is over."""
PROTECTED: Final = "protected in the register"
PERMITTED: Final = "a permission was granted since it was proposed"
SHIELDED: Final = (PROTECTED, PERMITTED)
_COVERING: Final = "distillation"
"""The scope that covers any harvest: CONTRACT.md, section 1."""
HELD_STATES: Final = ("approved", "in_force")


@dataclass(frozen=True, slots=True)
class Shield:
    """Why nothing may be taken from an account."""

    why: str
    since: datetime | None
    """It counts against what was proposed before; None = against everything."""


class RegisterNow:
    """The register of a lake, read again when a file of it is new."""

    def __init__(self, lake: Path | None) -> None:
        self._lake = lake
        self._appends = 0
        self._files: tuple[str, ...] = ()
        self._register = REGISTER.empty()
        self.version = 0
        """Grows with every reading."""

    def read(self) -> pl.DataFrame:
        """Give the register as it is now; empty where there is no lake yet.

        Grain:   REGISTER.
        Cost:    a listing of a folder; the lake's manifests where something was appended.

        Raises:
            LakeError: it can't be read, or was there and is gone: nobody knows who is protected.
        """
        if self._lake is None or not (self._appends or self._lake.exists()):
            return self._register
        if not is_lake(self._lake):
            message = f"{self._lake} is no lake: nobody knows who is protected"
            raise LakeError(message, hint="nothing new comes into force until it is back")
        appends = count_appends(self._lake)
        if appends != self._appends:
            lake = Lake(self._lake, up_to=appends)
            files = tuple(one["path"] for one in lake.files(REGISTER.name))
            if files != self._files:
                self._register = read_snapshot(Lake(self._lake)).register
                self._files = files
                self.version += 1
            self._appends = appends
        return self._register


def find_shields(view: View, register: pl.DataFrame, *, now: datetime) -> dict[str, Shield]:
    """Say whom nothing may be taken from, by account.

    Cost:    linear in the register, and in the permissions in force.
    """
    shields: dict[str, Shield] = {}
    verified = pl.any_horizontal(pl.col("org_verified", "verified").fill_null(value=False))
    owners = register.filter(verified).select("account_id", "org_id").drop_nulls()
    permitted = all_pages(
        lambda after: view.list_permissions_in_force(now=now, after=after),
        first="",
        place=lambda one: one.permission_id,
    )
    for one in sorted(permitted, key=_begins):
        if one.scope != _COVERING:
            continue
        named = [] if one.account_id is None else [one.account_id]
        if one.org_id is not None:
            named += owners.filter(pl.col("org_id") == one.org_id)["account_id"].to_list()
        shields |= dict.fromkeys(named, Shield(PERMITTED, _begins(one)))
    protected = register.filter(pl.col("protected").fill_null(value=False))["account_id"]
    return shields | dict.fromkeys(protected.to_list(), Shield(PROTECTED, None))


def _begins(one: Permission) -> datetime:
    """Give the instant from which a permission counts: it was on record, and had begun."""
    return max(one.recorded_at, one.valid_from or one.recorded_at)


def find_held(
    view: View, shields: Mapping[str, Shield], *, states: Collection[str] = HELD_STATES
) -> Iterator[tuple[HeldAccount, str]]:
    """Say where shielded accounts stand all the same, and why they must not.

    Grain:   one a decision of these states that takes something, and account.
    Cost:    an index look-up an account.
    """
    names = sorted(shields)
    for at in range(0, len(names), LEDGER_PAGE_MAX):
        batch = names[at : at + LEDGER_PAGE_MAX]
        for held in _standing(view, batch, states):
            shield = shields[held.account_id]
            if shield.since is None or shield.since > held.proposed_at:
                yield held, shield.why


def _standing(view: View, batch: list[str], states: Collection[str]) -> Iterator[HeldAccount]:
    return all_pages(
        lambda after: view.list_held(batch, states=states, after=after),
        first=("", ""),
        place=lambda one: (one.decision_id, one.account_id),
    )
