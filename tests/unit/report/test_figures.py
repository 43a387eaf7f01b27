"""How figures read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stillwatch.domain.channels.families import CHANNELS
from stillwatch.report import figures


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),  # noqa: RUF001  the dash that the page shows
        (float("nan"), "–"),  # noqa: RUF001  the dash that the page shows
        (0.0, "0"),
        (0.0123456, "0.0123"),
        (0.5, "0.500"),
        (12.345, "12.3"),
        (999.4, "999"),
        (123_456.0, "123,456"),
        (2.1e-7, "2.1 × 10⁻⁷"),  # noqa: RUF001  the sign that the page shows
    ],
)
def test_a_measured_number_keeps_three_digits(value: float | None, written: str) -> None:
    """Three significant digits, thousands apart, powers of ten beyond readable noughts."""
    assert figures.figure(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.9, "more likely than not"),
        (0.05, "about 1 in 20"),
        (0.00037, "about 1 in 2,700"),
        (3.17e-9, "about 1 in 315 million"),
        (0.0, "less than 1 in a trillion"),
        (float("nan"), "not known"),
    ],
)
def test_a_chance_reads_as_a_frequency(value: float, written: str) -> None:
    """A q-value in words says how many such findings one is wrong in."""
    assert figures.chance_in_words(value) == written


def test_a_chance_that_underflows_is_never_nought() -> None:
    """A q-value of 0 is shown as a bound."""
    assert figures.chance(0.0) == "below 10⁻³⁰⁰"


def test_no_measured_probability_reads_as_certain() -> None:
    """Only exact 0 and 1 are shown as such."""
    assert figures.probability(0.99999) == "> 0.999"
    assert figures.probability(0.00001) == "< 0.001"
    assert figures.probability(0.41) == "0.410"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("signup_hour", "Sign-up hour"),
        ("cot_elicitation", "Chain-of-thought elicitation"),
        ("a sentence_as it is", "A sentence_as it is"),
        ("", ""),
    ],
)
def test_codes_become_words_and_sentences_stay(code: str, words: str) -> None:
    """A code is humanised; whatever holds a space is a sentence already."""
    assert figures.humanise(code) == words


def test_every_channel_of_the_house_has_its_phrase() -> None:
    """A report says a known channel as `families.py` does, an unknown one by its name."""
    for channel in CHANNELS:
        assert figures.phrase_of(channel.name) == channel.phrase
    assert figures.phrase_of("pool_order") == "pool order"


def test_sizes_durations_and_instants_read_as_a_person_writes_them() -> None:
    """Units change with the amount; instants are UTC to the minute."""
    assert [figures.size(number) for number in (12, 3_400_000, 1.2e9)] == [
        "12 B",
        "3.4 MB",
        "1.2 GB",
    ]
    assert [figures.duration(number) for number in (0.04, 7.31, 71.3, 7_322.0)] == [
        "40 ms",
        "7.3 s",
        "1 min 11 s",
        "2 h 2 min",
    ]
    assert figures.instant(datetime(2026, 2, 3, 4, 5, tzinfo=UTC)) == "3 Feb 2026, 04:05 UTC"
    assert figures.instant("2026-02-03T04:05:59+00:00") == "3 Feb 2026, 04:05 UTC"
    assert figures.instant("not an instant") == "not an instant"
    assert figures.tokens(56_930_924) == "56.9 M"
