"""Fit the lab's honest traffic on half of the real traces, and compare it with the other half.

    python tools/fit_traffic.py --data ../shared/data

Writes `src/stillwatch_lab/fit/honest_traffic.json` (figures that ship), `docs/lab/fit.md` (what
fits, what doesn't) and `docs/lab/fit.svg`. The same data give the same files. Two minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from fit_traffic_page import Findings, draw_plot, render_page
from fit_traffic_simulated import compare_simulated
from stillwatch_lab.fit.arrivals import draw_arrival_times
from stillwatch_lab.fit.bursts import (
    BUSY,
    CV_MAX,
    CV_MIN,
    LAWS,
    draw_gaps,
    draw_published_gaps,
    fit_gap_cv,
    local_gaps,
)
from stillwatch_lab.fit.clients import draw_clients, fit_traffic
from stillwatch_lab.fit.compare import (
    Comparison,
    between_share,
    compare_measure,
    ks_distance,
    log_quantiles,
    measure_all,
    measure_service,
    measure_shares,
)
from stillwatch_lab.fit.honest import Floats, HonestTraffic
from stillwatch_lab.fit.lengths import draw_lengths
from stillwatch_lab.fit.rates import scale_rates
from stillwatch_lab.fit.replay import replay_gaps, replay_traces
from stillwatch_lab.fit.rhythm import find_first_weekday
from stillwatch_lab.fit.traces import KEY, WINDOW_S, Traces, read_traces, split_traces

ROOT: Final = Path(__file__).parents[1]
FIGURES: Final = ROOT / "src" / "stillwatch_lab" / "fit" / "honest_traffic.json"
PAGE: Final = ROOT / "docs" / "lab" / "fit.md"
PLOT: Final = ROOT / "docs" / "lab" / "fit.svg"
SPLIT: Final = 20_261_123
"""Split that is shipped; the form of the model was found on split 1."""
OTHER_SPLITS: Final = (2, 3, 4, 5, 6)
CLIENTS: Final = 600
"""Drawn clients that are compared."""
GAP_CLIENTS: Final = 150
GAP_REQUESTS: Final = 20_000
LAB_CLIENTS: Final = 20_000
LAB_MEAN: Final = 40.0
LAB_DAYS: Final = 14
DRAWN_GAPS: Final = 1_000
BLOCKS: Final = 40
GAP_NAME: Final = "gap, of the window's mean, log"


def compare_laws(rng: np.random.Generator, half: Traces, other: Traces) -> list[tuple[str, float]]:
    """Give each law's distance from the gaps of a half, at the variations of another's windows."""
    real = log_quantiles([draw_published_gaps(rng, one, DRAWN_GAPS) for one in busy_clients(other)])
    found = []
    for law in LAWS:
        drawn = [draw_gaps(rng, draw_variations(rng, one), law) for one in busy_clients(half)]
        found.append((law, ks_distance(log_quantiles(drawn), real)))
    return found


def busy_clients(traces: Traces) -> list[pl.DataFrame]:
    """Give the windows of each client that have enough requests to speak of gaps."""
    busy = traces.windows.filter(pl.col("rate_rps") * WINDOW_S >= BUSY)
    return busy.partition_by(*KEY, maintain_order=True)


def draw_variations(rng: np.random.Generator, windows: pl.DataFrame) -> Floats:
    """Draw coefficients of variation of a client's windows, by their requests."""
    rate = windows["rate_rps"].to_numpy()
    row = rng.choice(len(rate), DRAWN_GAPS, p=rate / rate.sum())
    return windows["cv"].to_numpy()[row].clip(CV_MIN, CV_MAX)


def compare_clients(
    rng: np.random.Generator, traffic: HonestTraffic, halves: tuple[Traces, Traces]
) -> tuple[list[Comparison], dict[str, tuple[Floats, Floats, Floats]], Traces]:
    """Compare drawn clients with the held-out half in every measure."""
    weekday = find_first_weekday(halves[0].windows)
    drawn = replay_traces(rng, traffic, CLIENTS, first_weekday=weekday)
    measured = [measure_all(rng, traces, weekday) for traces in (drawn, *halves)]
    gaps = replay_gaps(rng, traffic, GAP_CLIENTS, GAP_REQUESTS)
    parts = gaps.partition_by("client", maintain_order=True)
    measured[0][GAP_NAME] = log_quantiles([part["gap"].to_numpy() for part in parts])
    table = {
        name: (measured[0][name], measured[1][name], measured[2][name]) for name in measured[0]
    }
    rows = [compare_measure(rng, name, m[0], (m[1], m[2])) for name, m in table.items()]
    return rows, table, drawn


def compare_services(
    rng: np.random.Generator, traffic: HonestTraffic, halves: tuple[Traces, Traces]
) -> list[Comparison]:
    """Compare services, drawn with the variation and lengths of their fitted half."""
    rows = []
    for name, service in halves[0].services.items():
        clocked = bool((service["at_s"].diff().drop_nulls() % 1 != 0).mean() > 0.9)  # type: ignore[operator]  # a mean of truth values is a number
        real = [measure_service(half.services[name], has_clock=clocked) for half in halves]
        drawn = draw_service(rng, traffic, service, has_clock=clocked)
        rows += [
            compare_measure(rng, f"{name}: {said}", drawn[said], (real[0][said], real[1][said]))
            for said in drawn
        ]
    return rows


