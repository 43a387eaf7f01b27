"""How often strangers, and heads of one campaign, send the same text.

    python bench/collisions.py [--scenario trial] [--scale 0.1] [--seed 1] [--data DIR]

Simulates without and, where there is a DIR, with real texts, and prints a table as Markdown. A text
is shared where two accounts of one row send it, letter by letter; a run is eight words in a row.
Pairs: of two exchanges of two accounts, how many in a million carry the same text; it doesn't
depend on the scale, as the share of exchanges does. Accounts of one organisation are no strangers:
they count as one. What was refused and sent again isn't counted.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.scenarios import choose
from stillwatch_lab.simulate import Output, simulate
from stillwatch_lab.text import mix

_RUN = 8  # words
_WORD = r"\p{Han}|[\p{L}\p{N}--\p{Han}]+"
_HEAD = "| who | exchanges | accounts | prompts shared % | by accounts at most | pairs a million |"
_ROW = "| {} | {:,} | {:,} | {:.2f} | {} | {:.3f} | {:.1f} | {:.2f} |"


def read_traffic(out: Path) -> pl.DataFrame:
    """Read the first attempts of every exchange, with the truth of account and exchange."""
    roles = pl.read_csv(out / "truth" / "accounts.csv", infer_schema_length=None)
    register = pl.read_ndjson(out / "accounts.jsonl", infer_schema_length=None)
    owner = register.select("account_id", owner=pl.coalesce("org_id", "account_id"))
    harvest = pl.read_csv(out / "truth" / "exchanges.csv").select("exchange_id", is_item=True)
    columns = ["exchange_id", "account_id", "prompt", "system", "status"]
    frame = pl.read_parquet(out / "exchanges-*.parquet", columns=columns)
    return (
        frame.filter(pl.col("status") == 200)
        .join(roles.select("account_id", "role", "campaign", "group"), on="account_id")
        .join(owner, on="account_id")
        .join(harvest, on="exchange_id", how="left")
        .with_columns(pl.col("is_item").fill_null(value=False))
    )


def count_senders(frame: pl.DataFrame, text: str) -> pl.DataFrame:
    """Count the exchanges and accounts of every text."""
    senders = pl.col("account_id").n_unique().alias("accounts")
    return frame.drop_nulls(text).group_by(text).agg(pl.len(), senders)


def find_pairs(frame: pl.DataFrame, text: str) -> float:
    """Give the chance that two exchanges of two accounts carry the same text."""
    each = frame.drop_nulls(text).group_by("account_id", text).len()
    by_text = each.group_by(text).agg(pl.col("len").sum() ** 2 - (pl.col("len") ** 2).sum())
    by_account = each.group_by("account_id").agg(pl.col("len").sum())["len"].to_numpy()
    pairs = float(by_account.sum()) ** 2 - float((by_account.astype(np.float64) ** 2).sum())
    return float(by_text["len"].sum()) / pairs if pairs else 0.0


def share_runs(frame: pl.DataFrame) -> float:
    """Give the share of exchanges with eight words in a row that another account sent, too."""
    words = frame["prompt"].str.to_lowercase().str.extract_all(_WORD)
    size = words.list.len().to_numpy()
    code = words.explode(empty_as_null=False).rank("dense").to_numpy().astype(np.uint64)
    row = np.repeat(np.arange(frame.height), size)
    run = np.zeros(max(len(code) - _RUN + 1, 0), np.uint64)
    for place in range(_RUN):
        run = mix(run + code[place : len(code) - _RUN + 1 + place])
    within = row[: len(run)] == row[_RUN - 1 :]
    account = frame["account_id"].rank("dense").to_numpy().astype(np.int64)
    return _share_with_others(run[within], row[: len(run)][within], account) / frame.height


def _share_with_others(
    run: npt.NDArray[np.uint64], row: npt.NDArray[np.int64], account: npt.NDArray[np.int64]
) -> int:
    table = pl.DataFrame({"run": run, "row": row, "account": account[row]})
    seen = table.group_by("run").agg(a=pl.col("account").min(), b=pl.col("account").max())
    shared = seen.filter(pl.col("a") < pl.col("b")).select("run")
    return table.join(shared, on="run", how="semi")["row"].n_unique()


def measure(name: str, frame: pl.DataFrame) -> str:
    """Measure one row of the table."""
    prompts, systems = count_senders(frame, "prompt"), count_senders(frame, "system")
    told = frame["system"].drop_nulls().len()
    shared = prompts.filter(pl.col("accounts") > 1)
    of_systems = systems.filter(pl.col("accounts") > 1)["len"].sum() / told if told else 0.0
    return _ROW.format(
        name,
        frame.height,
        frame["account_id"].n_unique(),
        100 * shared["len"].sum() / frame.height,
        prompts["accounts"].max(),
        1e6 * find_pairs(frame, "prompt"),
        100 * share_runs(frame),
        100 * of_systems,
    )


def list_rows(traffic: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """List who is compared with whom: strangers, strangers beside heads, each campaign's heads."""
    honest = pl.col("role") != "fraud"
    strangers = traffic.filter(honest & pl.col("group").is_null()).with_columns(account_id="owner")
    rows = [("strangers", strangers)]
    rows += [
        (f"strangers, {role.removeprefix('benign-')}", strangers.filter(pl.col("role") == role))
        for role in sorted(strangers["role"].unique())
    ]
    rows.append(("honest groups, all", traffic.filter(honest & pl.col("group").is_not_null())))
    for campaign in sorted(traffic["campaign"].drop_nulls().unique()):
        own = traffic.filter(pl.col("campaign") == campaign)
        rows.append((f"heads of {campaign}, harvest", own.filter("is_item")))
        rows.append((f"heads of {campaign}, the rest", own.filter(~pl.col("is_item"))))
    return [(name, frame) for name, frame in rows if frame["account_id"].n_unique() > 1]


def main() -> None:
    """Simulate, measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenario", default="trial")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    chosen = choose(given.scenario)
    for data in (None, given.data) if given.data else (None,):
        told = replace(chosen, scene=replace(chosen.scene, data=data))
        with tempfile.TemporaryDirectory() as place:
            out = Path(place) / "traffic"
            simulate(told, out=out, scale=given.scale, seed=given.seed, output=Output())
            traffic = read_traffic(out)
        print(f"\n{given.scenario}, scale {given.scale}, {'real' if data else 'own'} texts\n")
        print(f"{_HEAD} eight words shared % | system shared % |\n|---|{'---:|' * 7}")
        for name, frame in list_rows(traffic):
            print(measure(name, frame))


if __name__ == "__main__":
    main()
