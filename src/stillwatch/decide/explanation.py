"""What an explanation is made of, and what it is made from: two records without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class Findings:
    """The tables of one result that explanations are made from."""

    where: str
    accounts: pl.DataFrame
    groups: pl.DataFrame
    campaigns: pl.DataFrame
    evidence: pl.DataFrame
    decisions: pl.DataFrame
    run: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelEvidence:
    """One channel: what was observed, what the population explains, and what it weighs."""

    channel: str
    phrase: str
    observed: float
    expected: float
    weight_bits: float


@dataclass(frozen=True, slots=True)
class FamilyEvidence:
    """One family of channels, which one act of an attacker changes together."""

    family: str
    weight_bits: float
    """Sum over its channels; what counts for membership is capped by family."""
    channels: tuple[ChannelEvidence, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a subject has its verdict."""

    subject_id: str
    kind: str
    """`account` or `group`."""
    headline: str
    facts: tuple[tuple[str, str], ...]
    """What and what value, in the order in which a person asks."""
    evidence: tuple[FamilyEvidence, ...]
    """Strongest family first."""
    customer_sentence: str | None
    not_used: tuple[str, ...]
