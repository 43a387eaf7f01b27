"""Every channel of linking, found in the table of channels, through the same checks."""

from __future__ import annotations

import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from stillwatch.domain.channels.families import CHANNELS, FAMILIES, Channel
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.counts import weigh_members
from stillwatch.link.search import propose_groups, set_bars
from stillwatch.link.table import CHANNEL_NAMES, FAMILY_OF_CHANNEL, TraitTable, tabulate_traits
from stillwatch.link.workbench import set_bench, take_columns
from stillwatch.observe.traits import EXCHANGE_CHANNELS, REGISTER_CHANNELS

Population: Any = runpy.run_path(
    str(Path(__file__).parents[1] / "unit" / "link" / "populations.py")
)["Population"]
COUNTED_APART = {
    "template", "repertoire", "model_hour", "signup_hour", "signup_day", "signup_week",
    "age_at_first_use",
}  # fmt: skip
"""Channels that are no column of the traffic or of the register."""
SHARED = 5 * 10**8


@pytest.fixture(params=CHANNELS, ids=[c.name for c in CHANNELS])
def channel(request: pytest.FixtureRequest) -> Channel:
    """Each channel in turn."""
    found: Channel = request.param
    return found


def crowd_with(channel: Channel, *, heads: int = 30) -> tuple[Any, list[str]]:
    """A population in which some accounts share one exclusive value of one channel alone.

    Everybody has a value there: in a channel that only the heads have, sharing is what all do.
    """
    crowd = Population(400, seed=3)
    for k, name in enumerate(sorted(crowd.signups)):
        if (name, channel.name) not in crowd.rows:
            crowd.give([name], channel.name, 6 * 10**8 + k % 40)
    members = crowd.add_group("m", heads)
    crowd.give(members, channel.name, SHARED)
    return crowd, members


def tied_by(channel: Channel) -> tuple[TraitTable, list[str]]:
    """The same as a table."""
    crowd, members = crowd_with(channel)
    return tabulate_traits(crowd.traits(), register=REGISTER.empty()), members


def weigh(table: TraitTable, members: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Bits of the members by family and by channel."""
    columns = take_columns(table)
    bench = set_bench(columns, set_bars(LinkSettings()))
    rows = np.array([table.actor_ids.index(m) for m in members], np.int32)
    families, channels = weigh_members(bench, rows)
    return families, channels


def test_every_channel_has_a_name_of_its_own_a_family_a_source_and_a_phrase(
    channel: Channel,
) -> None:
    """The phrase completes a sentence that an analyst reads: "they share …"."""
    assert CHANNEL_NAMES.count(channel.name) == 1
    assert FAMILIES[FAMILY_OF_CHANNEL[CHANNEL_NAMES.index(channel.name)]] == channel.family
    assert channel.source in {"exchange", "register"}
    assert channel.phrase[0].islower()
    assert not channel.phrase.endswith(".")


def test_every_channel_says_what_defeats_it_and_who_looks_like_it(channel: Channel) -> None:
    """Its file is named after it, stands in its family's folder, and says both."""
    place = f"stillwatch.domain.channels.{channel.family}.{channel.name}"
    says = import_module(place).__doc__ or ""
    assert "Blind spot: " in says
    assert "Look-alikes: " in says


def test_every_channel_is_counted_somewhere(channel: Channel) -> None:
    """From a column of the traffic, of the register, or by a function of its own."""
    counted = {**EXCHANGE_CHANNELS, **REGISTER_CHANNELS}
    assert (channel.name in counted) != (channel.name in COUNTED_APART)
    if channel.name in EXCHANGE_CHANNELS:
        assert channel.source == "exchange"
    if channel.name in REGISTER_CHANNELS:
        assert channel.source == "register"


def test_a_shared_value_speaks_in_its_own_family_alone(channel: Channel) -> None:
    """Three bits or more there, and on average nothing much elsewhere."""
    families, _ = weigh(*tied_by(channel))
    mean = families.mean(axis=0)
    own = FAMILIES.index(channel.family)
    assert mean[own] >= 3
    assert np.delete(mean, own).max() < 0.8


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_value_that_a_group_holds_as_often_as_everybody_weighs_nothing(
    channel: Channel, share: float
) -> None:
    """However popular: nine in ten here and there, or half, as everybody's name or bank is."""
    crowd = Population(400, seed=3)
    members = crowd.add_group("m", 40)
    for names in (sorted(set(crowd.signups) - set(members)), members):
        cut = round(share * len(names))
        crowd.give(names[:cut], channel.name, SHARED)
        for k, name in enumerate(names[cut:]):
            crowd.give([name], channel.name, 6 * 10**8 + k % 4)
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    _, channels = weigh(table, members)
    holders = [name in set(members[: round(share * 40)]) for name in members]
    bits = channels[holders, CHANNEL_NAMES.index(channel.name), 0]
    assert np.abs(bits).max() < 0.1


def test_what_all_of_a_group_and_half_of_everybody_hold_weighs_a_bit(channel: Channel) -> None:
    """The log of two, and no more."""
    crowd = Population(400, seed=3)
    others = sorted(crowd.signups)
    members = crowd.add_group("m", 40)
    crowd.give([*others[:180], *members], channel.name, SHARED)
    for k, name in enumerate(others[180:]):
        crowd.give([name], channel.name, 6 * 10**8 + k % 4)
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    _, channels = weigh(table, members)
    assert channels[:, CHANNEL_NAMES.index(channel.name), 0] == pytest.approx(1, abs=0.05)


def test_a_channel_alone_ties_nobody(channel: Channel) -> None:
    """Two families are needed: fewer than a fifth of the holders ever stand in one group."""
    table, members = tied_by(channel)
    rows = {table.actor_ids.index(m) for m in members}
    found = propose_groups(table, settings=LinkSettings())
    assert max((len(rows & set(g.tolist())) for g in found.groups), default=0) < 6


def test_a_channel_without_data_says_nothing(channel: Channel) -> None:
    """Neither for nor against: zero bits for everybody."""
    crowd = Population(100, seed=4)
    members = crowd.add_group("m", 20, client=1, payment=1)
    traits = crowd.traits().filter(pl.col("channel") != channel.name)
    table = tabulate_traits(traits, register=REGISTER.empty())
    _, channels = weigh(table, members)
    assert not np.any(channels[:, CHANNEL_NAMES.index(channel.name), 0])


def test_a_channel_of_which_half_the_members_have_data_speaks_for_those(
    channel: Channel,
) -> None:
    """A missing trait is no disagreement: the others keep their bits, these have none."""
    crowd, members = crowd_with(channel)
    silent = members[::2]
    traits = crowd.traits().filter(
        ~(pl.col("account_id").is_in(silent) & (pl.col("channel") == channel.name))
    )
    table = tabulate_traits(traits, register=REGISTER.empty())
    _, channels = weigh(table, members)
    bits = channels[:, CHANNEL_NAMES.index(channel.name), 0]
    assert not np.any(bits[::2])
    assert bits[1::2].min() >= 2
