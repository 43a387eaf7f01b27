"""Whose do the accounts of a group say that they are?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from stillwatch.detect.owners import PAID_ACCOUNTS_MAX, Owners
from stillwatch.domain.tables import REGISTER

GROUP = [f"g{k}" for k in range(10)]
STRANGERS = [f"s{k:04d}" for k in range(1_000)]


def owners(**columns: dict[str, Any]) -> Owners:
    """A register of ten members and a thousand strangers; columns by account."""
    names = [*GROUP, *STRANGERS]
    frame = pl.DataFrame(
        {"account_id": names, **{c: [v.get(n) for n in names] for c, v in columns.items()}},
        schema_overrides={c: REGISTER.schema[c] for c in columns},
    )
    return Owners(REGISTER.conform(frame), active=names)


def test_the_largest_declared_owner_is_the_share() -> None:
    """Six of one organisation, four of another."""
    orgs = {g: "one" if k < 6 else "two" for k, g in enumerate(GROUP)}
    assert owners(org_id=orgs).measure_share(GROUP) == 0.6


def test_of_several_kinds_of_owner_the_strongest_counts() -> None:
    """An e-mail domain of eight beats an organisation of three."""
    domain = dict.fromkeys(GROUP[:8], 5)
    org = dict.fromkeys(GROUP[:3], "one")
    assert owners(email_domain_hash=domain, org_id=org).measure_share(GROUP) == 0.8


def test_one_card_for_all_declares_nobody() -> None:
    """It says who pays; who somebody is stays unsaid."""
    domain = {g: k for k, g in enumerate(GROUP)}
    card = dict.fromkeys(GROUP, 7)
    told = owners(email_domain_hash=domain, payment_hash=card).measure_share(GROUP)
    assert told == pytest.approx(0.1)
    assert math.isnan(owners(payment_hash=card).measure_share(GROUP))


@pytest.mark.parametrize(("outside", "share"), [(5, 1.0), (10, 1.0), (11, 0.0)])
def test_a_public_mail_provider_declares_nobody(outside: int, share: float) -> None:
    """More than half a per cent of the strangers hold it, and more of them than of the group."""
    domain = dict.fromkeys([*GROUP, *STRANGERS[:outside]], 5)
    assert owners(email_domain_hash=domain).measure_share(GROUP) == share


def test_heads_with_names_of_their_own_declare_one_each() -> None:
    """One of ten is the least that ten different domains can share."""
    domains = {g: k for k, g in enumerate(GROUP)}
    assert owners(email_domain_hash=domains).measure_share(GROUP) == pytest.approx(0.1)


def test_without_a_register_nothing_is_known() -> None:
    """Nor of members that it doesn't hold, nor where it states no owner at all."""
    assert math.isnan(Owners(REGISTER.empty(), active=GROUP).measure_share(GROUP))
    assert math.isnan(owners().measure_share(GROUP))
    assert math.isnan(owners(org_id={GROUP[0]: "one"}).measure_share(["nobody"]))


def test_one_card_pays_for_a_group_where_it_pays_for_few() -> None:
    """Seven of ten on one card; of a card that pays for a crowd besides, nothing is said."""
    card = dict.fromkeys(GROUP[:7], 5) | {g: 6 + k for k, g in enumerate(GROUP[7:])}
    assert owners(payment_hash=card).measure_paid(GROUP) == 0.7
    crowd = dict.fromkeys(STRANGERS[:PAID_ACCOUNTS_MAX], 5)
    assert owners(payment_hash=card | crowd).measure_paid(GROUP) == 0.1


def test_who_pays_is_not_known_where_no_instrument_is() -> None:
    """Unless the group is too large for any one customer's keys to be half of it."""
    assert math.isnan(owners(payment_hash={}).measure_paid(GROUP))
    large = STRANGERS[: 2 * PAID_ACCOUNTS_MAX + 1]
    assert owners(payment_hash={}).measure_paid(large) == 0.0


def test_accounts_are_numbered_by_whose_they_are() -> None:
    """By organisation, rare mail domain and instrument; a public provider's is nobody's."""
    org = dict.fromkeys(GROUP[:2], "one")
    domain = {**dict.fromkeys(GROUP[:3], 7), **dict.fromkeys(STRANGERS[:20], 5)}
    card = dict.fromkeys(GROUP[4:6], 9)
    names = [*GROUP, STRANGERS[0], "unknown"]
    held = owners(org_id=org, email_domain_hash=domain, payment_hash=card).number(names)
    assert held.shape == (3, len(names))
    of = [{frozenset(np.flatnonzero(row == k)) for k in set(row) - {-1}} for row in held]
    assert of == [{frozenset({0, 1})}, {frozenset({0, 1, 2})}, {frozenset({4, 5})}]
