"""What is measured of tied groups before they are judged: unmixed, their core, their witnesses.

Between *unmix* and judging: reads `Traffic`, `GROUP`, `MEMBER`, the register and echoes; gives the
figures that `judge` compares with those of honest groups. Calibration reads them too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from stillwatch.detect.owners import Owners
from stillwatch.detect.tails import OWNED_SHARE
from stillwatch.detect.traffic import F64, I32, I64, Population, Traffic
from stillwatch.detect.unmix.customers import leave_out_customers
from stillwatch.detect.unmix.densities import Unmixed
from stillwatch.detect.unmix.handed_on import HandedOn
from stillwatch.detect.unmix.members import has_stream
from stillwatch.detect.unmix.membership import weigh_exchanges
from stillwatch.detect.witnesses import Core, hear_witnesses
from stillwatch.detect.witnesses.core import UNKNOWN, Usual
from stillwatch.domain.observations import Echoes
from stillwatch.domain.settings import DetectSettings

_CORE = 0.5
"""Membership from which an exchange is core. CONTRACT.md, section 4."""
_INT8_SCALE = 127.0  # stored embeddings are unit vectors times this


@dataclass(frozen=True)
class Case:
    """What is judged: tied groups, their members, and the register's word on them."""

    groups: pl.DataFrame
    members: pl.DataFrame
    register: pl.DataFrame
    resold: frozenset[str] = frozenset()  # accounts that a resale permission in force covers
    partners: frozenset[str] = frozenset()  # those that a distillation permission covers
    echoes: Echoes = field(default_factory=Echoes.none)  # requests that came again elsewhere


Measured = tuple[I32, Unmixed, F64, tuple[int, int, float]]
"""Of a group: account codes, memberships, figures, and (accounts, core exchanges, share that one
card pays for). Figures are of the core with a proxy's customers in it, memberships without."""


def measure_groups(traffic: Traffic, case: Case, *, settings: DetectSettings) -> list[Measured]:
    """Unmix every group and hear its witnesses.

    Grain:   one Measured per group, in the order of `case.groups`.
    """
    usual = measure_usual(traffic.population)
    owners = Owners(case.register, active=traffic.accounts)
    whose = owners.number(traffic.accounts)
    handed_on = HandedOn(case.echoes, traffic, owners=whose)
    own = dict(case.members.group_by("group_id").agg("account_id").iter_rows())
    out = []
    for name in case.groups["group_id"]:
        codes = traffic.codes_of(own[name])
        unmixed = weigh_exchanges(
            traffic,
            codes,
            known=handed_on.find_known(codes),
            seed=0,
            unrelated_max=settings.unrelated_share_max,
        )
        declared, paid = owners.measure_share(own[name]), owners.measure_paid(own[name])
        core = take_core(traffic, codes, unmixed.membership, usual=usual, declared=declared)
        stands = max(declared, paid, measure_sender(whose[:, core.account])) >= OWNED_SHARE
        silent = bool(np.isnan([declared, paid]).any())
        core = replace(
            core,
            handed_on=handed_on.measure_share(codes),
            moved=UNKNOWN if stands else handed_on.measure_moved(codes),
            are_strangers=not stands and not silent,
        )
        is_resold = 2 * len(case.resold.intersection(own[name])) >= len(own[name])
        figures = hear_witnesses(core, is_resold=is_resold)
        size = (len(codes), len(core.account), paid)
        counted = leave_out_customers(traffic, codes, unmixed.membership)
        out.append((codes, unmixed._replace(membership=counted), figures, size))
    return out


def take_core(
    traffic: Traffic, codes: I32, membership: F64, *, usual: Usual, declared: float
) -> Core:
    """Take what witnesses are shown of a group."""
    rows = traffic.rows_of(codes)
    share = float((membership >= _CORE).mean()) if len(rows) else 0.0
    rows_kept = find_core(traffic, codes, membership)
    account = np.searchsorted(traffic.account_start, rows_kept, side="right") - 1
    embedding = traffic.embeddings[rows_kept].astype(np.float64)
    embedding /= _INT8_SCALE  # in place: a quarter of a kilobyte for each exchange of the core
    return Core(
        account.astype(np.int64),
        embedding,
        traffic.exchanges[rows_kept],
        share,
        usual,
        declared,
    )


def measure_sender(whose: I64) -> float:
    """Measure how much of a core the accounts of one customer send.

    A few busy keys of one customer, among people whom their country has tied to them, send nearly
    all that witnesses hear: whose program deals out is then known, and is nobody's hidden hand.

    Grain:   one share; `whose` has a column per core exchange, as `Owners.number` has accounts.
    """
    held = (int(np.bincount(row[row >= 0], minlength=1).max()) for row in whose)
    return max(held, default=0) / max(int(whose.shape[1]), 1)


def find_core(traffic: Traffic, codes: I32, membership: F64) -> I64:
    """Find a group's core: the rows of its exchanges with membership of one half or more.

    Grain:   one row of `traffic` per exchange, in order.
    Nulls:   where they are too few to measure anything on, or fewer than two an account, the group
             has no stream of its own: its core is all of its traffic.
    """
    rows = traffic.rows_of(codes)
    keep = membership >= _CORE
    if not has_stream(int(keep.sum()), len(codes)):
        return rows
    return np.asarray(rows[keep])


def measure_usual(population: Population) -> Usual:
    """Measure what is usual in a run's traffic, accounts weighing alike; nan where it doesn't say.

    Accounts, not exchanges: a campaign is a larger share of the traffic than of the accounts.
    """
    return Usual(
        log_output=_average(population.log_output),
        tactic=_average(population.tactic),
        later_turns=_average(population.later_turns),
    )


def _average(figures: F64) -> float:
    known = figures[~np.isnan(figures)]
    return float(known.mean()) if len(known) else float("nan")
