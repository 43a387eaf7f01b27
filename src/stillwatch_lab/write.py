"""Write a traffic directory: files as the contract has them, whole or not at all.

Takes frames from `simulate` and its workers. The one idea: what a shard draws is set down by
stretches of time, and each stretch becomes one file that is sorted by time, as a log is; so no file
tells who was drawn together. Everything lands in a hidden directory beside the target, which takes
its name when the last file is closed. Truth goes under `truth/` and nowhere else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from stillwatch.domain.errors import InputError
from stillwatch.domain.tables import ACCOUNT, EXCHANGE
from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.identity import Identity
from stillwatch_lab.json_lines import write_lines
from stillwatch_lab.scene import BEGINNING, Scene
from stillwatch_lab.traffic.answers import spell_answers

_TRUTH: Final = ("exchange_id", "campaign")
_DRAFTS: Final = ".drafts"
_ZSTD_LEVEL: Final = 1
"""The next levels save a tenth of the size for half as much time again."""
_GROUP_ROWS: Final = 1 << 16
"""Rows of a Parquet row group: what is encoded at once."""
_MARK_BYTES: Final = 8
"""Of a place in a draft."""
_PRICE_PER_TOKEN: Final = 6e-5
"""Currency units of a month's revenue for each output token of the run (a guess)."""
_QUESTION_TOKENS: Final = 40.0
"""Output tokens that cost as much as the input of an exchange: 200 at a fifth (a guess)."""


@contextmanager
def open_directory(out: Path) -> Iterator[Path]:
    """Give a place that becomes `out` when all went well, and nothing otherwise.

    Raises:
        InputError: `out` exists.
    """
    if out.exists():
        message = f"{out} exists"
        raise InputError(message, hint="choose another --out, or remove it first")
    place = out.with_name(f".{out.name}.part")
    shutil.rmtree(place, ignore_errors=True)
    (place / "truth").mkdir(parents=True)
    (place / _DRAFTS).mkdir()
    try:
        yield place
        place.rename(out)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def set_down(place: Path, frame: pl.DataFrame, *, shard: int, files: int, scene: Scene) -> None:
    """Keep a shard's exchanges by the file that they will be in: one draft, and where each begins.

    Cost:    linear in rows, and about half a millisecond a file.
    """
    share = frame["at_s"].to_numpy() / scene.end_s
    file = np.clip((share * files).astype(np.int64), 0, files - 1)
    order = np.argsort(file, kind="stable")
    begins = np.searchsorted(file[order], np.arange(files + 1))
    marks = np.zeros(files + 1, np.int64)
    with (place / _DRAFTS / f"{shard:06d}.arrows").open("wb") as out:
        for number in range(files):
            rows = order[begins[number] : begins[number + 1]]
            if len(rows):
                frame[rows].write_ipc_stream(out, compression="lz4")
            marks[number + 1] = out.tell()
    (place / _DRAFTS / f"{shard:06d}.marks").write_bytes(marks.tobytes())


def _read_drafts(place: Path, number: int) -> pl.DataFrame | None:
    """Put what all shards set down for one file in order of time; ties as the shards stand."""
    frames = []
    for draft in sorted((place / _DRAFTS).glob("*.arrows")):
        with draft.with_suffix(".marks").open("rb") as marks:
            marks.seek(number * _MARK_BYTES)
            begin, end = np.frombuffer(marks.read(2 * _MARK_BYTES), np.int64).tolist()
        if end > begin:
            with draft.open("rb") as stream:
                stream.seek(begin)
                frames.append(pl.read_ipc_stream(stream.read(end - begin)))
    return pl.concat(frames).sort("at_s", maintain_order=True) if frames else None


def finish_file(
    place: Path, number: int, *, identity: Identity, file_format: str
) -> dict[str, int]:
    """Make one file of what all shards set down for it, and its part of the truth.

    Order:   by time; ties as the shards stand. Returns the harvest's exchanges by campaign, and
             those of the file under "".
    """
    truth = place / _DRAFTS / f"{number:06d}.csv"
    frame = _read_drafts(place, number)
    if frame is None:
        truth.write_text("")
        return {"": 0}
    moment = pl.lit(BEGINNING) + pl.duration(microseconds=(pl.col("at_s") * 1e6).cast(pl.Int64))
    named = spell_answers(frame).with_columns(
        identity.name_exchanges(number, frame.height),
        moment.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").alias("time"),
    )
    _write_rows(EXCHANGE.conform(named), place / f"exchanges-{number:04d}.{file_format}")
    harvest = named.select(_TRUTH).drop_nulls()
    harvest.write_csv(truth, include_header=False)
    counts = {str(name): int(n) for name, n in harvest["campaign"].value_counts().iter_rows()}
    return {"": frame.height, **counts}


