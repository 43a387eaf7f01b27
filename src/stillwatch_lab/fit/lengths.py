"""How long requests and answers are: tokens of input and output, client by client.

Reads quantiles of the tokens of each client and the requests of whole services; gives length
habits to `clients`, and tokens to the traffic. The one idea: a client has a median and a spread
(on the logarithmic scale) of its own, and the shape around them is everybody's. Deliberately
absent: a shape of each client's own (prompts with one fixed frame are two or three spikes).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from scipy import special

from stillwatch_lab.fit.honest import Floats, HonestTraffic, Ints, load_honest_traffic
from stillwatch_lab.fit.traces import KEY

TAIL: Final = 1e-5
"""Share of requests above the longest: the clients have some 10⁵ requests each."""
LOW_TAIL: Final = 1e-3
_SPREAD: Final = 2.5631
"""Distance between the 10 % and the 90 % point of a normal law, in standard deviations."""
_SIGMA_MIN: Final = 0.02


def measure_lengths(tokens: pl.DataFrame) -> pl.DataFrame:
    """Measure each client's median and spread of input and output tokens.

    Grain:   one row per (model, client) whose tokens are known.
    Units:   logs are natural, of tokens; a sigma is that of the normal law with the same 10 % and
             90 % points.
    """
    sides = [_side(tokens, side) for side in ("input", "output")]
    return tokens.select(*KEY).with_columns(
        column for middle, spread in sides for column in (middle, spread)
    )


def _side(tokens: pl.DataFrame, side: str) -> tuple[pl.Series, pl.Series]:
    levels, logs = _levels(tokens), _logs(tokens, side)
    low, middle, high = (logs[:, levels.searchsorted(at)] for at in (0.1, 0.5, 0.9))
    spread = np.maximum((high - low) / _SPREAD, _SIGMA_MIN)
    return pl.Series(f"{side}_log", middle), pl.Series(f"{side}_sigma", spread)


def _levels(tokens: pl.DataFrame) -> Floats:
    return np.array(tokens["q"][0].to_list(), np.float64)


def _logs(tokens: pl.DataFrame, side: str) -> Floats:
    values = np.array(tokens[side].to_list(), np.float64)
    return np.asarray(np.log(np.maximum(values, 1.0)))


def fit_shape(tokens: pl.DataFrame, side: str) -> tuple[Floats, Floats]:
    """Fit the shape that all clients share about their own median and spread.

    Grain:   one value per level: the mean over clients, monotone.
    Units:   spreads above the median.
    """
    levels, logs = _levels(tokens), _logs(tokens, side)
    measured = measure_lengths(tokens)
    middle = measured[f"{side}_log"].to_numpy()[:, None]
    spread = measured[f"{side}_sigma"].to_numpy()[:, None]
    telling = spread[:, 0] > 2 * _SIGMA_MIN
    shape = np.median(((logs - middle) / spread)[telling], axis=0)
    beyond = shape[0] * special.ndtri(LOW_TAIL) / special.ndtri(levels[0])
    kept = np.concatenate([[LOW_TAIL], levels[:-1], [1.0 - TAIL]])
    return kept, np.maximum.accumulate(np.concatenate([[beyond], shape]))


def fit_token_correlation(services: dict[str, pl.DataFrame]) -> float:
    """Fit how input and output go together from request to request.

    Grain:   one number: the mean over the services of the correlation of normal scores.
    Source:  the services; the clients' quantiles say nothing of it.
    """
    from scipy import stats  # noqa: PLC0415  half a second, and simulations never fit

    ranks = [
        stats.spearmanr(service["input_tokens"].to_numpy(), service["output_tokens"].to_numpy())
        for service in services.values()
    ]
    return float(2 * np.sin(np.pi / 6 * np.mean([rank.statistic for rank in ranks])))


def draw_lengths(
    rng: np.random.Generator,
    client: Ints,
    clients: pl.DataFrame,
    *,
    traffic: HonestTraffic | None = None,
) -> tuple[Ints, Ints]:
    """Draw input and output tokens of requests.

    Grain:   one of each per value of `client`, which is a row number of `clients`.
    Units:   tokens, at least 1, at most the longest that the traces show.
    Cost:    about 150 ns a request.
    """
    figures = traffic or load_honest_traffic()
    rho = figures.token_correlation
    first = rng.standard_normal(len(client))
    second = rho * first + np.sqrt(1 - rho**2) * rng.standard_normal(len(client))
    knots = special.ndtri(np.array(figures.token_levels))
    drawn = []
    for at, (side, scores) in enumerate((("input", first), ("output", second))):
        shape = np.array(getattr(figures, f"{side}_shape"))
        middle = clients[f"{side}_log"].to_numpy()[client]
        spread = clients[f"{side}_sigma"].to_numpy()[client]
        log = middle + spread * np.interp(scores, knots, shape)
        longest = np.log(figures.token_max[at])
        drawn.append(np.rint(np.exp(np.clip(log, 0.0, longest))).astype(np.int64))
    return drawn[0], drawn[1]
