"""E-values in bits: the null's arithmetic, averages, the rule of two families, e-BH."""

from __future__ import annotations

import numpy as np
import pytest
from populations import Population
from scipy.stats import betabinom

from stillwatch.domain.arrays import log2_betabinomial
from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.link.e_values import (
    LOG2_E_MAX,
    average_e,
    bound_q_values,
    combine_families,
    log2_bayes_factor,
    log2_profile_factor,
)

SIZES = (1, 5, 12, 60, 400)
SHARES = (1e-4, 0.003, 0.05, 0.3, 0.9)
RHOS = (0.02, 0.05, 0.3)
CLIENT = [channel.name for channel in CHANNELS].index("client")


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("rho", RHOS)
def test_the_beta_binomial_sums_to_one(n: int, rho: float) -> None:
    """Over all counts, at any share."""
    k = np.arange(n + 1.0)
    for mean in SHARES:
        total = np.exp2(log2_betabinomial(k, n, mean=mean, rho=rho)).sum()
        assert total == pytest.approx(1.0, abs=1e-9)


def test_the_beta_binomial_is_the_textbook_one() -> None:
    """Against SciPy's, in its own parameters."""
    k, n, mean, rho = np.arange(31.0), 30, 0.2, 0.05
    a, b = mean * (1 - rho) / rho, (1 - mean) * (1 - rho) / rho
    expected = betabinom.logpmf(k, n, a, b) / np.log(2)
    assert log2_betabinomial(k, n, mean=mean, rho=rho) == pytest.approx(expected)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("rho", RHOS)
def test_a_bayes_factor_is_an_e_value_under_its_own_null(n: int, rho: float) -> None:
    """Its mean over the beta-binomial is at most one, summed exactly."""
    k = np.arange(n + 1.0)
    for mean in SHARES:
        chance = np.exp2(log2_betabinomial(k, n, mean=mean, rho=rho))
        e = np.exp2(log2_bayes_factor(k, n, mean=np.array(mean), rho=rho))
        assert float(chance @ e) <= 1 + 1e-9


@pytest.mark.parametrize("rho", RHOS)
@pytest.mark.parametrize("n", [5, 40, 300])
def test_a_bayes_factor_is_an_e_value_under_permutations(n: int, rho: float) -> None:
    """Holders dealt out at random are hypergeometric, narrower than the null: exact mean <= 1."""
    from scipy.stats import hypergeom  # noqa: PLC0415  slow to import, and only here

    population = 2_000
    k = np.arange(n + 1.0)
    for held in (2, 9, 100, 1_000, 1_900):
        chance = hypergeom.pmf(k, population, held, n)
        e = np.exp2(log2_bayes_factor(k, n, mean=np.array(held / population), rho=rho))
        assert float(chance @ e) <= 1 + 1e-9


def test_more_holders_are_more_evidence_and_few_are_none() -> None:
    """Rising in the count; never above zero bits up to the expected count."""
    bits = log2_bayes_factor(np.arange(41.0), 40, mean=np.array(0.2), rho=0.05)
    assert np.all(np.diff(bits[9:]) > 0)
    assert np.all(bits[:9] <= 0)


def test_overdispersion_takes_the_extravagance_out_of_evidence() -> None:
    """300 of 300 holders of a value of one in 300: thousands of bits become about a hundred."""
    count, mean = np.array([300.0]), np.array([1 / 300])
    near_binomial = log2_bayes_factor(count, 300, mean=mean, rho=1e-6)[0]
    wide = log2_bayes_factor(count, 300, mean=mean, rho=0.05)[0]
    assert near_binomial > 2_000
    assert 50 < wide < 200


SHAPES = {
    "few": np.array([0.4, 0.3, 0.2, 0.1]),
    "many": np.full(200, 1 / 200),
    "skewed": np.arange(1, 61) ** -1.2 / np.sum(np.arange(1, 61) ** -1.2),
}
"""Shares of a population's values."""


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rho", [0.02, 0.05, 0.3])
def test_a_profile_factor_is_an_e_value_under_its_own_null(shape: str, rho: float) -> None:
    """Groups whose values are drawn from a Dirichlet of that concentration: mean e about one.

    By importance: half of the groups come from the narrower alternatives, where e is large and
    rare under the null, so that a mean below one isn't the luck of not having met them.
    """
    rng = np.random.default_rng(3)
    share = SHAPES[shape]
    scale = (1 - rho) / rho
    weights = []
    for _ in range(1_500):
        narrower = rng.choice([1.0, 4.0, 16.0, 64.0], p=[0.5, 1 / 6, 1 / 6, 1 / 6])
        drawn = rng.dirichlet(share * scale / narrower)
        counts = rng.multinomial(30, drawn / drawn.sum()).astype(np.float64)
        e = np.exp2(log2_profile_factor(counts, 30, share=share, rho=rho))
        weights.append(e / (0.5 + 0.5 * e))
    assert np.mean(weights) == pytest.approx(1.0, abs=4 * np.std(weights) / np.sqrt(1_500))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_profile_factor_is_below_one_for_random_groups(shape: str) -> None:
    """Independent draws are spread more evenly than the null allows: the mean is well below 1."""
    rng = np.random.default_rng(4)
    share = SHAPES[shape]
    e = [
        np.exp2(log2_profile_factor(rng.multinomial(n, share) * 1.0, n, share=share, rho=0.02))
        for n in (6, 40, 300)
        for _ in range(300)
    ]
    assert np.mean(e) + 3 * np.std(e) / np.sqrt(len(e)) <= 1


