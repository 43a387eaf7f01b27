"""Hostile text, made harmless: what is shown, what a spreadsheet opens, what a terminal prints."""

from __future__ import annotations

import json

import pytest

from stillwatch.app.console.texts import csv_cell, json_bytes, spell_out


@pytest.mark.parametrize(
    "character", ["\x1b", "\x00", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff"]
)
def test_what_moves_or_turns_text_is_spelt_out(character: str) -> None:
    """Its code point stands in its place, and nothing of itself."""
    assert spell_out(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"


@pytest.mark.parametrize("text", ["zażółć", "日本語", "עברית", "line\nline\ttab", "a-b_c.d", "⟨⟩"])
def test_honest_text_stays_as_it_is(text: str) -> None:
    """Letters of any script, and the space between them."""
    assert spell_out(text) == text


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "|", "%", " =", "\t=", "\r=", "\n="])
def test_a_cell_never_begins_as_a_formula(begin: str) -> None:
    """An apostrophe stands before what a spreadsheet would run."""
    assert csv_cell(f"{begin}1+1")[1] == "'"


def test_numbers_are_no_formulas() -> None:
    """A negative number is a number."""
    assert csv_cell(-2.5) == '"-2.5"'
    assert csv_cell(None) == ""


def test_a_cell_is_quoted() -> None:
    """Quotes are doubled, and a line stays in its cell."""
    assert csv_cell('say "x", twice') == '"say ""x"", twice"'


@pytest.mark.parametrize("text", ["\u202eabc", "\x9b31m", "\U000e0041", "plain"])
def test_json_keeps_its_values_and_shows_none_that_turns(text: str) -> None:
    """Reading it back gives the same text; written are escapes alone."""
    written = json_bytes(json.dumps(text, ensure_ascii=False).encode())
    assert json.loads(written) == text
    assert text == "plain" or text[0] not in written.decode()
