"""The standing texts of applications and teams: system texts and prompt templates, made afresh.

Used by `applications`, `teams` and `institutions`; `simulate` lays real ones over them where the
scene has some. The one idea: a standing text is a handful of instructions in one voice on one
topic, so two organisations never write the same one; of a real one they keep their own part, under
instructions of their own. Absent: public frameworks, whose text everybody keeps (`templates`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import Order, grammar
from stillwatch_lab.text.paraphrases import Wish, phrasebook
from stillwatch_lab.text.pools import open_pools
from stillwatch_lab.text.templates import FRAMEWORKS
from stillwatch_lab.text.topics import TOPICS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_COPIED: Final = 0.06
"""Share of owners whose system text is a public one as it stands (a guess)."""
_INSTRUCTION_TOKENS: Final = 10.4
"""Tokens of an instruction (measured)."""
_BESIDE_TOKENS: Final = 70.0
"""Tokens of an application's request beside its system text (measured)."""
_LONGEST: Final = 48
"""Instructions of the longest system text: real ones go on, at a cost in every row."""
_VERSIONS: Final = (1, 4)
"""Fewest and, less one, most versions (or buttons) of an application's text."""
_FAVOUR: Final = 3.0  # exponent: how much more often some public texts are copied than others
_ANYBODYS: Final = ("fraud", "benign-framework")
"""Roles whose system texts aren't their owners' own."""


def _write_instructions(rng: np.random.Generator, length: Ints) -> pl.Series:
    count = len(length)
    text = np.repeat(np.arange(count), length)
    voice = rng.integers(0, 2**40, count)
    topic = rng.integers(0, len(TOPICS), count)
    order = Order(
        text=text,
        pattern=rng.choice(grammar().patterns("instruct"), len(text)),
        topic=topic[text],
        voice=voice[text],
        item=np.zeros(len(text), np.int64),
    )
    return grammar().write(rng, order)


def write_systems(rng: np.random.Generator, count: int) -> pl.Series:
    """Write one system text for each of `count` owners: four to twelve instructions."""
    return _write_instructions(rng, rng.integers(4, 13, count))


def write_contexts(rng: np.random.Generator, tokens: Floats) -> pl.Series:
    """Write one system text for each owner, so that a request has about so many tokens in all.

    Grain:   one string per value of `tokens`; from two to `_LONGEST` instructions.
    """
    wanted = np.rint((tokens - _BESIDE_TOKENS) / _INSTRUCTION_TOKENS)
    return _write_instructions(rng, np.clip(wanted, 2, _LONGEST).astype(np.int64))


def write_openings(rng: np.random.Generator, count: int) -> pl.Series:
    """Write what stands before the user's words in each of `count` prompt templates."""
    return _write_instructions(rng, rng.integers(1, 4, count)) + "\n\n"


def write_closings(rng: np.random.Generator, count: int) -> pl.Series:
    """Write what stands after the user's words in each of `count` prompt templates."""
    return "\n\n" + _write_instructions(rng, rng.integers(1, 3, count))


def write_application(
    rng: np.random.Generator, job: str, *, demands: float
) -> tuple[str, pl.Series]:
    """Write what an application puts before its user's item, and after it in each of its versions.

    Grain:   one opening, and one to three closings. `demands` is the share of applications whose
             text demands of the `job` what harvests demand; others' texts are anybody's.
    """
    versions = int(rng.integers(*_VERSIONS))
    if rng.random() >= demands:
        return write_openings(rng, 1)[0], write_closings(rng, versions)
    key = rng.integers(0, 2**63, versions).astype(np.uint64)
    openings, closings = phrasebook().write(Wish(job, 1.0, np.zeros(versions, np.int64), key))
    return openings[0], closings


def adopt_systems(rng: np.random.Generator, people: pl.DataFrame, data: Path) -> pl.DataFrame:
    """Lay a real system text over each one that an honest owner made up.

    Grain:   one row per account, as given: whoever shared a text shares the one in its place.
    """
    systems = open_pools(data).systems
    own = people["system"].is_in(FRAMEWORKS) | people["role"].is_in(_ANYBODYS)
    made = people.filter(~own)["system"].drop_nulls().unique(maintain_order=True)
    if not len(systems) or not len(made):
        return people
    copied = rng.random(len(made)) < _COPIED
    place = np.where(copied, rng.random(len(made)) ** _FAVOUR, rng.random(len(made)))
    real = systems.take(rng, (place * len(systems)).astype(np.int64), whole=copied)
    before = _write_instructions(rng, rng.integers(1, 4, len(made)))
    headed = pl.DataFrame([before.alias("own"), real.alias("real")]).select(
        pl.when(pl.Series(copied))
        .then("real")
        .otherwise(pl.concat_str("own", "real", separator="\n\n"))
    )
    laid = pl.DataFrame([made.alias("system"), headed.to_series().alias("laid")])
    joined = people.select("system").join(laid, on="system", how="left", maintain_order="left")
    chosen = pl.when(pl.Series(own)).then("system").otherwise(joined["laid"])
    return people.with_columns(chosen.alias("system"))
