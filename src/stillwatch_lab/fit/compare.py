"""Does what is drawn fit the half that was never fitted? Quantiles, distances and a yardstick.

Reads two `Traces` (drawn and held out) and their measures; gives rows of the table in
`docs/lab/fit.md`. The one idea: real halves differ too, so a distance is judged by what random
halves of the real clients have between them. A measure is a matrix: one row per client (or block
of a service), its columns quantiles within the client, so that clients count alike and are drawn
as wholes. Absent: p-values; clients are few and what matters is how far off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from stillwatch_lab.fit.bursts import (
    BUSY,
    batch_counts,
    draw_published_gaps,
    local_gaps,
    measure_bursts,
)
from stillwatch_lab.fit.clients import measure_clients
from stillwatch_lab.fit.honest import Floats
from stillwatch_lab.fit.rhythm import HOURS, measure_hours
from stillwatch_lab.fit.traces import BLOCK_S, KEY, SPAN_DAYS, WINDOW_S, Traces

WITHIN: Final = np.arange(0.05, 1.0, 0.05)
"""Shares of a client's requests or windows at which its distribution is kept."""
SHOWN: Final = (0.1, 0.5, 0.9)
_HALVINGS: Final = 400
_GAPS: Final = 1_000
_WINDOWS_MIN: Final = 6
_BATCH_S: Final = 3.0
"""The chat service's clock has this step."""
_SHORTEST_GAP: Final = 1e-3
"""Mean gaps; shorter ones are equal."""
_HABITS: Final = {
    "active_windows": "10-minute windows with traffic, of 2,016",
    "active_days": "days with traffic, share",
    "run_windows": "mean run of successive windows",
    "total_sigma": "spread of the log rate over windows",
    "volume_sigma": "spread of the log volume over days",
    "weekend_log": "weekend against working days, log",
    "input_log": "median input tokens of a client, log",
    "input_sigma": "spread of input tokens within a client",
    "output_log": "median output tokens of a client, log",
    "output_sigma": "spread of output tokens within a client",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the table: a measure of what is drawn against the held-out half.

    Grain:   one per measure.
    Units:   ks is the Kolmogorov-Smirnov distance, wasserstein in the measure's unit;
             `split_ks` is the distance between the two real halves at hand, `usual_ks` and
             `bound_ks` are median and 95 % point between random halves of the real clients.
    """

    name: str
    drawn: tuple[float, ...]
    held: tuple[float, ...]
    ks: float
    wasserstein: float
    split_ks: float
    usual_ks: float
    bound_ks: float

    @property
    def fits(self) -> bool:
        """Whether the halves of the real clients are that far apart in one case of twenty."""
        return self.ks <= self.bound_ks


def compare_measure(
    rng: np.random.Generator, name: str, drawn: Floats, halves: tuple[Floats, Floats]
) -> Comparison:
    """Compare a measure of the drawn clients with the held-out half, `halves[1]`.

    Grain:   one row of the table.
    Cost:    400 halvings of the real clients.
    """
    real = np.concatenate(halves)
    apart = np.empty(_HALVINGS)
    for at in range(_HALVINGS):
        order = rng.permutation(len(real))
        cut = len(halves[0])
        apart[at] = ks_distance(real[order[:cut]], real[order[cut:]])
    held = halves[1]
    return Comparison(
        name=name,
        drawn=tuple(np.quantile(drawn, SHOWN).tolist()),
        held=tuple(np.quantile(held, SHOWN).tolist()),
        ks=ks_distance(drawn, held),
        wasserstein=float(stats.wasserstein_distance(drawn.ravel(), held.ravel())),
        split_ks=ks_distance(*halves),
        usual_ks=float(np.median(apart)),
        bound_ks=float(np.quantile(apart, 0.95)),
    )


def ks_distance(one: Floats, other: Floats) -> float:
    """Give the largest difference between two cumulative distributions.

    Grain:   one number for two samples of any shape.
    """
    first, second = np.sort(one, axis=None), np.sort(other, axis=None)
    both = np.concatenate([first, second])
    shares = [np.searchsorted(s, both, side="right") / len(s) for s in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def measure_all(rng: np.random.Generator, traces: Traces, first_weekday: int) -> dict[str, Floats]:
    """Measure rates, rhythm, gaps and lengths of real or drawn clients.

    Grain:   one matrix per measure, one row per client that shows it.
    Nulls:   clients whose traffic is too short for a measure are left out of it.
    """
    habits = measure_clients(traces, first_weekday)
    own = pl.col("volume_log") - pl.col("volume_log").median().over("model")
    columns = {"requests of a client, log, about the median": habits.select(own).to_series()}
    columns |= {said: habits[name].cast(pl.Float64) for name, said in _HABITS.items()}
    measured = {said: _column(values) for said, values in columns.items()}
    hours = measure_hours(traces.windows)
    turn = hours @ np.exp(2j * np.pi * (np.arange(HOURS) + 0.5) / HOURS)
    return measured | {
        "rate of a window, of the client's mean, log": _relative_rates(traces.windows),
        "hour of the day of a request": _quantile_hours(hours),
        "how peaked a client's day is (mean vector)": np.abs(turn)[:, None],
        "gap, of the window's mean, log": _gaps(rng, traces.windows),
        "gap, of the client's mean over 14 days, log": _gaps_of_all(rng, traces.windows),
        "variation of gaps in a client, log": _column(measure_bursts(traces.windows)["cv_log"]),
        "input tokens, log": _tokens(traces.tokens, "input"),
        "output tokens, log": _tokens(traces.tokens, "output"),
    }


def _column(values: pl.Series) -> Floats:
    return values.drop_nulls().drop_nans().to_numpy()[:, None].astype(np.float64)


def _relative_rates(windows: pl.DataFrame) -> Floats:
    log = (pl.col("rate_rps") / pl.col("rate_rps").mean()).log()
    grouped = windows.group_by(KEY).agg(log, number=pl.len()).sort(*KEY)
    many = grouped.filter(pl.col("number") >= _WINDOWS_MIN)["rate_rps"]
    return np.array([np.quantile(values.to_numpy(), WITHIN) for values in many])


def _quantile_hours(hours: Floats) -> Floats:
    edges = np.arange(HOURS + 1.0)
    below = np.concatenate([np.zeros((len(hours), 1)), np.cumsum(hours, axis=1)], axis=1)
    return np.array([np.interp(WITHIN, row, edges) for row in below])


def _gaps(rng: np.random.Generator, windows: pl.DataFrame) -> Floats:
    return log_quantiles([draw_published_gaps(rng, one, _GAPS) for one in _busy(windows)])


def _gaps_of_all(rng: np.random.Generator, windows: pl.DataFrame) -> Floats:
    """Draw gaps in units of the span of the trace over the client's requests."""
    parts = []
    for one in _busy(windows):
        rate = float(one["rate_rps"].to_numpy().sum()) * WINDOW_S / (SPAN_DAYS * 86_400.0)
        parts.append(draw_published_gaps(rng, one, _GAPS, in_seconds=True) * rate)
    return log_quantiles(parts, shortest=_SHORTEST_GAP**2)


def _busy(windows: pl.DataFrame) -> list[pl.DataFrame]:
    return _by_client(windows.filter((pl.col("rate_rps") * WINDOW_S >= BUSY).any().over(KEY)))


def _by_client(windows: pl.DataFrame) -> list[pl.DataFrame]:
    return windows.partition_by(*KEY, maintain_order=True)


def log_quantiles(parts: list[Floats], *, shortest: float = _SHORTEST_GAP) -> Floats:
    """Give the quantiles of the logarithm of gaps, a row per part.

    Grain:   one row per part; gaps below the shortest, a thousandth, are equal.
    """
    return np.array([np.quantile(np.log(np.maximum(part, shortest)), WITHIN) for part in parts])


def _tokens(tokens: pl.DataFrame, side: str) -> Floats:
    levels = np.array(tokens["q"][0].to_list())
    logs = np.log(np.maximum(np.array(tokens[side].to_list(), np.float64), 1.0))
    return np.array([np.interp(WITHIN, levels, row) for row in logs])


def measure_service(service: pl.DataFrame, *, has_clock: bool) -> dict[str, Floats]:
    """Measure gaps (or batches, where the clock is coarse) and tokens of a service by block.

    Grain:   one matrix per measure, one row per block of five minutes.
    """
    blocks = service.with_columns(block=(pl.col("at_s") // BLOCK_S).cast(pl.Int64))
    some = [b for b in blocks.partition_by("block", maintain_order=True) if b.height > _GAPS // 10]
    name = (
        "gap, of the minute's mean, log" if has_clock else "requests in 3 s, of the minute's mean"
    )
    arrivals = (
        log_quantiles([local_gaps(b) for b in some])
        if has_clock
        else np.array([np.quantile(batch_counts(b, _BATCH_S), WITHIN) for b in some])
    )
    tokens = {
        f"{side} tokens, log": np.array(
            [np.quantile(np.log(b[f"{side}_tokens"].to_numpy() + 0.0), WITHIN) for b in some]
        )
        for side in ("input", "output")
    }
    return {name: arrivals, **tokens}


def between_share(values: Floats, group: npt.NDArray[np.int64]) -> float:
    """Give the share of the variance that lies between groups (one-way analysis of variance).

    Grain:   one number; columns of `values` are summed over.
    Source:  intra-class correlation for groups of unequal size.
    """
    _, group, size = np.unique(group, return_inverse=True, return_counts=True)
    means = np.zeros((len(size), values.shape[1]))
    np.add.at(means, group, values)
    means /= size[:, None]
    between = (size[:, None] * (means - values.mean(axis=0)) ** 2).sum() / (len(size) - 1)
    within = ((values - means[group]) ** 2).sum() / (len(values) - len(size))
    typical = (len(values) - (size**2).sum() / len(values)) / (len(size) - 1)
    return float((between - within) / (between + (typical - 1) * within))


def measure_shares(rng: np.random.Generator, traces: Traces) -> dict[str, float]:
    """Measure the between-client share of the variance of volume, hours and lengths.

    Grain:   one number per kind of habit; each client counts alike.
    Units:   volume is the logarithm of requests on an active day, about its model's mean; hours
             lie on their circle, 200 requests of each client; lengths are log tokens.
    """
    day = pl.col("t_s") // 86_400
    daily = traces.windows.group_by(*KEY, day.alias("day")).agg(pl.col("rate_rps").sum().log())
    daily = daily.sort(*KEY, "day").with_columns(
        pl.col("rate_rps") - pl.col("rate_rps").mean().over("model"),
        who=pl.struct(*KEY).rank("dense"),
    )
    hours = [_request_hours(rng, one) for one in _by_client(_lasting(traces.windows))]
    who = np.repeat(np.arange(len(hours)), [len(h) for h in hours])
    angle = np.concatenate(hours) * (2 * np.pi / HOURS)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    shares = {
        "requests of a day": between_share(
            daily["rate_rps"].to_numpy()[:, None], daily["who"].to_numpy().astype(np.int64)
        ),
        "hour of the day": between_share(circle, who),
    }
    for side in ("input", "output"):
        logs = _tokens(traces.tokens, side)
        who = np.repeat(np.arange(len(logs)), logs.shape[1])
        shares[f"{side} tokens"] = between_share(logs.reshape(-1, 1), who)
    return shares


def _lasting(windows: pl.DataFrame) -> pl.DataFrame:
    days = (pl.col("t_s") // 86_400).n_unique().over(KEY)
    return windows.filter(days >= SPAN_DAYS // 2)


def _request_hours(rng: np.random.Generator, windows: pl.DataFrame) -> Floats:
    rate = windows["rate_rps"].to_numpy()
    row = rng.choice(len(rate), 200, p=rate / rate.sum())
    return np.asarray(windows["t_s"].to_numpy()[row] % 86_400 / 3_600)
