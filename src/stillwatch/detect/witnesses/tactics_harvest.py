"""A harvest asks in ways that teach another model: reasoning written out, rubrics, trajectories.

Mean over accounts of the mean tactic probability of their core, less the run's mean. Averaged
over a whole group it does not separate (DESIGN.md, section 7); after unmixing it is one witness of
several. Blind spot: a harvest that asks as anybody asks; honest evaluation and grading fire it.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin


def measure(core: Core) -> float:
    """Give the mean tactic probability above the run's, accounts weighing alike."""
    probability = core.exchanges["tactic_probability"].to_numpy()
    known = ~np.isnan(probability.astype(np.float64))
    if is_thin(core) or not known.any():
        return UNKNOWN
    codes = np.unique(core.account[known], return_inverse=True)[1]
    by_account = np.bincount(codes, probability[known]) / np.bincount(codes)
    return float(np.mean(by_account)) - core.usual.tactic


WITNESS = Witness(
    "tactics",
    "content",
    1,
    "mean tactic probability above the run's",
    "one product's application, which asks for answers and not for training data",
    measure,
)
