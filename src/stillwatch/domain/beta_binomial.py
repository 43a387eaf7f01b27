"""How likely k of n is where shares vary from group to group, or from person to person.

Arithmetic that *link* and *detect* both rest on; no tables, no settings. A binomial would take the
n for independent draws; they are not where people of one cohort do alike, or one person acts n
times, and a beta-binomial says by how much.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln

F64 = npt.NDArray[np.float64]


def log2_betabinomial(
    k: npt.ArrayLike, n: npt.ArrayLike, *, mean: npt.ArrayLike, rho: float
) -> F64:
    """Give the probability of k of n, in bits, under a beta-binomial.

    Grain:   one figure per entry of what the arguments broadcast to.
    Units:   log2 of a probability. k may be fractional (an expected count): by Jensen's inequality
             that can only lower a convex likelihood ratio. `mean` is in (0, 1), `rho` the
             correlation of two of the n, in (0, 1).
    Source:  coordination.md, 2.5; rho is there the correlation inside a cohort.
    """
    k, n, mean = (np.asarray(given, np.float64) for given in (k, n, mean))
    scale = (1 - rho) / rho
    a, b = mean * scale, (1 - mean) * scale
    choose = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray((choose + betaln(k + a, n - k + b) - betaln(a, b)) / np.log(2), np.float64)
