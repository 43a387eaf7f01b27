"""Tie accounts into groups: the whole of *link* as one function from traits to groups.

Reads `TRAIT` and `REGISTER`; writes `GROUP`, `MEMBER` and evidence rows. Linking is not judging:
teams, classes and resellers are truly tied, and are found here beside the campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.families import CHANNELS, FAMILIES
from stillwatch.domain.results import EVIDENCE
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import GROUP, MEMBER
from stillwatch.link import evidence
from stillwatch.link.counts import count_values, weigh_members
from stillwatch.link.overdispersion import measure_overdispersion
from stillwatch.link.search import Search, propose_groups
from stillwatch.link.table import F64, I32, TraitTable, tabulate_traits

_SHARE_MIN = 1e-9
"""Least share whose logarithm is taken."""


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
    traits: pl.DataFrame, *, register: pl.DataFrame, settings: LinkSettings, seed: int = 0
) -> Linked:
    """Tie accounts into groups, and say how sure it is that something ties them.

    Grain:   GROUP one row per group; MEMBER one per (group, account), an account in at most one.
    Units:   weight_bits is log2(P(traits | group) / P(traits | population)) after the prior.
    Nulls:   a missing trait contributes 0 bits, never disagreement.
    Order:   sorted by group_id, account_id; input order is irrelevant.
    Cost:    linear in account-trait rows; hidden searches cost up to 15 growths a group.
    Source:  DESIGN.md, section 6; ADR 0004.

    Raises:
        LimitExceeded: more rows than limits.TRAIT_ROWS_MAX; nothing is returned.
    """
    table = tabulate_traits(traits, register=register)
    search = propose_groups(table, settings=settings)
    rho = measure_overdispersion(
        table, register=register, grouped=search.taken, settings=settings, seed=seed
    )
    log2_e, q = _test_groups(evidence.Null(table, search, rho, settings))
    groups, members, rows = [], [], []
    for g, group in enumerate(search.groups):
        if q[g] > settings.group_q_max:
            continue
        name = _name_group(table, group)
        families, channels = weigh_members(search.bench, group)
        accounts = _accounts_of(table, group).height
        groups.append((name, accounts, log2_e[g], q[g], _rank_channels(channels[:, :, 0])))
        members.append(_member_rows(table, name, group, families))
        shares = _share_of_best(table, search, group)
        rows.append(_evidence_rows(name, shares, channels[:, :, 0]))
        rows.append(_account_rows(table, group, channels))
    return Linked(
        GROUP.conform(pl.DataFrame(groups, schema=GROUP.schema, orient="row")).sort("group_id"),
        MEMBER.conform(pl.concat([MEMBER.empty(), *members])).sort("group_id", "account_id"),
        EVIDENCE.conform(pl.concat([EVIDENCE.empty(), *rows])),
        table.actors,
        search.seeds_tested,
        len(search.groups),
    )


_SAME_HOLDERS = 1 / 3
"""Overlap (Jaccard) of a value's holders and a group from which they are about the same: at least
half of each is then in the other."""


def _test_groups(null: evidence.Null) -> tuple[list[float], list[float]]:
    """Evidence of each group: its best seed's, after e-BH over every seed that was tested."""
    search = null.search
    bar = float(np.log2(max(search.seeds_tested, 1) / max(len(search.groups), 1)))
    owners: list[int] = []
    values: list[float] = []
    for g, group in enumerate(search.groups):
        direct = {f: evidence.test_family(null, group, family=f) for f in FAMILIES}
        for seed in _seeds_of(search, g, direct):
            worth = evidence.choose_families(null, seed, direct=direct, bar=bar)
            if worth:
                owners.append(g)
                held_out = evidence.weigh_seed(null, seed, group, families=worth)
                values.append(evidence.combine_families(held_out))
    log2_e = np.array(values, np.float64)
    q = evidence.bound_q_values(log2_e, tested=search.seeds_tested)
    best_e, best_q = [-evidence.LOG2_E_MAX] * len(search.groups), [1.0] * len(search.groups)
    for k, g in enumerate(owners):
        best_e[g] = max(best_e[g], float(log2_e[k]))
        best_q[g] = min(best_q[g], float(q[k]))
    return best_e, best_q


