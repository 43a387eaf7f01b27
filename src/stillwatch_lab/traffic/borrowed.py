"""What people write where there are real texts: somebody's words, and a sentence of their own.

Called by `prompts` for `--data`; reads the pools. The one idea: an account keeps to its own few
topics, its conversations follow a real one turn by turn, and the sentence or two that it adds in
its own voice keep a text that is drawn a hundred times from being sent a hundred times. A stated
share is sent as it stands. Absent: anything here that a campaign's queue sends.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import Order, grammar, mix
from stillwatch_lab.text.pools import Pools
from stillwatch_lab.text.words import list_names
from stillwatch_lab.traffic.chats import PARTS, Draft, choose_favourites

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_SPEAKERS: Final = {
    "US": ("zh", 0.02), "CA": ("zh", 0.04), "AU": ("zh", 0.05), "GB": ("zh", 0.01),
    "CN": ("zh", 0.95), "TW": ("zh", 0.9), "HK": ("zh", 0.7), "SG": ("zh", 0.3),
    "KR": ("ko", 0.7), "JP": ("ja", 0.7),
}  # fmt: skip
"""The language beside English in which accounts of a country write, and their share (guesses)."""
_PER_MILLE: Final = 1_000
_SECOND_OWN: Final = 0.4
"""Share of messages with two sentences of the writer's own beside the real text (a guess)."""
_OWN_FIRST: Final = 0.35
"""Share of messages in which the writer's own sentences come first (a guess)."""
_OWN_PARTS: Final = np.array(
    [PARTS.index(p) for p in ("context", "detail", "close", "ask")], np.int8
)
_PART_SHARES: Final = (0.4, 0.35, 0.15, 0.1)
"""Share of the writer's own sentences that are context, detail, a close, a question (guesses)."""
_NAMES: Final = 4_000
_NAMES_OF_ONE: Final = 4
"""Names that one writer mentions, of the many there are."""


def borrow_chat(
    rng: np.random.Generator, people: pl.DataFrame, drafted: Draft, rows: Ints, *, pools: Pools
) -> pl.Series:
    """Write the messages of some rows with real texts.

    Grain:   one string per entry of `rows`. Cost: linear in letters; no slower than `write_chat`.
    """
    language = _speak(people, pools)[drafted.account[rows]]
    topic = _find_topics(people, drafted, rows, pools, language=language)
    text = _follow(rng, pools, topic, session=drafted.session[rows], turn=drafted.turn[rows])
    real = np.flatnonzero(text >= 0)
    whole = rng.random(len(real)) < pools.verbatim[text[real]]
    texts = pools.prompts.take(rng, text[real], whole=whole)
    foreign = np.flatnonzero((language[real] > 0) & ~whole)
    more = _add_texts(rng, pools, topic[real[foreign]], voice=drafted.voice[rows[real[foreign]]])
    texts = texts.scatter(foreign, texts[foreign] + more)
    has_own = np.ones(len(rows), bool)
    has_own[real] = (language[real] == 0) & ~whole
    bodies = pl.Series("text", [""]).new_from_index(0, len(rows)).scatter(real, texts)
    return _add_sentences(rng, drafted, rows, bodies, has_own=has_own)


def borrow_benchmark(
    people: pl.DataFrame, drafted: Draft, rows: Ints, *, pools: Pools
) -> pl.Series:
    """Write the items of some rows as one real benchmark has them: each pool replays one.

    Grain:   one string per entry of `rows`. Nulls: none; the pools hold a benchmark.
    """
    pool = people["pool"].to_numpy()[drafted.account[rows]]
    which = mix(pool) % np.uint64(len(pools.benchmarks))
    text = np.zeros(len(rows), np.int64)
    for number, items in enumerate(pools.benchmarks):
        own = which == number
        text[own] = items[drafted.item[rows[own]] % len(items)]
    whole = np.ones(len(rows), bool)
    return pools.prompts.take(np.random.default_rng(0), text, whole=whole)


def _speak(people: pl.DataFrame, pools: Pools) -> Ints:
    """Give each account the language in which it writes: by its country, and by its own chance."""
    country = people["phone_country"]
    luck = mix(people["voice"].to_numpy()) % np.uint64(_PER_MILLE)
    spoken = np.zeros(people.height, np.int64)
    for code, (language, share) in _SPEAKERS.items():
        if language in pools.languages:
            own = (country == code).fill_null(value=False).to_numpy()
            spoken[own & (luck < share * _PER_MILLE)] = pools.languages.index(language)
    return spoken


