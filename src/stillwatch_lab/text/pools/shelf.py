"""All real texts that a simulation may draw from, on the shelf where a writer finds them.

Last of the pools' modules; read by `traffic.borrowed` and `cohorts.wording`. The one idea: a topic
is a bucket of like texts of one source and language, and whoever has a key has a topic, the same in
every worker. Absent: chance. Which text of a topic is sent is drawn where it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text.pools.pieces import Passages, cut_passages
from stillwatch_lab.text.pools.read import OTHER, list_sources, read_texts
from stillwatch_lab.text.pools.similar import embed_texts, sort_into_buckets
from stillwatch_lab.text.scatter import mix

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CUSTOMERS: Final = ("banking77", "crosswoz_zh", "restaurant8k", "snips_voice", "taskmaster")
"""Sources in which people talk to an application."""
_PUBLIC: Final = ("awesome_chatgpt_prompts",)
"""Sources that people copy from."""
_BENCHMARKS: Final = ("bbh", "mmlu")
"""Benchmarks that an evaluation harness replays."""
_ASKED: Final = (*_BENCHMARKS, "gsm8k", "alpaca_instructions", "alpaca_zh_demo", "self_instruct")
"""Sources of harvests whose like a few honest people ask, too."""
_WEIGHTS: Final = {"chat": (50, 25), "public": (50, 1), "customer": (5, 50), "asked": (1, 0)}
"""How readily a person, and an application, takes up a text of each sort; fiftieths (guesses)."""
_VERBATIM: Final = {"chat": 0.02, "public": 0.25, "customer": 0.02, "asked": 0.0}
"""Share of a sort's texts that are sent as they stand (guesses)."""
_PROMPT: Final = 4.0
_SYSTEM: Final = 16.0
"""Passages of a long text that are taken on average (guesses)."""
_BUCKET: Final = 200
"""Texts of a topic, on average."""
_LANGUAGE_MIN: Final = 300
"""Texts from which accounts are given a language; nobody writes in a smaller one."""
_MENU: Final = 1 << 15
"""Places of a menu: its texts, as often as they are taken up."""


@dataclass(frozen=True, slots=True)
class Pools:
    """Real texts, by topic; a text and a topic are numbers."""

    prompts: Passages
    verbatim: Floats
    """By text: the share sent as it stands."""
    last: Ints
    """By text: the last text of its conversation; -1 where its source tells of none."""
    bucket: Ints
    """By text: its topic."""
    members: Ints
    """Texts, ordered by topic."""
    start: Ints
    """By topic: where its members begin; one entry more than there are topics."""
    languages: tuple[str, ...]
    """Languages that accounts may have; the first is everybody's."""
    menus: npt.NDArray[np.int64]
    """By language and by whether an application asks: texts to begin with."""
    benchmarks: tuple[Ints, ...]
    """Texts of each benchmark."""
    systems: Passages

    def choose_topics(
        self, key: npt.NDArray[np.uint64], *, language: Ints, is_app: npt.NDArray[np.bool_]
    ) -> Ints:
        """Give each key its topic: one of its language, of the sort that it would take up."""
        place = (mix(key) % np.uint64(_MENU)).astype(np.int64)
        return self.bucket[self.menus[language, is_app.astype(np.int64), place]]

    def draw_texts(self, luck: Floats, topic: Ints) -> Ints:
        """Give the text of each topic on which the luck, from 0 to 1, falls."""
        size = self.start[topic + 1] - self.start[topic]
        return self.members[self.start[topic] + (luck * size).astype(np.int64)]


@lru_cache(maxsize=2)
def open_pools(data: Path) -> Pools:
    """Read the pools below a directory, once for each process.

    Order:   sources by name, texts as in their files: topics are the same in every process.
    Cost:    some seconds, and some hundred megabytes for 180,000 texts.

    Raises:
        InputError: there is no `prompts/benign` with gzip JSON lines.
    """
    list_sources(data)
    benign = read_texts(data / "prompts" / "benign")
    asked = read_texts(data / "prompts" / "extraction", _ASKED)
    texts = pl.concat([_sort_out(benign), asked.with_columns(sort=pl.lit("asked"))])
    bucket = _find_topics(texts)
    sizes = np.bincount(bucket)
    languages = _list_languages(texts)
    source = texts["source"]
    benchmarks = ((source == name).arg_true().to_numpy() for name in _BENCHMARKS)
    return Pools(
        prompts=cut_passages(texts["text"], stretch=_PROMPT),
        verbatim=texts["sort"].replace_strict(_VERBATIM, return_dtype=pl.Float64).to_numpy(),
        last=_find_last(texts),
        bucket=bucket,
        members=np.argsort(bucket, kind="stable"),
        start=np.concatenate([[0], np.cumsum(sizes)]),
        languages=languages,
        menus=np.stack([_write_menus(texts, language) for language in languages]),
        benchmarks=tuple(rows.astype(np.int64) for rows in benchmarks if len(rows)),
        systems=cut_passages(read_texts(data / "prompts" / "system")["text"], stretch=_SYSTEM),
    )


def _sort_out(texts: pl.DataFrame) -> pl.DataFrame:
    source = pl.col("source")
    return texts.with_columns(
        sort=pl.when(source.is_in(_CUSTOMERS))
        .then(pl.lit("customer"))
        .when(source.is_in(_PUBLIC))
        .then(pl.lit("public"))
        .otherwise(pl.lit("chat"))
    )


def _find_topics(texts: pl.DataFrame) -> Ints:
    vectors = embed_texts(texts["text"])
    topic = np.zeros(texts.height, np.int64)
    begin = 0
    for _, rows in texts.with_row_index().group_by("source", "language", maintain_order=True):
        where = rows["index"].to_numpy()
        topic[where] = begin + sort_into_buckets(vectors[where], size=_BUCKET)
        begin = int(topic[where].max()) + 1
    return topic


def _find_last(texts: pl.DataFrame) -> Ints:
    """Find where each text's conversation ends; its turns stand together."""
    told = pl.col("conversation").is_not_null()
    changes = pl.struct("source", "conversation").rle_id()
    last = pl.when(told).then(pl.col("index").last().over(changes)).otherwise(-1)
    return texts.with_row_index().select(last.cast(pl.Int64).alias("last"))["last"].to_numpy()


def _list_languages(texts: pl.DataFrame) -> tuple[str, ...]:
    counts = texts.filter(pl.col("sort") != "asked")["language"].value_counts()
    large = counts.filter(pl.col("count") >= _LANGUAGE_MIN)["language"].to_list()
    return (OTHER, *sorted(set(large) - {OTHER}))


def _write_menus(texts: pl.DataFrame, language: str) -> Ints:
    """List the texts of a language as a person, and as an application, takes them up."""
    chance = mix(np.arange(_MENU))
    own = texts["language"] == language
    chosen = own if own.any() else own.is_in([False])
    menus = []
    for whose in (0, 1):
        weight = {sort: weights[whose] for sort, weights in _WEIGHTS.items()}
        each = texts["sort"].replace_strict(weight, return_dtype=pl.Int64)
        ends = np.cumsum(np.where(chosen.to_numpy(), each.to_numpy(), 0))
        if not ends[-1]:
            ends = np.cumsum(chosen.to_numpy())
        menus.append(np.searchsorted(ends, chance % np.uint64(ends[-1]), side="right"))
    return np.stack(menus).astype(np.int64)
