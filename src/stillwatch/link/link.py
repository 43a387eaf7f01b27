"""Tie accounts into groups: the whole of *link* as one function from traits to groups.

Reads `TRAIT`, `REGISTER` and echoes; writes `GROUP`, `MEMBER` and evidence rows. Linking is not
judging: teams, classes and resellers are truly tied, and are found here beside the campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from stillwatch.domain.channels.families import CHANNELS, FAMILIES, QUEUE, TIMING
from stillwatch.domain.observations import Echoes
from stillwatch.domain.results import EVIDENCE
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import GROUP, MEMBER
from stillwatch.link.counts import SHARE_MIN, count_values, weigh_members
from stillwatch.link.e_values import IMPOSSIBLE
from stillwatch.link.evidence import Null
from stillwatch.link.overdispersion import measure_overdispersion
from stillwatch.link.queues import (
    Bundle,
    confine_queues,
    give_back,
    join_queues,
    part_campaigns,
    read_queues,
)
from stillwatch.link.search import Search, propose_groups
from stillwatch.link.table import F64, I32, TraitTable, tabulate_traits
from stillwatch.link.testimony import bound_bundles, test_groups

_TIMING = FAMILIES.index(TIMING)


@dataclass(frozen=True)
class Linked:
    """What linking found: groups, their members, and the evidence for both."""

    groups: pl.DataFrame
    members: pl.DataFrame
    evidence: pl.DataFrame
    actors: int
    seeds_tested: int
    candidates: int
    """Groups that the search proposed; those that nothing ties by `group_q_max` are left out."""


def link_accounts(
    traits: pl.DataFrame,
    *,
    register: pl.DataFrame,
    settings: LinkSettings,
    echoes: Echoes | None = None,
    seed: int = 0,
) -> Linked:
    """Tie accounts into groups, and say how sure it is that something ties them.

    Grain:   GROUP one row per group; MEMBER one per (group, account), an account in at most one.
    Units:   weight_bits is log2(P(traits | group) / P(traits | population)) after the prior.
    Nulls:   a missing trait contributes 0 bits, never disagreement; without echoes no queue shows.
    Order:   sorted by group_id, account_id; input order is irrelevant.
    Cost:    linear in account-trait rows; hidden searches cost up to 15 growths a group.
    Source:  DESIGN.md, section 6; ADR 0004 and 0008.

    Raises:
        LimitExceeded: more rows than limits.TRAIT_ROWS_MAX; nothing is returned.
    """
    table = tabulate_traits(traits, register=register)
    heard = echoes or Echoes.none()
    queues = read_queues(table, heard.found, watched=heard.watched)
    search = propose_groups(table, settings=settings)
    part_campaigns(search, queues)
    rho = measure_overdispersion(
        table, register=register, grouped=search.taken, settings=settings, seed=seed
    )
    told = test_groups(Null(table, search, rho, settings))
    bundles, seeds = join_queues(search, queues, settings=settings), search.seeds_tested
    bundles = confine_queues(bundles, queues, told, seeds=seeds, settings=settings)
    bounds = bound_bundles(bundles, told, seeds=seeds)
    bundles, log2_e, q = give_back(search, bundles, bounds, settings=settings)
    groups, members, rows = [], [], []
    for k, bundle in enumerate(bundles):
        if q[k] > settings.group_q_max:
            continue
        name = _name_group(table, bundle.members)
        families, channels = weigh_members(search.bench, bundle.members)
        families[:, _TIMING] = np.maximum(families[:, _TIMING], bundle.queue_bits)
        mean = {c.name: m for c, m in zip(CHANNELS, channels[:, :, 0].mean(axis=0), strict=True)}
        mean[QUEUE.name] = float(bundle.queue_bits.mean())
        accounts = _accounts_of(table, bundle.members).height
        groups.append((name, accounts, log2_e[k], q[k], _rank_channels(mean)))
        members.append(_member_rows(table, name, bundle.members, families))
        shares = _share_of_best(table, search, bundle.members)
        rows.append(_evidence_rows(name, shares, mean, bundle))
        rows.append(_account_rows(table, bundle, channels))
    return Linked(
        GROUP.conform(pl.DataFrame(groups, schema=GROUP.schema, orient="row")).sort("group_id"),
        MEMBER.conform(pl.concat([MEMBER.empty(), *members])).sort("group_id", "account_id"),
        EVIDENCE.conform(pl.concat([EVIDENCE.empty(), *rows])),
        table.actors,
        search.seeds_tested,
        len(bundles),
    )


def _name_group(table: TraitTable, group: I32) -> str:
    """Name a group after its first account by id: stable under reordering of the input."""
    return f"g-{min(table.actor_ids[i] for i in group)}"


def _accounts_of(table: TraitTable, group: I32) -> pl.DataFrame:
    return table.accounts.filter(pl.col("actor").is_in(group.tolist()))


def _member_rows(table: TraitTable, name: str, group: I32, families: F64) -> pl.DataFrame:
    total = families.sum(axis=1) + np.log2(len(group) / table.actors)
    bits = pl.DataFrame(
        {
            "actor": group,
            "group_id": [name] * len(group),
            "weight_bits": total,
            **{f"{family}_bits": families[:, f] for f, family in enumerate(FAMILIES)},
        }
    )
    return MEMBER.conform(_accounts_of(table, group).join(bits, on="actor"))


def _share_of_best(table: TraitTable, search: Search, group: I32) -> dict[int, tuple[float, float]]:
    """For each channel: the share of members on its most telling value, and the population's."""
    counted = count_values(search.bench, group)
    present = search.bench.t.channels["present"]
    best: dict[int, tuple[float, float, float]] = {}
    for v, holders, mass in zip(counted.value, counted.holders, counted.mass, strict=True):
        c = int(table.value_channel[v])
        if holders < 2 or counted.members[c] < 2:  # noqa: PLR2004  one shares nothing
            continue
        observed = float(mass) / float(counted.members[c])
        expected = float(table.value_mass[v]) / float(present[c])
        telling = observed * np.log2(max(observed, SHARE_MIN) / expected)
        if telling > best.get(c, (-np.inf, 0.0, 0.0))[0]:
            best[c] = (telling, observed, expected)
    return {c: (observed, expected) for c, (_, observed, expected) in best.items()}