def _find_topics(
    people: pl.DataFrame, drafted: Draft, rows: Ints, pools: Pools, *, language: Ints
) -> Ints:
    """Give each row its real topic: by the writer, or by the application's owner, and the draft's.

    Where an account has no topic of its own (-1), each of its end users has one.
    """
    crowd = people["end_users"].to_numpy() > 0
    spread = people["topic_1"].to_numpy() < 0
    owner = people["voice"].to_numpy().astype(np.uint64)
    owned = np.flatnonzero(crowd & people["org_id"].is_not_null().to_numpy())
    names = people["org_id"].gather(owned).to_list()
    owner[owned] = np.array([zlib.crc32(name.encode()) for name in names], np.uint64)
    account = drafted.account[rows]
    whose = np.where(spread[account], drafted.voice[rows].astype(np.uint64), owner[account])
    key = mix(mix(whose) + drafted.topic[rows].astype(np.uint64))
    return pools.choose_topics(key, language=language, is_app=(crowd & ~spread)[account])


def _follow(
    rng: np.random.Generator, pools: Pools, topic: Ints, *, session: Ints, turn: Ints
) -> Ints:
    """Give each row the text at its turn of a real conversation; -1 = nobody knows what followed.

    Where the real one is over before the session is, another of its topic takes its place.
    """
    begins = pools.draw_texts(rng.random(int(session.max()) + 1)[session], topic)
    text = begins + turn - 1
    known = (turn == 1) | (pools.last[begins] >= 0)
    is_over = (turn > 1) & (text > pools.last[begins])
    other = pools.draw_texts(rng.random(len(topic)), topic)
    return np.where(known, np.where(is_over, other, text), -1)


def _add_texts(rng: np.random.Generator, pools: Pools, topic: Ints, *, voice: Ints) -> pl.Series:
    """Write what comes after a text for which there is no grammar: two more, and a name between."""
    whole = np.zeros(len(topic), bool)
    second, third = (
        pools.prompts.take(rng, pools.draw_texts(rng.random(len(topic)), topic), whole=whole)
        for _ in range(2)
    )
    mentioned = mix(voice) + rng.integers(0, _NAMES_OF_ONE, len(topic)).astype(np.uint64)
    name = _names().gather((mix(mentioned) % np.uint64(_NAMES)).astype(np.int64))
    frame = pl.DataFrame([second.alias("second"), name.alias("name"), third.alias("third")])
    return frame.select(pl.format(" {} ({}) {}", "second", "name", "third")).to_series()


@cache
def _names() -> pl.Series:
    return pl.Series("name", list_names(_NAMES, salt=1))


def _add_sentences(
    rng: np.random.Generator, drafted: Draft, rows: Ints, bodies: pl.Series, *, has_own: Flags
) -> pl.Series:
    """Put sentences of the writer's own before or behind a text; they stand alone where it ended.

    What the writer puts between the two, a space or a new line, is a habit.
    """
    where = np.flatnonzero(has_own)
    order = _order_sentences(rng, drafted, rows[where], alone=(bodies[where] == "").to_numpy())
    own = pl.Series("own", [""]).new_from_index(0, len(rows))
    own = own.scatter(where, grammar().write(rng, order))
    first = rng.random(len(rows)) < _OWN_FIRST
    breaks = mix(drafted.voice[rows]) % np.uint64(2) > 0
    frame = pl.DataFrame(
        {"text": bodies, "own": own, "first": pl.Series(first), "breaks": pl.Series(breaks)}
    )
    gap = (
        pl.when((pl.col("text") == "") | (pl.col("own") == ""))
        .then(pl.lit(""))
        .when("breaks")
        .then(pl.lit("\n"))
        .otherwise(pl.lit(" "))
    )
    both = pl.when("first").then(pl.concat_str("own", gap, "text"))
    return frame.select(both.otherwise(pl.concat_str("text", gap, "own")).alias("text")).to_series()


def _order_sentences(
    rng: np.random.Generator, drafted: Draft, rows: Ints, *, alone: Flags
) -> Order:
    """Order a sentence or two for each row; two where nothing else is sent."""
    length = 1 + (alone | (rng.random(len(rows)) < _SECOND_OWN))
    text = np.repeat(np.arange(len(rows)), length)
    begins = np.diff(text, prepend=-1) > 0
    follows = drafted.turn[rows][text] > 1
    part = rng.choice(_OWN_PARTS, len(text), p=_PART_SHARES)
    part[begins & follows] = PARTS.index("follow_up")
    voice = drafted.voice[rows][text]
    return Order(
        text=text,
        pattern=choose_favourites(rng, part, voice),
        topic=drafted.topic[rows][text],
        voice=voice,
        item=np.zeros(len(text), np.int64),
    )
