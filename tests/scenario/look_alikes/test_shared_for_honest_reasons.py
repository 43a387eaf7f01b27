"""Look-alikes of linking: accounts that share for an honest reason. Expected: nothing tied."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link import link_accounts

Population: Any = runpy.run_path(
    str(Path(__file__).parents[2] / "unit" / "link" / "populations.py")
)["Population"]


def tied_share(crowd: Any, members: list[str], register: pl.DataFrame | None = None) -> float:  # noqa: ANN401  loaded by path
    """Largest share of some accounts in one group that is tied at q <= 0.05."""
    given = crowd.register() if register is None else register
    linked = link_accounts(crowd.traits(), register=given, settings=LinkSettings())
    tied = linked.groups.filter(pl.col("link_q_value") <= 0.05)
    inside = linked.members.join(tied, on="group_id").filter(pl.col("account_id").is_in(members))
    sizes = inside.group_by("group_id").len()["len"]
    return max(sizes.to_list(), default=0) / len(members)


def share(crowd: Any, names: list[str], *channels: str) -> None:  # noqa: ANN401  loaded by path
    """Give some accounts one exclusive value in each of some channels."""
    for k, channel in enumerate(channels):
        crowd.give(names, channel, 5 * 10**8 + k)


@pytest.mark.parametrize(
    ("kind", "size", "channels"),
    [
        ("public framework", 600, ("template", "system_text")),
        ("campus", 300, ("address", "subnet", "network")),
        ("company network and nothing else", 60, ("address", "subnet", "network", "access_path")),
        ("one product's client", 400, ("client", "device", "parameters")),
        ("class on one exercise", 40, ("template", "item")),
        ("customers of one public mail provider", 500, ("email_domain",)),
        ("aliases that one mail service makes", 300, ("email_shape", "email_domain")),
        ("customers of one bank", 400, ("payment_issuer", "payment_country")),
        ("cards handed out at an event", 80, ("payment_batch", "payment_issuer")),
        ("launch day of a product", 200, ("signup_day", "signup_week")),
        ("early adopters", 80, ("model_hour", "active_hour")),
    ],
)
def test_sharing_within_one_family_ties_nobody(
    kind: str, size: int, channels: tuple[str, ...]
) -> None:
    """However many channels one act changes together, they are one family."""
    crowd = Population(1_500, seed=len(kind))
    members = sorted(crowd.signups)[:size]
    share(crowd, members, *channels)
    assert tied_share(crowd, members) == 0, kind


@pytest.mark.parametrize("channel", ["email_shape", "payment_issuer"])
def test_what_half_of_everybody_holds_ties_nobody_beside_one_client(channel: str) -> None:
    """All sixty of one client stack write their names as half of the population does."""
    crowd = Population(1_500, seed=23)
    names = sorted(crowd.signups)
    half, members = names[:750], names[:60]
    for k, name in enumerate(names[750:]):
        crowd.give([name], channel, 6 * 10**8 + k % 40)
    crowd.give(half, channel, 5 * 10**8)
    crowd.give(members, "client", 7 * 10**8)
    assert tied_share(crowd, members) == 0


def test_a_framework_on_a_campus_ties_nobody() -> None:
    """Two look-alikes that overlap: 600 on one prompt, 300 of all on one address, 120 on both."""
    crowd = Population(1_500, seed=21)
    names = sorted(crowd.signups)
    share(crowd, names[:600], "template")
    crowd.give(names[480:780], "address", 7 * 10**8)
    assert tied_share(crowd, names[480:600]) == 0


def test_a_verified_organisation_is_one_actor_and_no_group() -> None:
    """An office with one prompt, one stack, one card and one address, checked by the provider."""
    crowd = Population(900, seed=22)
    office = sorted(crowd.signups)[:60]
    share(crowd, office, "template", "client", "payment", "address")
    inside = pl.col("account_id").is_in(office)
    register = REGISTER.conform(
        crowd.register().with_columns(org_id=pl.when(inside).then(pl.lit("o")), org_verified=inside)
    )
    assert tied_share(crowd, office, register) == 0
    unchecked = register.with_columns(org_verified=pl.lit(False))
    assert tied_share(crowd, office, unchecked) == 1.0
