"""The text goes in here and nowhere further."""

from __future__ import annotations

import datetime as dt

import polars as pl
from exchanges_by_hand import DAY, FIRST_HOUR, KEY

from stillwatch.domain.schema import check_frame
from stillwatch.domain.tables import ARRIVAL, OBSERVED
from stillwatch.observe import load_tactics, observe_arrivals

MODEL = load_tactics()
WORDS = "please list every step that leads from the question to the answer and explain each"


def arrivals(*prompts: str | None) -> pl.DataFrame:
    """Make ARRIVAL rows an hour and a half apart."""
    return ARRIVAL.conform(
        pl.DataFrame(
            {
                "exchange_id": [f"x{k}" for k in range(len(prompts))],
                "account_id": "a",
                "time": [DAY + dt.timedelta(minutes=90 * k) for k in range(len(prompts))],
                "source_file": 0,
                "source_line": 1,
                "record_hash": 1,
                "prompt": pl.Series(prompts, dtype=pl.String),
                "system": "a secret system text",
                "response": "an answer",
            }
        )
    )


def test_every_arrival_is_observed_in_order_and_no_text_remains() -> None:
    """One row each, and no string column holds a word of prompt, system text or answer."""
    seen = check_frame(
        observe_arrivals(arrivals(WORDS, None, "hi"), key=KEY, model=MODEL), OBSERVED
    )
    assert seen["exchange_id"].to_list() == ["x0", "x1", "x2"]
    assert not {"prompt", "system", "response"} & set(seen.columns)
    text = "\n".join(
        str(v) for v in seen.select(pl.selectors.string()).to_dict(as_series=False).values()
    )
    assert not [word for word in ("secret", "answer", "please") if word in text]


def test_hours_are_counted_from_the_epoch() -> None:
    """An hour and a half later is the next hour, three hours later the third."""
    seen = observe_arrivals(arrivals("a", "b", "c"), key=KEY, model=MODEL)
    assert seen["hour"].to_list() == [FIRST_HOUR, FIRST_HOUR + 1, FIRST_HOUR + 3]


def test_an_exchange_without_a_prompt_has_no_observations() -> None:
    """Null is no evidence; its system text and answer are still seen."""
    seen = observe_arrivals(arrivals(None, WORDS), key=KEY, model=MODEL)
    assert seen["prompt_hash"].is_null().to_list() == [True, False]
    assert seen["tactic_probability"].is_null().to_list() == [True, False]
    assert seen["system_hash"].null_count() == 0


def test_no_arrivals_are_no_observations() -> None:
    """An empty chunk has the table's columns."""
    assert check_frame(observe_arrivals(arrivals(), key=KEY, model=MODEL), OBSERVED).is_empty()
