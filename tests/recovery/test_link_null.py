"""Where nothing ties anybody, nobody is called tied."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from scipy.stats import beta

from stillwatch.domain.settings import LinkSettings
from stillwatch.link import link_accounts

Population: Any = runpy.run_path(
    str(Path(__file__).parents[1] / "unit" / "link" / "populations.py")
)["Population"]
POPULATIONS = 260
PROPOSED = 20
"""Populations of which some must have a group proposed: the searches are not idle."""


def test_of_260_populations_without_ties_none_has_a_tied_group() -> None:
    """None of 260 at q <= 0.05: the rate is below 1.2 % with 95 % confidence (Clopper & Pearson).

    The searches are not idle: they try some 400 seeds each, and propose groups in one of ten (in
    one of two, before what is met once was weighed by what is met twice; in one of four, before
    whoever alone holds a value was compared with the outsiders who hold it).
    """
    wrong, proposed, seeds = 0, 0, 0
    for seed in range(POPULATIONS):
        crowd = Population(500 + 5 * (seed % 60), seed=1_000 + seed)
        linked = link_accounts(crowd.traits(), register=crowd.register(), settings=LinkSettings())
        wrong += bool((linked.groups["link_q_value"] <= 0.05).any())
        proposed += linked.candidates > 0
        seeds += linked.seeds_tested
    assert wrong == 0
    assert float(beta.ppf(0.95, wrong + 1, POPULATIONS - wrong)) < 0.012
    assert proposed > PROPOSED
    assert seeds > 300 * POPULATIONS