def _seeds_of(search: Search, g: int, direct: dict[str, float]) -> list[int]:
    """List the seeds whose evidence is a group's.

    The one that it grew from; the most telling values of other families that speak; and, of every
    family, the value whose holders are most nearly the group.
    """
    group = search.groups[g]
    columns = search.bench.t
    counted = count_values(search.bench, group)
    values, mass = counted.value, counted.mass
    channel = columns.values["channel"][values]
    expected = columns.values["mass"][values] / columns.channels["present"][channel]
    telling = mass * np.log2(np.maximum(mass / len(group), _SHARE_MIN) / expected)
    holders = np.diff(columns.holder_start)[values]
    family = columns.channels["family"][channel]
    own = columns.channels["family"][columns.values["channel"][search.seeds[g]]]
    shared = (counted.holders > 1) & (holders >= limits.ACTORS_MIN)
    common = counted.holders / (len(group) + holders - counted.holders)
    others: list[tuple[float, int]] = []
    alike: list[tuple[float, int]] = []
    for f, name in enumerate(FAMILIES):
        usable = np.flatnonzero(shared & (family == f))
        if not len(usable):
            continue
        if f != own and direct[name] > 0:
            best = usable[np.argmax(telling[usable])]
            others.append((float(telling[best]), int(values[best])))
        same = usable[np.argmax(common[usable])]
        alike.append((float(common[same]), int(values[same])))
    told = [value for _, value in sorted(others, reverse=True)]
    held = [value for share, value in sorted(alike, reverse=True) if share >= _SAME_HOLDERS]
    first = [search.seeds[g], *told][: limits.SEEDS_PER_GROUP_MAX]
    return list(dict.fromkeys([*first, *held[: limits.SEEDS_PER_GROUP_MAX]]))


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
        telling = observed * np.log2(max(observed, _SHARE_MIN) / expected)
        if telling > best.get(c, (-np.inf, 0.0, 0.0))[0]:
            best[c] = (telling, observed, expected)
    return {c: (observed, expected) for c, (_, observed, expected) in best.items()}


def _rank_channels(channels: F64) -> list[str]:
    """Channels that bring the members at least half a bit on average, strongest first."""
    mean = channels.mean(axis=0)
    order = np.argsort(-mean, kind="stable")
    return [CHANNELS[c].name for c in order if mean[c] >= 0.5]  # noqa: PLR2004  half a bit


def _evidence_rows(
    name: str, shares: dict[int, tuple[float, float]], channels: F64
) -> pl.DataFrame:
    mean = channels.mean(axis=0)
    return pl.DataFrame(
        [
            (name, CHANNELS[c].family, CHANNELS[c].name, observed, expected, float(mean[c]))
            for c, (observed, expected) in sorted(shares.items())
        ],
        schema=EVIDENCE.schema,
        orient="row",
    )


def _account_rows(table: TraitTable, group: I32, channels: F64) -> pl.DataFrame:
    """Evidence of each account of a tied group, channel by channel; silent ones are left out."""
    at, channel = np.nonzero(channels[:, :, 0])
    picked = channels[at, channel]
    rows = pl.DataFrame(
        {
            "actor": group[at],
            "family": [CHANNELS[c].family for c in channel],
            "channel": [CHANNELS[c].name for c in channel],
            "observed": picked[:, 1],
            "expected": picked[:, 2],
            "weight_bits": picked[:, 0],
        }
    )
    named = table.accounts.rename({"account_id": "subject_id"})
    return EVIDENCE.conform(rows.join(named, on="actor"))