def _rank_channels(mean: dict[str, float]) -> list[str]:
    """Channels that bring the members at least half a bit on average, strongest first."""
    order = sorted(mean, key=lambda name: -mean[name])
    return [name for name in order if mean[name] >= 0.5]  # noqa: PLR2004  half a bit


def _evidence_rows(
    name: str, shares: dict[int, tuple[float, float]], mean: dict[str, float], bundle: Bundle
) -> pl.DataFrame:
    rows = [
        (name, CHANNELS[c].family, CHANNELS[c].name, *both, mean[CHANNELS[c].name])
        for c, both in sorted(shares.items())
    ]
    if bundle.log2_e > IMPOSSIBLE:
        told = (bundle.observed, bundle.expected, mean[QUEUE.name])
        rows.append((name, QUEUE.family, QUEUE.name, *told))
    return pl.DataFrame(rows, schema=EVIDENCE.schema, orient="row")


def _account_rows(table: TraitTable, bundle: Bundle, channels: F64) -> pl.DataFrame:
    """Evidence of each account of a tied group, channel by channel; silent ones are left out."""
    at, channel = np.nonzero(channels[:, :, 0])
    picked = channels[at, channel]
    handed = np.flatnonzero(bundle.queue_bits > 0)
    told = [
        {
            "actor": bundle.members[at],
            "family": [CHANNELS[c].family for c in channel],
            "channel": [CHANNELS[c].name for c in channel],
            "observed": picked[:, 1],
            "expected": picked[:, 2],
            "weight_bits": picked[:, 0],
        },
        {
            "actor": bundle.members[handed],
            "family": [QUEUE.family] * len(handed),
            "channel": [QUEUE.name] * len(handed),
            "observed": np.full(len(handed), bundle.observed),
            "expected": np.full(len(handed), bundle.expected),
            "weight_bits": bundle.queue_bits[handed],
        },
    ]
    schema = {"family": pl.String, "channel": pl.String}
    rows = pl.concat([pl.DataFrame(one, schema_overrides=schema) for one in told])
    named = table.accounts.rename({"account_id": "subject_id"})
    return EVIDENCE.conform(rows.join(named, on="actor"))
