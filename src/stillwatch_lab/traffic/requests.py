"""The request around the text: address, client, model, parameters, tokens, status, answer.

Reads arrivals, people and prompts; gives rows of `tables.EXCHANGE`, still with the account's row
number and the second of the scene. The one idea: every field follows a habit of its account, and
now and then departs from it. Absent: identifiers and instants, which are given when files are
written (`simulate`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import mix
from stillwatch_lab.traffic.answers import draw_answers

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NULL_SHARES: Final = {
    "tls_fingerprint": 0.06,
    "user_agent": 0.01,
    "ip": 0.005,
    "latency_ms": 0.02,
    "input_tokens": 0.003,
}
"""Shares of exchanges whose log lacks the field."""


def render_requests(
    rng: np.random.Generator, people: pl.DataFrame, arrivals: pl.DataFrame, prompts: pl.Series
) -> pl.DataFrame:
    """Give every exchange its fields.

    Grain:   one row per exchange. Order: as arrivals. Columns: `account`, `at_s`, those of
             `tables.EXCHANGE` but the identifiers, `status` as arrivals have it.
    """
    account = arrivals["account"].to_numpy()
    at_s = arrivals["at_s"].to_numpy()
    size = len(account)
    parts = [
        arrivals.select(pl.exclude("session", "turn", "user", "text")),
        _origin(rng, people, arrivals),
        _settings(rng, people, account=account, at_s=at_s),
        _conversation(people, arrivals),
        pl.DataFrame({"system": people["system"].gather(account), "prompt": prompts}),
    ]
    frame = pl.concat(parts, how="horizontal")
    frame = draw_answers(rng, people, frame)
    holes = {name: pl.Series(rng.random(size) < share) for name, share in _NULL_SHARES.items()}
    return frame.with_columns(
        pl.when(hole).then(None).otherwise(pl.col(name)).alias(name) for name, hole in holes.items()
    )


def _origin(rng: np.random.Generator, people: pl.DataFrame, arrivals: pl.DataFrame) -> pl.DataFrame:
    """Address and client; a session keeps both."""
    account = arrivals["account"].to_numpy()
    session = arrivals["session"].to_numpy()
    drawn = rng.random((3, int(session.max()) + 1 if len(session) else 0))[:, session]
    habits = people.select(
        "home", "next_home", "moves_s", "other_place", "away_share", "address_share", "addresses",
        "agent", "fingerprint", "second_agent", "second_fingerprint", "second_share", "path",
    )[account].with_columns(
        arrivals["at_s"], a=pl.Series(drawn[0]), b=pl.Series(drawn[1]), c=pl.Series(drawn[2])
    )  # fmt: skip
    home = pl.when(pl.col("at_s") < pl.col("moves_s")).then("home").otherwise("next_home")
    own = pl.when(pl.col("a") < pl.col("away_share")).then("other_place").otherwise(home)
    index = (pl.col("c") * pl.col("addresses").list.len()).floor().cast(pl.Int64)
    pooled = pl.col("addresses").list.get(index, null_on_oob=True)
    other = pl.col("c") < pl.col("second_share")
    place = pl.when(pl.col("b") < pl.col("address_share")).then(pooled).otherwise(own)
    return habits.select(
        place.fill_null(own).alias("ip"),
        pl.when(other).then("second_agent").otherwise("agent").alias("user_agent"),
        pl.when(other).then("second_fingerprint").otherwise("fingerprint").alias("tls_fingerprint"),
        pl.col("path").alias("access_path"),
    )


def _settings(
    rng: np.random.Generator, people: pl.DataFrame, *, account: Ints, at_s: Floats
) -> pl.DataFrame:
    habits = people.select(
        "temperature", "max_tokens", "second_max_tokens", "wander", "tools", "thinking",
        "logprobs", "model", "next_model", "adopts_s",
    )[account]  # fmt: skip
    habits = habits.with_columns(at_s=pl.Series(at_s), u=pl.Series(rng.random(len(account))))
    departs = pl.col("u") < pl.col("wander")
    newest = pl.col("at_s") >= pl.col("adopts_s")
    return habits.select(
        pl.when(departs).then(pl.col("temperature") + 0.1).otherwise("temperature").round(2)
        .alias("temperature"),
        pl.when(departs).then("second_max_tokens").otherwise("max_tokens").alias("max_tokens"),
        pl.col("tools").cast(pl.Int64),
        "thinking",
        pl.when(pl.col("logprobs")).then(True).alias("logprobs"),
        pl.when(newest).then("next_model").otherwise("model").alias("model"),
        pl.lit("/v1/messages").alias("endpoint"),
    )  # fmt: skip


def _conversation(people: pl.DataFrame, arrivals: pl.DataFrame) -> pl.DataFrame:
    """Conversation, turn and end user: only what this kind of account logs."""
    account = arrivals["account"].to_numpy()
    session = arrivals["session"].to_numpy()
    voice = people["voice"].to_numpy()[account]
    crowd = people["end_users"].to_numpy()[account]
    keeps = (people["turns"].to_numpy() > 1.0)[account] & (voice % 4 > 0)
    key = mix(voice + session * 7)
    user = arrivals["user"].to_numpy()
    tells = (crowd > 0) & (voice % 3 > 0)
    thinks = people["thinking"].to_numpy()[account]
    console = (people["path"] == "console").to_numpy()[account]
    frame = pl.DataFrame({"key": key, "user": mix(voice * 31 + user)}).with_columns(
        people["email_hash"].gather(account).str.reverse().alias("own")  # each account has its own
    )
    spelt = frame.select(
        pl.concat_str(pl.lit("conv_"), pl.col("key").cast(pl.String)).alias("conversation_id"),
        pl.concat_str(pl.lit("user_"), pl.col("user").cast(pl.String)).alias("end_user_id"),
        pl.concat_str(pl.lit("key_"), pl.col("own").str.slice(0, 12)).alias("api_key_id"),
        pl.concat_str(pl.lit("dev_"), pl.col("own").str.slice(2, 12)).alias("device_id"),
        pl.concat_str(pl.lit("think_"), (pl.col("key") // 3).cast(pl.String))
        .alias("reasoning_block_hash"),
        arrivals["turn"].alias("turn"),
    )  # fmt: skip
    shown = {
        "conversation_id": keeps,
        "turn": keeps,
        "reasoning_block_hash": keeps & thinks & (arrivals["turn"].to_numpy() > 1),
        "end_user_id": tells,
        "api_key_id": ~console,
        "device_id": console,
    }
    return spelt.with_columns(
        pl.when(pl.Series(mask)).then(pl.col(name)).alias(name) for name, mask in shown.items()
    )
