"""The real traces, read where they lie: windows of clients, tokens of clients, services by request.

Reads a folder with `traces/`; gives `Traces` to the fit and to the comparison. The one idea: the
clients are split in two by a seeded shuffle within each model, the services by alternating blocks
of five minutes, before anything is looked at. Absent: any copy into the repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

MODELS: Final = ("m-large", "m-small")
WINDOW_S: Final = 600
SPAN_DAYS: Final = 14
REQUESTS_MIN: Final = 10
"""Requests of a window below which the publisher has left it out (no window has fewer)."""
BLOCK_S: Final = 300
"""Length of the blocks that alternate between the halves of a service's trace."""
KEY: Final = ("model", "client")


@dataclass(frozen=True, slots=True)
class Traces:
    """Real traffic, or one half of it.

    Grain:   windows: one row per client and 10-minute window with at least ten requests;
             tokens: one per client whose tokens are known; services: one frame per service and
             in it one row per request.
    Units:   t_s and at_s in seconds of the trace, rate_rps requests a second.
    """

    windows: pl.DataFrame
    tokens: pl.DataFrame
    services: dict[str, pl.DataFrame]


def read_traces(folder: Path) -> Traces:
    """Read the traces of a data folder.

    Cost:    half a second.

    Raises:
        FileNotFoundError: a trace isn't in the folder.
    """
    at = folder / "traces"
    windows = [pl.read_csv(at / f"servegen_{model}_windows.csv.gz") for model in MODELS]
    tokens = [_read_tokens(at / f"servegen_{model}_clients.jsonl.gz") for model in MODELS]
    return Traces(
        windows=pl.concat(windows).drop("category").sort(*KEY, "t_s"),
        tokens=pl.concat(tokens).sort(*KEY),
        services={
            "conversation service": _read_conversations(at),
            "chat service": _read_chat(at),
        },
    )


def _read_tokens(path: Path) -> pl.DataFrame:
    frame = pl.read_ndjson(path, infer_schema_length=None)
    sides = [
        pl.col(f"{side}_tokens").struct.field("quantiles").cast(pl.List(pl.Float64)).alias(side)
        for side in ("input", "output")
    ]
    return frame.select(*KEY, "q", *sides).drop_nulls()


def _read_conversations(at: Path) -> pl.DataFrame:
    path = at / "AzureLLMInferenceTrace_conv_2023.csv.gz"
    frame = pl.read_csv(path, try_parse_dates=True)
    since = pl.col("TIMESTAMP") - pl.col("TIMESTAMP").min()
    return frame.select(
        at_s=since.dt.total_microseconds() / 1e6,
        input_tokens=pl.col("ContextTokens"),
        output_tokens=pl.col("GeneratedTokens"),
    ).sort("at_s")


def _read_chat(at: Path) -> pl.DataFrame:
    frame = pl.read_ndjson(at / "mooncake_conversation_trace.jsonl.gz")
    return frame.select(
        at_s=pl.col("timestamp") / 1e3,
        input_tokens=pl.col("input_length"),
        output_tokens=pl.col("output_length"),
    ).sort("at_s")


def split_traces(traces: Traces, *, seed: int) -> tuple[Traces, Traces]:
    """Split into the half that is fitted and the half that it is compared with.

    Grain:   each client, and each block of a service, is in one half.
    Order:   decided by the seed and the clients' numbers alone.
    """
    known = traces.windows.select(*KEY).unique().sort(*KEY)
    halves = [_draw_half(known.filter(pl.col("model") == model), seed) for model in MODELS]
    chosen = pl.concat(halves)
    return _part(traces, chosen, block=0), _part(traces, _rest(known, chosen), block=1)


def _draw_half(clients: pl.DataFrame, seed: int) -> pl.DataFrame:
    order = np.random.default_rng(seed).permutation(clients.height)
    return clients[np.sort(order[: clients.height // 2])]


def _rest(known: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    return known.join(chosen, on=KEY, how="anti")


def _part(traces: Traces, clients: pl.DataFrame, *, block: int) -> Traces:
    number = (pl.col("at_s") // BLOCK_S).cast(pl.Int64)
    return Traces(
        windows=traces.windows.join(clients, on=KEY, how="semi").sort(*KEY, "t_s"),
        tokens=traces.tokens.join(clients, on=KEY, how="semi").sort(*KEY),
        services={n: s.filter(number % 2 == block) for n, s in traces.services.items()},
    )
