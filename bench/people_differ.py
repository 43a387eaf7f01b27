"""How much of what accounts do is their own: shares of variance between accounts.

    python bench/people_differ.py [--scale 0.01] [--seed 1] [--data DIR]

Simulates `innocent` without and, where there is a DIR, with real texts, and prints a table as
Markdown; with a DIR also what its per-conversation texts and per-client traces give. The share is
the intraclass correlation ICC(1) of a one-way analysis of variance with groups of unequal size
(Searle 1971): 0 = accounts are samples of one crowd, 1 = an account never varies. Content is the
vector of hashed words of a text, volume the logarithm of 1 + exchanges of a day, hours the point of
the day on a circle.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.scenarios import choose
from stillwatch_lab.simulate import Output, simulate
from stillwatch_lab.text.pools import embed_texts
from stillwatch_lab.text.pools.read import read_texts

_OF_ONE = 40  # texts or instants of one group that are looked at
_LEAST = 5  # texts or instants that a group must have
_DAY_S = 86_400
_WINDOW_S = 600.0
_DAYS = 14
_ROW = "| {} | {} | {:,} | {:,} | {:.3f} |"

Floats = npt.NDArray[np.float64]


def correlate(values: Floats, group: npt.NDArray[np.int64]) -> float:
    """Give ICC(1) of vectors in groups; of several dimensions, of their sum of squares."""
    counts = np.bincount(group).astype(np.float64)
    total, groups = float(len(group)), float(len(counts))
    sums = np.stack([np.bincount(group, column) for column in values.T], axis=1)
    means = sums / counts[:, None]
    between = float((counts[:, None] * (means - values.mean(axis=0)) ** 2).sum()) / (groups - 1)
    within = float(((values - means[group]) ** 2).sum()) / (total - groups)
    size = (total - float((counts**2).sum()) / total) / (groups - 1)
    return (between - within) / (between + (size - 1.0) * within)


def pick(frame: pl.DataFrame, group: str) -> pl.DataFrame:
    """Take up to _OF_ONE rows of each group that has _LEAST, at even distances."""
    place, size = pl.int_range(pl.len()).over(group), pl.len().over(group)
    step = (size / _OF_ONE).ceil().cast(pl.Int64)
    return frame.filter((size >= _LEAST) & (place % step == 0))


def show(what: str, whose: str, frame: pl.DataFrame, values: Floats) -> None:
    """Print one row; the frame's first column is the group."""
    group = frame.to_series().rank("dense").to_numpy().astype(np.int64) - 1
    print(_ROW.format(what, whose, group.max() + 1, len(group), correlate(values, group)))


def show_content(whose: str, frame: pl.DataFrame, group: str, text: str) -> None:
    """Print the row of content."""
    some = pick(frame.drop_nulls(group).select(group, text), group)
    show("content", whose, some, embed_texts(some[text]).astype(np.float64))


def show_hours(whose: str, frame: pl.DataFrame, group: str) -> None:
    """Print the row of hours; `s` is the second of the run."""
    some = pick(frame.select(group, "s"), group)
    angle = some["s"].to_numpy() % _DAY_S * (2.0 * np.pi / _DAY_S)
    show("hours", whose, some, np.stack([np.cos(angle), np.sin(angle)], axis=1))


def show_volume(whose: str, frame: pl.DataFrame, group: str) -> None:
    """Print the row of volume: every day of a group counts, those without an exchange, too."""
    grid = frame.select(group).unique().join(pl.DataFrame({"day": range(_DAYS)}), how="cross")
    daily = frame.group_by(group, "day").agg(pl.col("n").sum())
    full = grid.join(daily, on=[group, "day"], how="left").sort(group, "day")
    show("volume", whose, full, np.log1p(full["n"].fill_null(0).to_numpy())[:, None])


def read_simulated(out: Path) -> pl.DataFrame:
    """Read a simulated directory's honest exchanges by second and day of the run."""
    roles = pl.read_csv(out / "truth" / "accounts.csv", infer_schema_length=None)
    register = pl.read_ndjson(out / "accounts.jsonl", infer_schema_length=None)
    columns = ["account_id", "time", "prompt", "turn", "conversation_id"]
    moment = pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ")
    second = (moment - moment.min().dt.truncate("1d")).dt.total_seconds()
    return (
        pl.read_parquet(out / "exchanges-*.parquet", columns=columns)
        .with_columns(s=second, day=second // _DAY_S, n=pl.lit(1))
        .join(roles.select("account_id", "role"), on="account_id")
        .join(register.select("account_id", "phone_country"), on="account_id")
        .sort("account_id", "s")
    )


def show_simulated(name: str, frame: pl.DataFrame) -> None:
    """Print the rows of a simulated directory."""
    people = frame.filter(pl.col("role") == "benign-individual")
    first = people.filter(pl.col("turn").fill_null(1) == 1)
    apps = frame.filter(pl.col("role") == "benign-app")
    show_content(f"{name}: individuals, first turns", first, "account_id", "prompt")
    show_content(f"{name}: applications", apps, "account_id", "prompt")
    show_content(f"{name}: conversations of individuals", people, "conversation_id", "prompt")
    show_volume(f"{name}: all honest accounts", frame, "account_id")
    show_hours(f"{name}: individuals", people, "account_id")
    country = people.filter(pl.col("phone_country") == "DE")
    show_hours(f"{name}: individuals of one country", country, "account_id")
    show_hours(f"{name}: applications", apps, "account_id")


def show_real(data: Path) -> None:
    """Print the rows of real conversations and of real clients."""
    sources = ("sharegpt_v3", "taskmaster", "crosswoz_zh")
    for source in sources:
        texts = read_texts(data / "prompts" / "benign", (source,))
        show_content(f"real: conversations of {source}", texts, "conversation", "text")
    for model in ("m-large", "m-small"):
        with gzip.open(data / "traces" / f"servegen_{model}_windows.csv.gz") as stream:
            rows = pl.read_csv(stream.read(), infer_schema_length=None)
        rows = rows.with_columns(
            client=pl.concat_str("category", "client", separator="-"),
            day=(pl.col("t_s") // _DAY_S).cast(pl.Int64),
            n=pl.col("rate_rps") * _WINDOW_S,
        ).filter(pl.col("day") < _DAYS)
        show_volume(f"real: clients of ServeGen {model}", rows, "client")
        show_hours(f"real: clients of ServeGen {model}", draw_instants(rows), "client")


def draw_instants(rows: pl.DataFrame) -> pl.DataFrame:
    """Draw _OF_ONE instants of each client, windows by the requests in them."""
    rng = np.random.default_rng(0)
    frames = []
    for (client,), own in rows.sort("client", "t_s").group_by("client", maintain_order=True):
        share = own["n"].to_numpy() / own["n"].sum()
        at_s = rng.choice(own["t_s"].to_numpy(), _OF_ONE, p=share)
        frames.append(pl.DataFrame({"client": [client] * _OF_ONE, "s": at_s.astype(np.float64)}))
    return pl.concat(frames)


def main() -> None:
    """Simulate, measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    chosen = choose("innocent")
    print("| what | whose | groups | observations | between them |\n|---|---|---:|---:|---:|")
    for data in (None, given.data) if given.data else (None,):
        told = replace(chosen, scene=replace(chosen.scene, data=data))
        with tempfile.TemporaryDirectory() as place:
            out = Path(place) / "traffic"
            simulate(told, out=out, scale=given.scale, seed=given.seed, output=Output())
            show_simulated("simulated, real texts" if data else "simulated", read_simulated(out))
    if given.data:
        show_real(given.data)


if __name__ == "__main__":
    main()
