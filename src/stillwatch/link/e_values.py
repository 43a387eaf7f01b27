"""E-values in bits: how they are made, averaged and counted against the number of tests.

Arithmetic of *link*'s evidence, without tables: a likelihood ratio against a beta-binomial null,
averages (valid under any dependence), the rule of two families, e-BH.

Null: a group's k holders of a value follow a beta-binomial with the population's share and the
overdispersion of natural cohorts (sign-up week, country, plan) at its upper confidence limit.
Source: Vovk & Wang 2021 (averages of e-values); Wang & Ramdas 2022 (e-BH); DESIGN.md, section 6.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from stillwatch.domain.arrays import log2_betabinomial
from stillwatch.link.table import F64

LOG2_E_MAX = 1000.0
"""Bits at which an e-value is cut: beyond it the float overflows and nobody asks."""
IMPOSSIBLE = -np.inf
"""An e-value of 0, in bits: nothing speaks."""
_NARROWER = (4.0, 16.0, 64.0)
"""How many times more concentrated than the null a group may be, each as likely."""


def log2_bayes_factor(k: F64, n: float, *, mean: F64, rho: float) -> F64:
    """Weigh "they share this" (any share equally likely) against the null: an e-value in bits.

    Units:   log2 of an e-value; fewer holders than the null expects are never evidence.
    Source:  coordination.md, 2.5 (a Bayes factor with a uniform alternative).
    """
    uniform = -np.log2(n + 1)
    clipped = np.clip(mean, 1e-9, 1 - 1e-9)
    factor = uniform - log2_betabinomial(k, n, mean=clipped, rho=rho)
    return np.asarray(np.where(k > n * clipped, factor, np.minimum(factor, 0.0)))


def log2_profile_factor(mass: F64, n: float, *, share: F64, rho: float) -> float:
    """Weigh "they draw from few values" against the population's spread: an e-value in bits.

    All values of a channel at once: a Dirichlet-multinomial with the population's shares, against
    the same with concentrations 4, 16 and 64 times smaller, averaged. Where a group holds several
    values too often each adds its part, and none has to pay for having been picked.

    Grain:   `mass` and `share` have an entry a value that members hold; values that none of them
             holds add nothing, whichever they are.
    Units:   log2 of an e-value. `mass` is the members', of `n` at most together; `share` is of the
             population.
    Nulls:   fractional mass (the expected count over the members' exchanges) can only lower the
             ratio: its logarithm is a sum of convex functions, one a value (Jensen).
    Source:  Mosimann 1962 (the distribution); rho as in `log2_betabinomial`.
    """
    held = (mass > 0) & (share > 0)
    mass, share = mass[held], share[held]
    scale = (1 - rho) / rho
    null = _log2_profile(mass, n, share * scale, scale)
    others = [_log2_profile(mass, n, share * scale / k, scale / k) for k in _NARROWER]
    return average_e(np.array(others) - null)


def _log2_profile(counts: F64, n: float, weights: F64, total: float) -> float:
    """Probability of counts under a Dirichlet-multinomial, but for what depends on counts alone."""
    each = gammaln(counts + weights) - gammaln(weights)
    return float((gammaln(total) - gammaln(n + total) + each.sum()) / np.log(2))


def average_e(log2_values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Average e-values that are given in bits; valid under any dependence.

    Units:   log2 of an e-value, at most LOG2_E_MAX; nothing, or all 0, gives IMPOSSIBLE.
    Source:  Vovk & Wang 2021.
    """
    values = np.asarray(log2_values, np.float64)
    if not len(values):
        return IMPOSSIBLE
    parts = np.asarray(np.full(len(values), 1 / len(values)) if weights is None else weights)
    top = float(values.max())
    if top == IMPOSSIBLE:
        return IMPOSSIBLE
    return min(top + float(np.log2(np.sum(parts * np.exp2(values - top)))), LOG2_E_MAX)


def combine_families(by_family: dict[str, float]) -> float:
    """Drop the largest held-out e-value and average the rest: at least two families must speak.

    Units:   log2 of an e-value, from one a family; fewer than two families give IMPOSSIBLE.
    """
    ordered = sorted(by_family.values())
    return average_e(ordered[:-1])


def bound_q_values(log2_e: F64, *, tested: int) -> F64:
    """e-BH: the level at which each seed is still rejected, among all seeds that were tested.

    Units:   q in [0, 1]. Grain: one per given e-value; the `tested - len` others are e = 0.
    Source:  Wang & Ramdas 2022; valid under any dependence.
    """
    order = np.argsort(-log2_e, kind="stable")
    rank = np.arange(1, len(order) + 1)
    log2_q = np.log2(max(tested, 1)) - np.log2(rank) - log2_e[order]
    running = np.minimum.accumulate(log2_q[::-1])[::-1]
    out = np.empty(len(order))
    out[order] = np.exp2(np.clip(running, -LOG2_E_MAX, 0.0))
    return out
