"""The answer to a request: how long it is, what stands in it, how long it took.

Called by `requests` with the rest of the request; reads the habits of people. The one idea: output
tokens are those of a fitted customer (an own median and spread, everybody's shape, cut at the
account's limit), input tokens those of the text that is there. Absent: sense; answers only serve
lengths.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl
from scipy import special

from stillwatch_lab.fit import load_honest_traffic
from stillwatch_lab.fit.honest import Floats, Ints
from stillwatch_lab.text import Order, grammar
from stillwatch_lab.text.topics import TOPICS
from stillwatch_lab.traffic.failures import OK

_ANSWERS: Final = 1_200
"""Different answers in the lab."""
_LONGEST_TOKENS: Final = 900.0
"""Tokens from which an answer is the longest text that the lab has."""
_SHORT_TOKENS: Final = 30.0
"""Tokens up to which an answer is less than a sentence, word by word."""
_TOKENS_PER_WORD: Final = 1.35
_CHARS_PER_TOKEN: Final = 4.2
_ANSWER_SEED: Final = 77


@cache
def _answers() -> pl.Series:
    """Give answers of every length, shortest first; they say nothing."""
    rng = np.random.default_rng(_ANSWER_SEED)
    share = np.linspace(0, 1, _ANSWERS) ** 2
    length = 1 + (40 * share).astype(np.int64)
    text = np.repeat(np.arange(_ANSWERS), length)
    patterns = np.concatenate([grammar().patterns("context"), grammar().patterns("detail")])
    order = Order(
        text=text,
        pattern=rng.choice(patterns, len(text)),
        topic=(text % len(TOPICS)).astype(np.int64),
        voice=text.astype(np.int64),
        item=np.zeros(len(text), np.int64),
    )
    whole = grammar().write(rng, order)
    tokens = share[share * _LONGEST_TOKENS < _SHORT_TOKENS] * _LONGEST_TOKENS
    words = np.maximum(np.rint(tokens / _TOKENS_PER_WORD).astype(np.int64), 1)
    cut = [" ".join(one.split()[:kept]) for one, kept in zip(whole, words.tolist(), strict=False)]
    return pl.concat([pl.Series(whole.name, cut), whole[len(cut) :]])


def draw_answers(
    rng: np.random.Generator, people: pl.DataFrame, frame: pl.DataFrame
) -> pl.DataFrame:
    """Add answer, tokens and latency; a failed request has no answer and took no time.

    Grain:   one row per exchange, as given: `account`, `prompt`, `system`, `max_tokens`, `turn` and
             `status` are read. Units: tokens at least 1; `answer` is a number of the lab's answers,
             which `spell_answers` writes out when the row is written: a draft holds two bytes.
    """
    size = frame.height
    account = frame["account"].to_numpy()
    limit = frame["max_tokens"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    output = np.minimum(_draw_tokens(rng, people, account), limit).astype(np.int64)
    letters = frame.select(
        pl.col("prompt").str.len_chars() + pl.col("system").str.len_chars().fill_null(0)
    ).to_series()
    turn = frame["turn"].fill_null(1).to_numpy()
    inputs = letters.to_numpy() / _CHARS_PER_TOKEN + (turn - 1) * output * 0.8
    inputs = inputs * rng.normal(1.0, 0.03, size) + 8.0
    share = np.clip(output / _LONGEST_TOKENS, 0.0, 1.0) ** 0.5
    chosen = np.clip(share * _ANSWERS + rng.normal(0, 12, size), 0, _ANSWERS - 1).astype(np.uint16)
    latency = 180 + output * rng.lognormal(np.log(14.0), 0.25, size)
    answered = frame["status"].to_numpy() == OK
    return frame.with_columns(
        pl.when(pl.Series(answered)).then(pl.Series(chosen)).alias("answer"),
        pl.Series("input_tokens", np.maximum(inputs, 5).astype(np.int64)),
        pl.Series("output_tokens", np.where(answered, output, 0)),
        pl.Series("latency_ms", np.where(answered, latency, latency % 97 + 3).astype(np.int64)),
    )


def spell_answers(frame: pl.DataFrame) -> pl.DataFrame:
    """Put each answer's text, `response`, in place of its number.

    Grain:   as given. Nulls: stay null.
    Cost:    a gather.
    """
    told = _answers().gather(frame["answer"]).alias("response")
    return frame.drop("answer").with_columns(told)


def _draw_tokens(rng: np.random.Generator, people: pl.DataFrame, account: Ints) -> Floats:
    """Draw the tokens that each answer would have without a limit."""
    fitted = load_honest_traffic()
    knots = special.ndtri(np.array(fitted.token_levels))
    score = np.interp(rng.standard_normal(len(account)), knots, np.array(fitted.output_shape))
    middle = np.log(people["answer_tokens"].to_numpy())[account]
    wanted = np.exp(middle + people["answer_spread"].to_numpy()[account] * score)
    return np.asarray(np.rint(wanted).clip(1.0, fitted.token_max[1]))