def draw_service(
    rng: np.random.Generator, traffic: HonestTraffic, service: pl.DataFrame, *, has_clock: bool
) -> dict[str, Floats]:
    """Draw blocks of a service: gaps or batches, and tokens of one "client" in the shared shape."""
    count = service.height // BLOCKS * BLOCKS
    habits: dict[str, list[float]] = {}
    for side in ("input", "output"):
        logs = np.log(service[f"{side}_tokens"].to_numpy().astype(np.float64))
        low, middle, high = np.quantile(logs, (0.1, 0.5, 0.9))
        habits |= {f"{side}_log": [float(middle)], f"{side}_sigma": [float(high - low) / 2.5631]}
    tokens = draw_lengths(rng, np.zeros(count, np.int64), pl.DataFrame(habits), traffic=traffic)
    if has_clock:
        cv = fit_gap_cv(local_gaps(service))
        at_s = np.cumsum(draw_gaps(rng, np.full(count, cv), traffic.gap_law)) * 0.2
    else:
        at_s = rng.uniform(0.0, count / 3.4, count)
        at_s.sort()
    drawn = pl.DataFrame({"at_s": at_s, "input_tokens": tokens[0], "output_tokens": tokens[1]})
    return measure_service(drawn, has_clock=has_clock)


def measure_lab_shares(rng: np.random.Generator, traffic: HonestTraffic) -> dict[str, float]:
    """Measure shares of variance at the size of the lab's accounts: 40 requests in 14 days."""
    drawn = draw_clients(rng, LAB_CLIENTS, traffic)
    clients = scale_rates(drawn, mean_per_run=LAB_MEAN, days=LAB_DAYS, share_max=0.01)
    client, at_s = draw_arrival_times(rng, clients, days=LAB_DAYS, start_weekday=0, traffic=traffic)
    some = np.bincount(client, minlength=LAB_CLIENTS)[client] >= BUSY // 6
    client, at_s = client[some], at_s[some]
    angle = at_s % 86_400 / 86_400 * 2 * np.pi
    key = client * LAB_DAYS + (at_s // 86_400).astype(np.int64)
    days, volumes = np.unique(key, return_counts=True)
    tokens = draw_lengths(rng, client, clients, traffic=traffic)
    return {
        "requests of a day": between_share(np.log(volumes)[:, None], days // LAB_DAYS),
        "hour of the day": between_share(np.column_stack([np.cos(angle), np.sin(angle)]), client),
        "input tokens": between_share(np.log(tokens[0])[:, None], client),
        "output tokens": between_share(np.log(tokens[1])[:, None], client),
    }


def try_other_splits(traces: Traces) -> list[tuple[int, list[Comparison]]]:
    """Fit and compare on splits that played no part in finding the model's form."""
    found = []
    for split in OTHER_SPLITS:
        rng = np.random.default_rng(split)
        halves = split_traces(traces, seed=split)
        found.append((split, compare_clients(rng, fit_traffic(halves[0]), halves)[0]))
    return found


def fit(data: Path) -> tuple[HonestTraffic, Findings]:
    """Fit the shipped figures and find how they compare."""
    rng = np.random.default_rng(SPLIT)
    traces = read_traces(data)
    halves = split_traces(traces, seed=SPLIT)
    laws = compare_laws(rng, halves[0], halves[0])
    traffic = fit_traffic(halves[0], gap_law=min(laws, key=lambda row: row[1])[0])
    shipped = HonestTraffic.from_json(traffic.to_json())
    rows, measured, drawn = compare_clients(rng, shipped, halves)
    findings = Findings(
        clients=tuple(half.windows.select(KEY).n_unique() for half in halves),
        first_weekday=find_first_weekday(halves[0].windows),
        rows=rows,
        services=compare_services(rng, shipped, halves),
        laws=[(law, own, dict(compare_laws(rng, *halves))[law]) for law, own in laws],
        shares=[
            measure_shares(rng, halves[0]),
            measure_shares(rng, halves[1]),
            measure_shares(rng, drawn),
            measure_lab_shares(rng, shipped),
        ],
        splits=try_other_splits(traces),
        measured=measured,
        simulated=compare_simulated(np.random.default_rng(SPLIT), halves),
    )
    return traffic, findings


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the data folder, write the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with traces/")
    traffic, findings = fit(parser.parse_args(arguments).data)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(traffic.to_json())
    PAGE.write_text(render_page(traffic, findings))
    PLOT.write_text(draw_plot(findings.measured))
    missed = [row.name for row in findings.rows if not row.fits]
    print(f"{len(findings.rows) - len(missed)} of {len(findings.rows)} measures fit")
    print("outside:", "; ".join(missed) or "none")


if __name__ == "__main__":
    main()