def test_a_profile_factor_grows_with_every_batch_and_fractions_only_lower_it() -> None:
    """Each batch adds more bits than the one before; counts in halves say less than whole."""
    share = np.array([*[0.01] * 5, 0.95])
    bits = [
        log2_profile_factor(
            np.array([*[12.0] * batches, *[0.0] * (5 - batches), 100 - 12.0 * batches]),
            100,
            share=share,
            rho=0.02,
        )
        for batches in range(6)
    ]
    assert np.all(np.diff(bits) > 0)
    assert np.all(np.diff(bits, n=2) > 0)
    whole = np.array([10.0, 0.0, 10.0, 0.0])
    halves = np.array([[10.0, 0.0, 10.0, 0.0], [0.0, 10.0, 0.0, 10.0]])
    quarter = np.full(4, 0.25)
    each = [log2_profile_factor(h, 20, share=quarter, rho=0.05) for h in halves]
    mean = log2_profile_factor(halves.mean(axis=0), 20, share=quarter, rho=0.05)
    assert mean <= average_e(each)
    assert log2_profile_factor(whole, 20, share=quarter, rho=0.05) == pytest.approx(each[0])


def test_averages_of_e_values_are_averages_and_are_cut_at_the_top() -> None:
    """In bits, with weights or without; nothing at all is e = 0."""
    assert average_e([0.0, 2.0]) == pytest.approx(np.log2(2.5))
    assert average_e([3.0, -np.inf], [0.5, 0.5]) == pytest.approx(2.0)
    assert average_e([-np.inf, -np.inf]) == -np.inf
    assert average_e([]) == -np.inf
    assert average_e([5_000.0, 0.0]) == LOG2_E_MAX


@pytest.mark.parametrize("strongest", [10.0, 500.0, 1_000.0])
def test_one_family_alone_is_never_enough_however_strong(strongest: float) -> None:
    """It is the one that is dropped: what is left says nothing."""
    rest = dict.fromkeys(FAMILIES[1:5], -1.0)
    assert combine_families({FAMILIES[0]: strongest, **rest}) <= 0
    assert combine_families({FAMILIES[0]: strongest}) == -np.inf
    second = min(strongest, 20.0)
    assert combine_families({FAMILIES[0]: strongest, **rest, FAMILIES[5]: 20.0}) > second - 3


def test_a_seed_whose_own_family_is_out_needs_two_held_out_families() -> None:
    """So a group that is tied by two families alone, its seed in one of them, is not called tied.

    It is stricter than "two families" sounds, and `smallest_groups` says so with None.
    """
    crowd = Population(900, seed=4)
    crowd.add_group("h", 40, template=1, client=1)
    held_out = {"identity": -3.0, "infrastructure": -3.0, "client": 40.0, "lifecycle": -3.0}
    assert combine_families(held_out) < 0


def brute_force_e_bh(e: np.ndarray, tested: int, level: float) -> set[int]:
    """Reject the k largest, for the largest k whose k-th e-value is at least tested / (k level)."""
    order = sorted(range(len(e)), key=lambda i: -e[i])
    for k in range(len(e), 0, -1):
        if e[order[k - 1]] >= tested / (k * level):
            return {i for i in range(len(e)) if e[i] >= e[order[k - 1]]}
    return set()


@pytest.mark.parametrize("seed", range(5))
def test_e_bh_is_the_published_procedure(seed: int) -> None:
    """At any level it rejects whom the definition rejects, the untested counted as e = 0."""
    rng = np.random.default_rng(seed)
    log2_e = rng.normal(4, 5, 40)
    q = bound_q_values(log2_e, tested=60)
    for level in (0.01, 0.05, 0.2, 0.7):
        rejected = set(np.flatnonzero(q <= level * (1 + 1e-12)).tolist())
        assert rejected == brute_force_e_bh(np.exp2(log2_e), 60, level)


def test_e_bh_keeps_the_order_and_is_never_above_one() -> None:
    """More evidence, smaller q; e = 0 has q = 1."""
    log2_e = np.array([-np.inf, 3.0, 30.0, 10.0])
    q = bound_q_values(log2_e, tested=4)
    assert np.argsort(-log2_e, kind="stable").tolist() == np.argsort(q, kind="stable").tolist()
    assert q[0] == 1.0
    assert bound_q_values(np.zeros(0), tested=7).tolist() == []
