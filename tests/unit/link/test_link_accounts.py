"""The whole of linking: what it writes, and that names and order change nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from populations import Population

from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNEL_OF, FAMILIES
from stillwatch.domain.results import EVIDENCE
from stillwatch.domain.schema import check_frame
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import GROUP, MEMBER, REGISTER, TRAIT
from stillwatch.link import Linked, link_accounts


@pytest.fixture(scope="module")
def crowd() -> Population:
    """Strangers and two campaigns."""
    made = Population(900, seed=5)
    made.add_group("ghost", 50, template=3, client=1, signup=72)
    made.add_group("proxy", 50, address=20, payment=2, client=1, template=2)
    return made


def link(crowd: Population, traits: pl.DataFrame | None = None) -> Linked:
    """Link a population."""
    given = crowd.traits() if traits is None else traits
    return link_accounts(given, register=crowd.register(), settings=LinkSettings())


@pytest.fixture(scope="module")
def linked(crowd: Population) -> Linked:
    """What linking finds in it."""
    return link(crowd)


def test_what_is_written_keeps_to_the_tables(linked: Linked) -> None:
    """Columns, types and nulls of GROUP, MEMBER and EVIDENCE."""
    for frame, table in (
        (linked.groups, GROUP),
        (linked.members, MEMBER),
        (linked.evidence, EVIDENCE),
    ):
        assert check_frame(frame, table).columns == list(table.columns)


def test_campaigns_are_tied_and_chance_groups_are_not(linked: Linked) -> None:
    """Both campaigns stand with q far below 0.01; what else was proposed is no group."""
    assert linked.groups["group_id"].to_list() == ["g-ghost00000", "g-proxy00000"]
    assert linked.groups["accounts"].to_list() == [50, 50]
    assert linked.groups["link_q_value"].max() < 1e-6
    assert linked.candidates > len(linked.groups)


def test_an_account_is_in_at_most_one_group(linked: Linked) -> None:
    """And groups count their accounts."""
    assert linked.members["account_id"].is_unique().all()
    counted = linked.members.group_by("group_id").len().sort("group_id")
    assert counted["len"].to_list() == linked.groups["accounts"].to_list()


def test_a_member_has_its_bar_in_bits_and_two_families(linked: Linked) -> None:
    """Evidence after the prior, capped by family; two families or more speak for each."""
    bits = linked.members.select(f"{f}_bits" for f in FAMILIES).to_numpy()
    settings = LinkSettings()
    assert bits.max() <= settings.family_cap_bits
    assert np.all((bits >= settings.family_bar_bits).sum(axis=1) >= 2)
    prior = np.log2(50 / 1_000)
    ghosts = linked.members.filter(pl.col("group_id") == "g-ghost00000")
    total = ghosts.select(pl.sum_horizontal(f"{f}_bits" for f in FAMILIES)).to_series() + prior
    assert ghosts["weight_bits"].to_list() == pytest.approx(total.to_list())


def test_evidence_says_what_ties_a_group_against_what_is_expected(linked: Linked) -> None:
    """All ghosts hold one client that nobody else has: observed 1, expected their share."""
    row = linked.evidence.filter(subject_id="g-ghost00000", channel="client").row(0, named=True)
    assert row["family"] == "client"
    assert row["observed"] == pytest.approx(1.0)
    assert row["expected"] == pytest.approx(50 / 1_000)
    assert row["weight_bits"] == pytest.approx(np.log2(20), abs=0.2)


def test_accounts_of_tied_groups_have_evidence_of_their_own_and_others_none(
    linked: Linked,
) -> None:
    """Each head has a row for its client; a stranger in a chance group has none."""
    subjects = set(linked.evidence["subject_id"])
    assert set(linked.members["account_id"]) <= subjects
    assert not {s for s in subjects if s.startswith("s")}
    row = linked.evidence.filter(subject_id="ghost00007", channel="client").row(0, named=True)
    assert row["observed"] == pytest.approx(1.0, abs=1e-6)


def test_channels_are_named_strongest_first(linked: Linked) -> None:
    """They are known channels, and the ghost's are of the families that tie it."""
    named = linked.groups.filter(group_id="g-ghost00000")["channels"].item().to_list()
    families = {CHANNEL_OF[channel].family for channel in named}
    assert named[0] in {"template", "client"}
    assert {"content", "client", "lifecycle"} <= families
    assert "identity" not in families


def as_rows(linked: Linked) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Groups and members with figures rounded, for comparison."""
    return (
        linked.groups.with_columns(pl.selectors.float().round(6)).rows(),
        linked.members.with_columns(pl.selectors.float().round(4)).rows(),
    )


def test_the_order_of_the_input_is_irrelevant(crowd: Population, linked: Linked) -> None:
    """Traits and register shuffled: the same groups, members and figures."""
    shuffled = link_accounts(
        crowd.traits().sample(fraction=1.0, shuffle=True, seed=1),
        register=crowd.register().sample(fraction=1.0, shuffle=True, seed=2),
        settings=LinkSettings(),
    )
    assert as_rows(shuffled) == as_rows(linked)


def test_renaming_pseudonyms_commutes(crowd: Population, linked: Linked) -> None:
    """Values under another key give the same groups: nothing rests on what a hash happens to be."""
    values = crowd.traits()["value"].unique().sort()
    fresh = np.random.default_rng(4).permutation(len(values)) * 1_000_003
    renamed = crowd.traits().with_columns(
        pl.col("value").replace_strict(values, pl.Series(fresh), return_dtype=pl.Int64)
    )
    again = link(crowd, renamed)
    members = ["group_id", "account_id"]
    one, two = (x.members.select(members) for x in (linked, again))
    assert one.equals(two)


def test_accounts_may_be_named_anything(crowd: Population, linked: Linked) -> None:
    """Other account ids: the same members under their new names."""
    fresh = {name: f"z{k * 7919 % 100_003:06d}" for k, name in enumerate(sorted(crowd.signups))}
    rename = pl.col("account_id").replace_strict(fresh)
    again = link_accounts(
        crowd.traits().with_columns(rename),
        register=crowd.register().with_columns(rename),
        settings=LinkSettings(),
    )
    tied = [
        {frozenset(rows["account_id"]) for _, rows in found.members.group_by("group_id")}
        for found in (linked, again)
    ]
    assert {frozenset(fresh[a] for a in group) for group in tied[0]} == tied[1]


def test_all_accounts_of_a_verified_organisation_come_with_their_actor() -> None:
    """One actor of three accounts among forty heads: all three are members."""
    crowd = Population(500, seed=6)
    heads = crowd.add_group("h", 40, payment=1, client=1, template=2)
    verified = pl.col("account_id").is_in(heads[:3])
    register = REGISTER.conform(
        crowd.register().with_columns(
            org_id=pl.when(verified).then(pl.lit("o")), org_verified=verified
        )
    )
    linked = link_accounts(crowd.traits(), register=register, settings=LinkSettings())
    assert linked.actors == 538
    assert set(heads[:3]) <= set(linked.members["account_id"])


@pytest.mark.parametrize("traits", [TRAIT.empty(), None], ids=["no traits", "five accounts"])
def test_hardly_anything_gives_no_group_and_no_failure(traits: pl.DataFrame | None) -> None:
    """Empty tables in, empty tables out."""
    few = Population(limits.ACTORS_MIN, seed=1)
    given = few.traits() if traits is None else traits
    linked = link_accounts(given, register=REGISTER.empty(), settings=LinkSettings())
    assert len(linked.groups) == len(linked.members) == len(linked.evidence) == 0
