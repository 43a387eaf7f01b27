"""Watching one account day after day: evidence that may be looked at on any day.

A p-value that is looked at daily is wrong after a week. Bets are not: stake 1, win κp^(κ-1) each
day; under the null nobody expects to win, and P(ever above 1/a) <= a whenever one stops (Ville).
Two nulls, two ways. *Its own past*: today's score ranked among the account's earlier days gives
independent uniform p-values, so bets may be multiplied; it sees change. *Its peers*: an account
that is always at the edge would win every day, so days must not be multiplied; whole paths are
ranked instead, the running maximum of an account among those of benign accounts.

Blind spot: own past, a harvest since the first day; peers, one that is no odder than the oddest.
Source: Vovk et al. 2003 (conformal martingales); Shafer 2021; Ville 1939; Vovk and Wang 2021.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from stillwatch.detect.distribution.conformal import rank_p_values
from stillwatch.detect.distribution.items import F64

_EXPONENTS: Final = np.array([0.1, 0.2, 0.35, 0.5, 0.7, 0.9])
"""κ of the bets that share the stake: small ones win on tiny p-values, large ones on modest."""


def bet_on_p_values(p_values: F64) -> F64:
    """Give the logarithm of the wealth after each day, days along the last axis.

    Grain:   one figure per day; a row per account where there are rows.
    Units:   natural logarithm of an e-value: alarm at log(1 / level).
    Nulls:   nan = a day without traffic: nothing is staked.
    Cost:    linear.
    Raises:  ValueError where a p-value is not in (0, 1].
    """
    known = ~np.isnan(p_values)
    if np.any(p_values[known] <= 0) or np.any(p_values[known] > 1):
        message = "p-values lie in (0, 1]"
        raise ValueError(message)
    logs = np.log(np.where(known, p_values, 1.0))
    shape = (-1, *(1,) * p_values.ndim)
    kappa = _EXPONENTS.reshape(shape)
    each = np.where(known, np.log(kappa) + (kappa - 1) * logs, 0.0)
    wealth = np.cumsum(each, axis=-1)
    highest = wealth.max(axis=0)
    return np.asarray(highest + np.log(np.mean(np.exp(wealth - highest), axis=0)), np.float64)


def rank_in_own_past(scores: F64, rng: np.random.Generator) -> F64:
    """Rank each day's score among the account's earlier days, ties broken at random.

    Grain:   one p-value per day, independent and uniform while the days are exchangeable.
    Nulls:   nan stays nan and is nobody's past.
    Order:   days as given. Cost: days².
    """
    p_values = np.full(len(scores), np.nan)
    for day, score in enumerate(scores):
        if not np.isnan(score):
            past = scores[:day][~np.isnan(scores[:day])]
            p_values[day] = rank_p_values(np.array([score]), past, uniform=rng.random(1))[0]
    return p_values


def rank_paths(paths: F64, peers: F64) -> F64:
    """Rank each account's running maximum among its peers' maxima over the whole horizon.

    Grain:   a row per account, a column per day; non-increasing along a row. Every day's p-value is
             valid at any stopping time within the peers' horizon.
    Nulls:   nan = no traffic that day; a path of nan has p = 1.
    Cost:    linear in days, one search each.
    Source:  split conformal on sup over days of the score.
    """
    running = np.maximum.accumulate(np.where(np.isnan(paths), -np.inf, paths), axis=1)
    highest = np.where(np.isnan(peers), -np.inf, peers).max(axis=1)
    return rank_p_values(running.ravel(), highest).reshape(paths.shape)
