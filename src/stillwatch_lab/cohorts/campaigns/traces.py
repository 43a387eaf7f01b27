"""What a plan makes of its heads' requests: client, parameters, access path and address.

Between `plan` and `heads`; families client and infrastructure. The one idea: a knob that is off
leaves the habit with which every account is born. Absent: hours and text (`traffic.harvests`).
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.campaigns.plan import Plan
from stillwatch_lab.cohorts.clients import AGENTS, FINGERPRINTS, UNUSUAL, draw_clients
from stillwatch_lab.cohorts.places import draw_subnet
from stillwatch_lab.cohorts.teams import repeat_list

_THROUGH_POOL: Final = 0.97
"""Share of a head's exchanges that come through the pool; now and then one leaks (a guess)."""
_WHOLE_POOL: Final = 256
"""Addresses up to which every head uses the whole pool: a list is copied for each exchange."""
_OWN_CHOICE: Final = 32
"""Addresses of a larger pool that one head uses, as relays that keep a client's route do."""
_TOOLED: Final = frozenset({"trace", "tool_call"})
"""Kinds of work whose requests offer tools."""
_TOOLS: Final = 4
_THOUGHTFUL: Final = frozenset({"problem", "trace", "reconstruction"})
"""Kinds of work that want the thinking."""
_LOGPROBS_LIMIT: Final = 4_096
"""Token limit at which a grading campaign asks for log-probabilities: a third of them do."""


def lay_clients(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    """Give the heads the client stacks that they share."""
    if plan.clients == 0:
        return heads
    if plan.clients < 0:
        agent, fingerprint = (pl.lit(part) for part in UNUSUAL)
        return heads.with_columns(
            agent.alias("agent"),
            fingerprint.alias("fingerprint"),
            agent.alias("second_agent"),
            fingerprint.alias("second_fingerprint"),
        )
    stacks = np.stack([draw_clients(own, plan.clients) for own in _chances(rng, plan)])
    behind = np.arange(heads.height) % len(stacks)
    first, second = stacks[behind, rng.integers(0, plan.clients, (2, heads.height))]
    return heads.with_columns(
        pl.Series("agent", AGENTS[first]),
        pl.Series("fingerprint", FINGERPRINTS[first]),
        pl.Series("second_agent", AGENTS[second]),
        pl.Series("second_fingerprint", FINGERPRINTS[second]),
    )


def lay_settings(rng: np.random.Generator, plan: Plan, heads: pl.DataFrame) -> pl.DataFrame:
    """Give the heads the parameters that they share, and their access paths."""
    if plan.has_one_setting:
        limit = int(rng.choice([3_000, 4_096, 6_000, 8_192]))
        kinds = set(plan.kinds)
        heads = heads.with_columns(
            pl.lit(float(rng.choice([0.6, 0.7, 0.9, 1.0]))).alias("temperature"),
            pl.lit(limit, pl.Int64).alias("max_tokens"),
            pl.lit(0.02).alias("wander"),
            pl.lit(_TOOLS if kinds & _TOOLED else 0, pl.Int64).alias("tools"),
            pl.lit(bool(kinds & _THOUGHTFUL)).alias("thinking"),
            pl.lit("grading" in kinds and limit == _LOGPROBS_LIMIT).alias("logprobs"),
            pl.lit("api").alias("path"),
            pl.Series("answer_tokens", rng.lognormal(np.log(900.0), 0.1, heads.height)),
        )
    if plan.paths:
        heads = heads.with_columns(pl.Series("path", rng.choice(plan.paths, heads.height)))
    return heads


def lay_network(
    rng: np.random.Generator, plan: Plan, heads: pl.DataFrame, exits: pl.Series
) -> pl.DataFrame:
    """Give the heads the addresses that they share, and some the exits of the consumer VPN."""
    count = heads.height
    if plan.network == "subnet":
        place = draw_subnet(rng, count, spread=max(plan.addresses, 256), cloud=True)
        heads = heads.with_columns(
            place.alias("home"), place.alias("next_home"), pl.lit(0.0).alias("away_share")
        )
    elif plan.network in {"pool", "proxy"}:
        size = plan.addresses if plan.network == "pool" else 1
        pools = [draw_subnet(own, size, spread=4_096, cloud=True) for own in _chances(rng, plan)]
        behind = pl.Series(np.arange(count) % len(pools))
        lists = _hand_out(rng, pools[0], count)
        for k, pool in enumerate(pools[1:], 1):
            lists = _hand_out(rng, pool, count).zip_with(behind == k, lists)
        heads = heads.with_columns(lists, pl.lit(_THROUGH_POOL).alias("address_share"))
    on_vpn = pl.Series(rng.random(count) < plan.vpn_share)
    return heads.with_columns(
        pl.when(on_vpn).then(repeat_list(exits, count)).otherwise("addresses").alias("addresses"),
        pl.when(on_vpn).then(0.35).otherwise("address_share").alias("address_share"),
    )


def _chances(rng: np.random.Generator, plan: Plan) -> list[np.random.Generator]:
    """Give the chance that each proxy's addresses and clients are drawn by: its name's alone."""
    named = [np.random.default_rng(zlib.crc32(name.encode())) for name in plan.proxies]
    return named or [rng]


def _hand_out(rng: np.random.Generator, pool: pl.Series, count: int) -> pl.Series:
    """Give every head the pool, or a choice of its own where that is large."""
    if len(pool) <= _WHOLE_POOL:
        return repeat_list(pool, count)
    chosen = rng.integers(0, len(pool), count * _OWN_CHOICE)
    rows = pl.DataFrame(
        {"head": np.repeat(np.arange(count), _OWN_CHOICE), "a": pool.gather(chosen)}
    )
    return rows.group_by("head", maintain_order=True).agg("a")["a"].alias("addresses")
