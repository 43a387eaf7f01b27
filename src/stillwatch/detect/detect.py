"""Find campaigns: the whole of *detect* as one function from tied groups to verdicts.

Reads exchanges (no text), groups and members, register, grants and launches; writes the tables of
a result. Tied is not guilty: groups are unmixed, judged against honest tied groups, named, and
turned into verdicts; permissions come last, so that a permitted harvest is still seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from stillwatch.detect.campaigns import Campaigns, find_campaigns
from stillwatch.detect.dispositions.answered import Answered
from stillwatch.detect.dispositions.tables import STANDING
from stillwatch.detect.honest_groups import HonestNull
from stillwatch.detect.judge import Judged, judge_groups
from stillwatch.detect.measure import Case
from stillwatch.detect.traffic import Population, arrange_traffic
from stillwatch.detect.unmix.members import hear_streams
from stillwatch.detect.verdicts import (
    apply_permissions,
    complete_accounts,
    find_cover,
    find_verdicts,
)
from stillwatch.detect.verdicts.answers import tell_answers
from stillwatch.detect.verdicts.listed import (
    list_evidence,
    list_groups,
    tell_beside,
    weigh_by_group,
    word_campaigns,
)
from stillwatch.detect.verdicts.pivots import test_pivots
from stillwatch.detect.verdicts.standings import list_standings
from stillwatch.detect.verdicts.successors import find_successors
from stillwatch.domain.observations import Echoes, Passages
from stillwatch.domain.settings import DetectSettings
from stillwatch.domain.tables import TRAIT

_SCOPES = ("resale", "distillation")
"""Scopes of permissions that judging asks for, as `Case` takes the accounts that they cover."""


@dataclass(frozen=True)
class Register:
    """What the provider says of its accounts, permissions and releases, and of groups before."""

    accounts: pl.DataFrame
    grants: pl.DataFrame
    launches: pl.DataFrame
    answered: Answered | None = None
    """What its people have answered about groups; None where no ledger was named."""


@dataclass(frozen=True)
class Detected:
    """The tables of a result, but for decisions and quarantine."""

    accounts: pl.DataFrame
    groups: pl.DataFrame
    evidence: pl.DataFrame
    found: Campaigns
    p_values: dict[str, float] = field(default_factory=dict)
    """Of each tied group: that it is no more a harvest than honest tied groups are."""
    standings: pl.DataFrame = field(default_factory=STANDING.empty)
    """STANDING of tied groups, where people's answers are read: what is kept of a next answer."""
    answers: dict[str, Any] = field(default_factory=dict)
    """What the run says of the answers that it went by; empty where none were asked for."""


@dataclass(frozen=True)
class Tied:
    """What linking found, and the passages that the exchanges carry."""

    groups: pl.DataFrame
    members: pl.DataFrame
    passages: Passages
    evidence: pl.DataFrame
    profiles: pl.DataFrame
    """Account-day profiles (PROFILE): every account that sent anything has a row."""
    echoes: Echoes = field(default_factory=Echoes.none)
    """Requests that came again from another account."""
    traits: pl.DataFrame = field(default_factory=TRAIT.empty)  # of members; names may be numbers
    telling: pl.DataFrame | None = None  # by group, where campaigns are followed through time
    pools: Mapping[str, int] = field(default_factory=dict)
    """Public set -> items of it that the replay index knows."""


def detect_campaigns(
    observed: pl.LazyFrame,
    tied: Tied,
    *,
    register: Register,
    null: HonestNull,
    settings: DetectSettings,
) -> Detected:
    """Judge tied groups, name campaigns, and say of every account what it is.

    Grain:   one row per account of `observed` (OBSERVED, with `row`); others as in `results.py`.
    Nulls:   what the data can't say is silent, never innocent and never guilty.
    Order:   every table sorted by its ids; input order is irrelevant.
    Cost:    as `arrange_traffic`; linear in the exchanges of groups.
    Source:  DESIGN.md, section 7; CONTRACT.md, section 2.
    """
    members = frozenset(tied.members["account_id"])
    traffic = arrange_traffic(observed, passages=tied.passages, tied=members)
    population, at = traffic.population, _last(traffic.population)
    resold, partners = (_find_covered(tied.members, register, scope=s, at=at) for s in _SCOPES)
    judged = judge_groups(
        traffic,
        Case(tied.groups, tied.members, register.accounts, resold, partners, tied.echoes),
        null=null,
        settings=settings,
        answered=register.answered,
    )
    pivots = test_pivots(judged, population, observed=observed, launches=register.launches)
    found = find_campaigns(
        judged, traffic, groups=tied.groups, passages=tied.passages, pivots=pivots
    )
    verdicts = find_verdicts(
        judged,
        hear_streams(tied.members, {j.group_id: j.stream for j in judged}, traffic),
        campaign_of=found.of_group,
        null=null,
        settings=settings,
    )
    volumes = tied.profiles.group_by("account_id").agg(pl.col("exchanges").sum())
    heirs = _find_heirs(verdicts, population, tied, register)
    accounts = complete_accounts(verdicts, volumes=volumes, predecessors=heirs)
    allowed = apply_permissions(
        accounts,
        grants=register.grants,
        register=register.accounts,
        harvest=found.taken,
        at=at,
    )
    beside = tell_beside(judged, traffic, register.accounts, pools=tied.pools)
    weighed = weigh_by_group(found, judged, permitted=partners | _permitted(allowed))
    return Detected(
        allowed,
        list_groups(judged, tied.groups, volumes, tied.members, found),
        pl.concat([tied.evidence, *list_evidence(judged, traffic, null), *beside]),
        word_campaigns(weighed, allowed),
        {j.group_id: j.p_value for j in judged if j.judgement != "undecided"},
        *_keep_answers(register.answered, judged, null),
    )


def _permitted(accounts: pl.DataFrame) -> frozenset[str]:
    return frozenset(accounts.filter(pl.col("verdict") == "permitted")["account_id"])


def _keep_answers(
    answered: Answered | None, judged: Sequence[Judged], null: HonestNull
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """How groups stand, and what is told of people's answers; nothing where none are read."""
    if answered is None:
        return STANDING.empty(), {}
    return list_standings(judged, null), tell_answers(answered, judged)


def _find_heirs(
    verdicts: pl.DataFrame, population: Population, tied: Tied, register: Register
) -> pl.DataFrame:
    """Who took whose place, by what was known at the run's last exchange."""
    return find_successors(
        verdicts.select("account_id", "campaign_id"),
        register=register.accounts,
        first_use=pl.DataFrame(
            {"account_id": population.accounts, "first_at": population.first_at},
            schema_overrides={"account_id": pl.String},
        ),
        traits=tied.traits,
        at=_last(population),
    )


def _find_covered(
    members: pl.DataFrame, register: Register, *, scope: str, at: dt.datetime
) -> frozenset[str]:
    """The accounts that a permission of a scope in force covers."""
    known, grants = register.accounts, register.grants
    return frozenset(
        find_cover(members, scope=scope, grants=grants, register=known, at=at)["account_id"]
    )


def _last(population: Population) -> dt.datetime:
    """The instant at which permissions are asked for: the run's last exchange, not today."""
    return population.ends or dt.datetime.max.replace(tzinfo=dt.UTC)
