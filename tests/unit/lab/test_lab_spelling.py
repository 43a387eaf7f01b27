"""Texts are spelt as their codes say, whatever the size of a block."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stillwatch.domain.tables import ACCOUNT
from stillwatch_lab.scene import instant
from stillwatch_lab.simulate import Output, count_files, simulate
from stillwatch_lab.spelling import (
    Book,
    Codes,
    Pieces,
    join,
    lay_over,
    spell_texts,
)
from stillwatch_lab.text import Order, grammar
from stillwatch_lab.text.scatter import chance, chance_of, mix, mix_one
from stillwatch_lab.traffic.chats import PARTS, choose_favourites
from stillwatch_lab.write import describe_accounts, write_accounts

WORDS = ["a ", "", "flood ", "ünter", "\n", "日本 ", "x"]
PATTERNS = [[0], [2, 1, 3], [5, 5, 4], [6], [1]]


def spell(pattern: np.ndarray, text: np.ndarray, *, trims: bool) -> list[str]:
    """Spell texts of PATTERNS, which have no slots."""
    book = Book.of(PATTERNS)
    flat = np.concatenate([np.array(PATTERNS[one]) for one in pattern])
    ends = np.concatenate([[0], np.cumsum(book.count_codes(pattern))])

    def settle(rows: slice, codes: Codes) -> None:
        codes[:] = flat[ends[rows.start] : ends[rows.stop]]

    counts = book.count_codes(pattern)
    return spell_texts(settle, Pieces.of(WORDS), counts, text, trims=trims).to_list()


@pytest.mark.parametrize("trims", [False, True])
@pytest.mark.parametrize("block", [1, 7, 100_000])
def test_texts_are_their_pieces_joined(
    monkeypatch: pytest.MonkeyPatch, block: int, *, trims: bool
) -> None:
    """As Python joins them, beyond ASCII too, in blocks of any size."""
    monkeypatch.setattr("stillwatch_lab.spelling._BLOCK", block)
    rng = np.random.default_rng(block)
    text = np.repeat(np.arange(200), rng.integers(1, 5, 200))
    pattern = rng.integers(0, len(PATTERNS), len(text))
    expected = [""] * 200
    for one, chosen in zip(text, pattern, strict=True):
        expected[one] += "".join(WORDS[code] for code in PATTERNS[chosen])
    if trims:
        expected = [one.rstrip() for one in expected]
    assert spell(pattern, text, trims=trims) == expected


def test_no_text_is_an_empty_column() -> None:
    """Nothing ordered, nothing written; the column is still of text."""
    none = np.zeros(0, np.int64)
    written = spell_texts(lambda _rows, _codes: None, Pieces.of(WORDS), none, none, trims=True)
    assert written.dtype == pl.String
    assert len(written) == len(join([])) == 0


def test_chance_of_one_number_is_that_of_an_array() -> None:
    """Kernels and arrays draw alike, or a campaign's items would differ between its parts."""
    keys = np.array([0, 1, 77, 2**63, 2**64 - 1], np.uint64)
    assert [mix_one(key) for key in keys] == mix(keys).tolist()
    assert [chance_of(key) for key in keys] == chance(keys).tolist()


def test_the_grammar_writes_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block is a matter of memory: luck is drawn in the order of the sentences."""
    rng = np.random.default_rng(3)
    text = np.repeat(np.arange(400), 3)
    part = rng.integers(0, len(PARTS), len(text)).astype(np.int8)
    voice = text % 50
    order = Order(text, choose_favourites(rng, part, voice), text % 7, voice, np.zeros_like(text))
    whole = grammar().write(np.random.default_rng(4), order)
    monkeypatch.setattr("stillwatch_lab.spelling._BLOCK", 50)
    assert grammar().write(np.random.default_rng(4), order).equals(whole)


@pytest.mark.parametrize("family", PARTS)
def test_a_part_of_a_message_is_a_pattern_of_its_family(family: str) -> None:
    """A close is a close: parts are numbers, and each number is its family's."""
    part = np.full(300, PARTS.index(family), np.int8)
    chosen = choose_favourites(np.random.default_rng(0), part, np.arange(300))
    assert set(chosen) <= set(grammar().patterns(family))


def test_other_texts_are_laid_over_those_of_some_rows() -> None:
    """The rows named have the others, in their order; the rest and the name stay."""
    texts = pl.Series("said", ["a", "b", None, "d"])
    laid = lay_over(texts, np.array([3, 0]), pl.Series("else", ["D", "A"]))
    assert laid.to_list() == ["A", "b", None, "D"]
    assert laid.name == "said"
    assert lay_over(texts, np.zeros(0, np.int64), pl.Series([], dtype=pl.String)).equals(texts)


@pytest.mark.parametrize(
    ("exchanges", "files"), [(0, 1), (90_000, 1), (250_000, 3), (1_500_000, 8), (20_000_000, 100)]
)
def test_files_are_several_before_they_are_full(exchanges: int, files: int) -> None:
    """Small runs are divided for the workers' sake, large ones for the memory's."""
    assert count_files(exchanges) == files


def test_the_register_tells_instants_as_the_scene_does() -> None:
    """Rounded to the second, halves to even; an account that is open has no end."""
    seconds = [-86_400.5, 0.0, 0.5, 1.5, 12_345.678, 2_000_000.4]
    people = pl.DataFrame({"created_s": seconds, "closed_s": [None, *seconds[1:]]}).with_columns(
        pl.lit(None, pl.Int64).alias("replaces"),
        pl.lit(None, pl.Int64).alias("sends_as"),
        pl.lit(1.0).alias("answer_tokens"),
        *(pl.lit(None, pl.String).alias(name) for name in ("role", "campaign", "group")),
    )
    names = pl.Series("account_id", [f"acct_{at}" for at in range(len(seconds))])
    register = describe_accounts(people, names, pl.Series("exchanges", [1] * len(seconds)))
    assert register["created_at"].to_list() == [instant(at) for at in seconds]
    assert register["status_changed_at"].to_list() == [None, *map(instant, seconds[1:])]


def test_workers_leave_the_environment_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What workers are started with is theirs: set before, it comes back; unset, it goes."""
    monkeypatch.setenv("POLARS_MAX_THREADS", "3")
    monkeypatch.delenv("_RJEM_MALLOC_CONF", raising=False)
    simulate("honest-groups", out=tmp_path / "g", scale=0.01, output=Output(workers=2))
    assert os.environ["POLARS_MAX_THREADS"] == "3"
    assert "_RJEM_MALLOC_CONF" not in os.environ


def test_the_register_has_columns_that_came_later_only_where_somebody_is_in_them(
    tmp_path: Path,
) -> None:
    """No preset draws issuers, batches or addresses: registers are written as they always were."""
    people = {"account_id": ["a"], "revenue_30d": [0.1], "exchanges": [3], "role": ["benign"]}
    rows = pl.DataFrame(people).with_columns(campaign=None, replaces=None, group=None)
    (tmp_path / "truth").mkdir()
    write_accounts(tmp_path, [rows])
    assert set(ACCOUNT.columns) - _columns(tmp_path) == set(ACCOUNT.later)
    write_accounts(tmp_path, [rows.with_columns(payment_batch=pl.lit("b"))])
    assert set(ACCOUNT.columns) - _columns(tmp_path) == {*ACCOUNT.later} - {"payment_batch"}


def _columns(place: Path) -> set[str]:
    return set(json.loads((place / "accounts.jsonl").read_text().splitlines()[0]))
