"""A harvest is after long answers: output tokens against what the population takes.

Mean log2(1 + output tokens) of the core, less the population's. Blind spot: a harvest of grades or
labels, whose answers are short; writers and coders take long answers honestly.
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin


def measure(core: Core) -> float:
    """Give the mean log2 output tokens above the population's."""
    tokens = core.exchanges["output_tokens"].drop_nulls().to_numpy()
    if is_thin(core) or not len(tokens):
        return UNKNOWN
    return float(np.mean(np.log2(1.0 + np.maximum(tokens, 0)))) - core.usual.log_output


WITNESS = Witness(
    "taking",
    "content",
    1,
    "log2 of output tokens above the population's",
    "ordinary use, with answers as long as everybody's",
    measure,
)