def _write_rows(rows: pl.DataFrame, path: Path) -> None:
    packed: dict[str, Any] = {"compression": "zstd", "compression_level": _ZSTD_LEVEL}
    if path.suffix == ".parquet":
        rows.write_parquet(path, **packed, row_group_size=_GROUP_ROWS)
    elif path.suffix == ".zst":
        rows.write_ndjson(path, **packed, check_extension=False)
    else:
        write_lines(rows, path)


def join_truth(place: Path, files: int) -> None:
    """Put the parts of the truth of exchanges into one file, and remove all drafts: the last."""
    with (place / "truth" / "exchanges.csv").open("wb") as out:
        out.write((",".join(_TRUTH) + "\n").encode())
        for number in range(files):
            with (place / _DRAFTS / f"{number:06d}.csv").open("rb") as part:
                shutil.copyfileobj(part, out)
    shutil.rmtree(place / _DRAFTS)


def write_accounts(place: Path, accounts: list[pl.DataFrame]) -> None:
    """Write the register and the truth of accounts, from rows of `describe_accounts`."""
    rows = pl.concat(accounts).sort("account_id")
    register = rows.with_columns((pl.col("revenue_30d") * pl.col("exchanges")).round(2))
    known = ACCOUNT.leave_out_unused(ACCOUNT.conform(register))
    known.write_ndjson(place / "accounts.jsonl")
    roles = rows.select("account_id", "role", "campaign", "replaces", "group", "exchanges")
    roles.write_csv(place / "truth" / "accounts.csv")


def write_campaigns(place: Path, plans: list[Plan], scene: Scene) -> None:
    """Write the truth of campaigns: whether each turns to a release of the run, and to which.

    Grain:   one line per campaign: `campaign`, `pivots` (true or false), `released_model`.
    """
    known = {"campaign": pl.String, "pivots": pl.Boolean, "released_model": pl.String}
    turns = [(plan.name, plan.released_model(scene)) for plan in plans]
    rows = [(name, model is not None, model) for name, model in turns]
    pl.DataFrame(rows, schema=known, orient="row").write_csv(place / "truth" / "campaigns.csv")


def describe_accounts(people: pl.DataFrame, names: pl.Series, sent: pl.Series) -> pl.DataFrame:
    """Bring a cohort to the contract's account record, with what the truth says of it.

    Grain:   one row per row of people; what sends as another's account isn't one: `is_account`.
    Units:   `revenue_30d` is that of one exchange, yet.
    """
    spelt = people.with_columns(
        names,
        sent.alias("exchanges"),
        names.gather(people["replaces"]).alias("replaces"),
        _spell_instants("created_s").alias("created_at"),
        _spell_instants("closed_s").alias("status_changed_at"),
        pl.when(pl.col("closed_s").is_null())
        .then(pl.lit("active"))
        .otherwise(pl.lit("terminated"))
        .alias("status"),
        ((pl.col("answer_tokens") + _QUESTION_TOKENS) * _PRICE_PER_TOKEN).alias("revenue_30d"),
    )
    truth = spelt.select(
        "role",
        "campaign",
        "replaces",
        "group",
        "exchanges",
        is_account=pl.col("sends_as").is_null(),
    )
    return pl.concat([ACCOUNT.conform(spelt), truth], how="horizontal")


def _spell_instants(column: str) -> pl.Expr:
    """Write seconds of the scene as `scene.instant` does; null stays null."""
    whole = pl.col(column).cast(pl.Float64).round(mode="half_to_even").cast(pl.Int64)
    return (pl.lit(BEGINNING) + pl.duration(seconds=whole)).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_records(path: Path, records: list[Any]) -> None:
    """Write some records, a line each."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
