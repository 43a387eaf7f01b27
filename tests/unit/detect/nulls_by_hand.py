"""Honest tied groups drawn from a known law, and judged groups written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from stillwatch.detect.honest_groups import NAMES, HonestGroups, HonestNull, fit_honest_null
from stillwatch.detect.judge import Judged
from stillwatch.detect.unmix.members import Stream
from stillwatch.detect.witnesses import WITNESSES

LINE = np.array([[0.5 * w - 1, 0.1 * w, -0.05 * w] for w in range(len(NAMES))])
SCALE = np.linspace(0.3, 2.0, len(NAMES))
for _at, _witness in enumerate(WITNESSES):
    if _witness.spread is not None:  # stated, so that honest groups are drawn from it
        LINE[_at], SCALE[_at] = (_witness.stated, 0.0, 0.0), _witness.spread
    if _witness.is_sizeless:
        LINE[_at, 1:] = 0.0
KNOTS = ([0.0, 8.0], [0.5, 1.0])


def draw_honest(count: int, *, seed: int, together: float = 0.3) -> HonestGroups:
    """Draw groups about the known line; their witnesses go together by a shared factor."""
    rng = np.random.default_rng(seed)
    accounts = np.round(5 * rng.pareto(1.2, count) + 5)
    exchanges = accounts * np.round(20 * rng.pareto(2.0, count) + 5)
    design = np.stack([np.ones(count), np.log2(accounts), np.log2(exchanges / accounts)], axis=1)
    factor = rng.normal(size=(count, 1)) * np.sqrt(together)
    noise = factor + rng.normal(size=(count, len(NAMES))) * np.sqrt(1 - together)
    signs = np.array([1.0] * len(NAMES))
    return HonestGroups(
        design @ LINE.T + signs * noise * SCALE, accounts, exchanges, np.zeros(count)
    )


def fit(groups: HonestGroups) -> HonestNull:
    """Fit the null on groups."""
    return fit_honest_null(groups, members=KNOTS)


def judged(name: str, **facts: Any) -> Judged:  # noqa: ANN401  fields of several types
    """Write a judged group: a sure harvest unless said otherwise."""
    fields: dict[str, Any] = {
        "group_id": f"g-{name}",
        "members": np.zeros(0, np.int32),
        "membership": np.zeros(0),
        "stream": Stream(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), 0.0, np.zeros(0)),
        "core_exchanges": 100,
        "figures": np.zeros(len(NAMES)),
        "z": np.full(len(NAMES), 2.0),
        "score": 6.0,
        "p_value": 1e-8,
        "q_value": 1e-6,
        "probability": 0.9999,
        "judgement": "harvest",
        "explanation": "a class",
        "explanation_p_value": 0.02,
    }
    return Judged(**(fields | facts))
