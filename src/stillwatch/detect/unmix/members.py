"""What the members of a group send of what the group has in common.

Reads `Traffic` and memberships; gives each member its share and what that says in the content
family: whichever family tied a group, judging finds what it sends, and who sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from stillwatch.detect.traffic import F64, I32, Traffic
from stillwatch.detect.unmix.densities import Unmixed
from stillwatch.detect.unmix.streams import weigh_streams
from stillwatch.detect.witnesses.core import EXCHANGES_MIN
from stillwatch.domain.channels.families import CONTENT
from stillwatch.domain.results import EVIDENCE

_CORE = 0.5
"""Membership from which an exchange is core. CONTRACT.md, section 4."""
_STREAM_PER_ACCOUNT = 2
"""Core exchanges an account below which a group has no stream: coincidences, one here, one there.
With less, lines in exchanges per account are extrapolated beyond all honest groups."""


class Stream(NamedTuple):
    """A group's stream, member by member."""

    members: I32
    core: F64
    """Exchanges of a member that are the group's."""
    sent: F64
    """All of its exchanges."""
    background: float
    """Share of strangers' exchanges that would be called the group's."""
    weight_bits: F64


def has_stream(core: int, accounts: int) -> bool:
    """Say whether a group has a stream of its own.

    Grain:   one answer, of so many core exchanges and so many accounts.
    """
    return core >= max(EXCHANGES_MIN, _STREAM_PER_ACCOUNT * accounts)


def weigh_members(traffic: Traffic, codes: I32, unmixed: Unmixed) -> Stream:
    """Weigh each member of a group by how much of its traffic is the group's.

    Grain:   one figure per code, in their order. Units: bits of the content family.
    """
    sent = np.diff(traffic.account_start)[codes]
    owner = np.repeat(np.arange(len(codes)), sent)
    core = np.bincount(owner, unmixed.membership >= _CORE, minlength=len(codes))
    share = float(core.sum() / max(int(sent.sum()), 1))
    numbers = core.astype(np.float64), sent.astype(np.float64)
    bits = weigh_streams(*numbers, share=share, background=unmixed.background)
    return Stream(codes, *numbers, unmixed.background, bits)


def hear_streams(
    members: pl.DataFrame, streams: Mapping[str, Stream], traffic: Traffic
) -> pl.DataFrame:
    """Let what a member sends speak for it in the content family, where linking heard less.

    Grain:   MEMBER, as given, and beside it `sends`: how many of the account's exchanges are its
             group's; null where it has no stream, so that nothing is known of anybody.
    `streams` has an entry a group.
    """
    told = [
        pl.DataFrame(
            {
                "group_id": [group] * len(stream.members),
                "account_id": [traffic.accounts[code] for code in stream.members],
                "stream_bits": stream.weight_bits,
                "sends": np.where(
                    has_stream(stream.core.sum(), len(stream.core)), stream.core, np.nan
                ),
            }
        )
        for group, stream in streams.items()
    ]
    if not told:
        return members
    heard = members.join(pl.concat(told), on=["group_id", "account_id"], how="left")
    most = pl.max_horizontal("content_bits", "stream_bits")
    sends = pl.col("sends").fill_nan(None)
    return heard.with_columns(most.alias("content_bits"), sends).drop("stream_bits")


def list_streams(stream: Stream, traffic: Traffic) -> pl.DataFrame:
    """List what each member of a group sends of it, as evidence.

    Grain:   one EVIDENCE row per member: the share of its traffic that is the group's, and that of
             strangers'.
    """
    return EVIDENCE.conform(
        pl.DataFrame(
            {
                "subject_id": [traffic.accounts[code] for code in stream.members],
                "family": CONTENT,
                "channel": "stream",
                "observed": stream.core / np.maximum(stream.sent, 1),
                "expected": stream.background,
                "weight_bits": stream.weight_bits,
            }
        )
    )
