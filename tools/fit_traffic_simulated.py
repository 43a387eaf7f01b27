"""What the simulator makes of the fit: its applications, measured as the real clients were.

Used by `fit_traffic.py`, which puts the table into its page. Applications are drawn as any scenario
draws them, then given the same number of requests each; real clients are brought to that number,
because a window of fewer than ten requests is lost and small clients would look idle.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from stillwatch_lab.cohorts.applications import draw_applications
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.fit.bursts import BUSY, CV_MAX, CV_MIN
from stillwatch_lab.fit.compare import Comparison, compare_measure, measure_all
from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.fit.replay import TOKEN_LEVELS
from stillwatch_lab.fit.rhythm import find_first_weekday
from stillwatch_lab.fit.traces import KEY, REQUESTS_MIN, WINDOW_S, Traces
from stillwatch_lab.scene import DAY_S, FORTNIGHT
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.traffic.arrivals import draw_arrivals
from stillwatch_lab.traffic.draw import draw_traffic

APPLICATIONS: Final = 300
AT_A_TIME: Final = 20
REQUESTS: Final = 100_000
ANSWERS: Final = 300
MEASURES: Final = (
    "10-minute windows with traffic, of 2,016",
    "days with traffic, share",
    "mean run of successive windows",
    "spread of the log rate over windows",
    "spread of the log volume over days",
    "weekend against working days, log",
    "rate of a window, of the client's mean, log",
    "hour of the day of a request",
    "how peaked a client's day is (mean vector)",
    "variation of gaps in a client, log",
    "median output tokens of a client, log",
    "spread of output tokens within a client",
    "median input tokens of a client, log",
    "spread of input tokens within a client",
)


def compare_simulated(rng: np.random.Generator, halves: tuple[Traces, Traces]) -> list[Comparison]:
    """Compare the simulator's applications with the held-out half, both at `REQUESTS` each."""
    weekday = find_first_weekday(halves[0].windows)
    drawn = measure_all(rng, simulate_programs(rng), 0)
    real = [measure_all(rng, thin_out(half), weekday) for half in halves]
    return [
        compare_measure(rng, name, drawn[name], (real[0][name], real[1][name])) for name in MEASURES
    ]


def thin_out(traces: Traces) -> Traces:
    """Bring every client to `REQUESTS`, and lose the windows that are then too thin."""
    share = REQUESTS / (pl.col("rate_rps").sum() * WINDOW_S).over(KEY)
    thinned = traces.windows.with_columns(rate_rps=pl.col("rate_rps") * share)
    seen = thinned.filter(pl.col("rate_rps") * WINDOW_S >= REQUESTS_MIN)
    return Traces(windows=seen, tokens=traces.tokens, services=traces.services)


def simulate_programs(rng: np.random.Generator) -> Traces:
    """Draw applications, all in one time zone and there from the first day, and record them."""
    drawn = draw_applications(rng, FORTNIGHT, count=APPLICATIONS, volume=Volume(40.0, sigma=2.35))
    people = drawn.with_columns(
        pl.lit(0.0).alias("zone"),
        pl.lit(-DAY_S).alias("created_s"),
        pl.lit(None, pl.Float64).alias("closed_s"),
    )
    parts = []
    for begin in range(0, APPLICATIONS, AT_A_TIME):
        some = people[begin : begin + AT_A_TIME].with_columns(volume=pl.lit(float(REQUESTS)))
        sent = draw_arrivals(rng, some, FORTNIGHT)
        parts.append(record_windows(sent["account"].to_numpy() + begin, sent["at_s"].to_numpy()))
    return Traces(
        windows=pl.concat(parts).sort(*KEY, "t_s"), tokens=record_tokens(rng, people), services={}
    )


def record_windows(client: Ints, at_s: Floats) -> pl.DataFrame:
    """Record requests as the publisher did: windows with ten or more, and their gaps' variation."""
    sent = pl.DataFrame({"client": client, "at_s": at_s}).sort("client", "at_s")
    window = (pl.col("at_s") // WINDOW_S).cast(pl.Int64) * WINDOW_S
    gap = pl.col("at_s").diff()
    seen = sent.group_by("client", t_s=window, maintain_order=True).agg(
        rate_rps=pl.len() / WINDOW_S, cv=gap.std() / gap.mean(), n=pl.len()
    )
    many = pl.when(pl.col("n") >= BUSY).then(pl.col("cv").clip(CV_MIN, CV_MAX)).otherwise(1.0)
    return seen.filter(pl.col("n") >= REQUESTS_MIN).select(
        pl.lit("simulated").alias("model"), "client", "t_s", "rate_rps", cv=many,
        pattern=pl.lit("Weibull"), shape=pl.lit(1.0),
    )  # fmt: skip


def record_tokens(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Record quantiles of the tokens of what each application really sends and is answered."""
    some = people.with_columns(volume=pl.lit(float(ANSWERS)))
    sent = draw_traffic(rng, Cohort(some), FORTNIGHT, shard=Shard(_never, 0.0))
    answered = sent.filter(pl.col("output_tokens") > 0).sort("account")
    sides = {
        side: pl.concat_list(
            pl.col(f"{side}_tokens").cast(pl.Float64).quantile(at, "linear") for at in TOKEN_LEVELS
        )
        for side in ("input", "output")
    }
    return answered.group_by("account", maintain_order=True).agg(**sides).select(
        pl.lit("simulated").alias("model"), pl.col("account").alias("client"),
        pl.lit(list(TOKEN_LEVELS)).alias("q"), "input", "output",
    )  # fmt: skip


def _never(rng: np.random.Generator, scene: object) -> Cohort:
    """Stand for the cohort that is there already."""
    message = f"{rng} and {scene} draw nobody"
    raise ValueError(message)
