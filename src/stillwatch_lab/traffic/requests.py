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

from stillwatch_lab.spelling import lay_over, spell_numbers
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
    account, session = arrivals["account"].to_numpy(), arrivals["session"].to_numpy()
    drawn = rng.random((3, int(session.max()) + 1 if len(session) else 0))
    away, pooled, other = drawn[0][session], drawn[1][session], drawn[2][session]
    moved = arrivals["at_s"].to_numpy() >= people["moves_s"].fill_null(np.inf).to_numpy()[account]
    is_away = away < people["away_share"].fill_null(0.0).to_numpy()[account]
    place = _choose(
        people, ("home", "next_home", "other_place"), np.where(is_away, 2, moved), account
    )
    pool = pooled < people["address_share"].fill_null(0.0).to_numpy()[account]
    place = lay_over(place, *_find_pooled(people, account, np.flatnonzero(pool), other))
    second = other < people["second_share"].fill_null(0.0).to_numpy()[account]
    return pl.DataFrame(
        [
            place.alias("ip"),
            _choose(people, ("agent", "second_agent"), second, account).alias("user_agent"),
            _choose(people, ("fingerprint", "second_fingerprint"), second, account)
            .alias("tls_fingerprint"),
            people["path"].gather(account).alias("access_path"),
        ]
    )  # fmt: skip


def _choose(
    people: pl.DataFrame, habits: tuple[str, ...], which: npt.NDArray[np.integer], account: Ints
) -> pl.Series:
    """Give each exchange one of its account's habits: the `which`-th, in one gather."""
    every = pl.concat([people[habit].alias("habit") for habit in habits], rechunk=True)
    return every.gather(which * people.height + account)


def _find_pooled(
    people: pl.DataFrame, account: Ints, rows: Ints, luck: Floats
) -> tuple[Ints, pl.Series]:
    """Find the addresses of the rows that come from their account's pool, where it has one."""
    sizes = people["addresses"].list.len().fill_null(0).to_numpy().astype(np.int64)
    rows = rows[sizes[account[rows]] > 0]
    own = account[rows]
    first = np.cumsum(sizes) - sizes
    index = first[own] + (luck[rows] * sizes[own]).astype(np.int64)
    return rows, people["addresses"].explode(empty_as_null=False, keep_nulls=False).gather(index)


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
    turn, user = arrivals["turn"].to_numpy(), arrivals["user"].to_numpy()
    tells = (crowd > 0) & (voice % 3 > 0)
    thinks = people["thinking"].to_numpy()[account]
    own = pl.col("email_hash").str.reverse()  # each account has its own
    console = pl.col("path") == "console"
    keys = people.select(
        pl.when(~console).then("key_" + own.str.slice(0, 12)).alias("api_key_id"),
        pl.when(console).then("dev_" + own.str.slice(2, 12)).alias("device_id"),
    )[account]
    thought = spell_numbers("think_", key // np.uint64(3), keeps & thinks & (turn > 1))
    return keys.with_columns(
        spell_numbers("conv_", key, keeps).alias("conversation_id"),
        spell_numbers("user_", mix(voice * 31 + user), tells).alias("end_user_id"),
        thought.alias("reasoning_block_hash"),
        pl.when(pl.Series(keeps)).then(pl.Series(turn)).alias("turn"),
    )
