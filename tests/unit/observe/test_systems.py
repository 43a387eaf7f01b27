"""System texts by what they share: versions, slots, and texts of their own."""

from __future__ import annotations

import polars as pl
from exchanges_by_hand import KEY

from stillwatch.domain import limits
from stillwatch.domain.tables import ARRIVAL, SYSTEM
from stillwatch.observe.systems import find_system_templates, observe_systems

COMMON = " ".join(f"rule{k} says thing{k} before part{k}" for k in range(30))
LEAST = limits.TEMPLATE_ACCOUNTS_MIN


def spell(number: int) -> str:
    """Write a number in letters: a word that no other number has."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:05d}")


def arrivals(texts: dict[str, str | None]) -> pl.DataFrame:
    """One arrival per account with its system text."""
    frame = pl.DataFrame(
        {"account_id": list(texts), "system": list(texts.values())},
        schema={"account_id": pl.String, "system": pl.String},
    )
    return pl.concat([ARRIVAL.empty(), frame], how="diagonal")


def read(texts: dict[str, str | None]) -> dict[str, set[int]]:
    """The templates of each account's text."""
    frame = arrivals(texts)
    systems = observe_systems(frame, key=KEY)
    hashes = {
        account: observe_systems(arrivals({account: text}), key=KEY)["system_hash"][0]
        for account, text in texts.items()
        if text is not None
    }
    uses = pl.DataFrame({"account_id": list(hashes), "system_hash": list(hashes.values())})
    found = find_system_templates(uses, systems)
    return {
        account: set(found.filter(system_hash=value)["template"])
        for account, value in hashes.items()
    }


def test_each_text_is_sketched_once_and_none_is_kept() -> None:
    """Three accounts, two texts, one null: two rows of hashes."""
    found = observe_systems(
        arrivals({"a": COMMON, "b": COMMON, "c": "four words of text", "d": None}), key=KEY
    )
    assert len(SYSTEM.conform(found)) == 2
    assert found["words"].sort().to_list() == [4, 30 * 8]
    assert found.schema == SYSTEM.schema


def test_a_text_with_a_slot_filled_in_is_the_same_template_in_every_account() -> None:
    """Ten accounts, ten whole texts that differ in a name: one template, one hash each."""
    found = read({f"a{k}": f"You work for client number{k}. {COMMON}" for k in range(10)})
    templates = set.intersection(*found.values())
    assert len(templates) == 1
    assert all(len(own) <= 2 for own in found.values())


def test_two_versions_of_one_text_share_a_template() -> None:
    """A sentence more, in half of the accounts."""
    old = {f"a{k}": COMMON for k in range(LEAST)}
    new = {f"b{k}": f"{COMMON} and never mention the weather in any answer" for k in range(LEAST)}
    found = read(old | new)
    assert found["a0"] & found["b0"]


def test_texts_of_their_own_have_no_template() -> None:
    """Nobody else's words, and a text that four accounts share, are nobody's business."""
    own = {f"o{k}": " ".join(spell(60 * k + j) for j in range(60)) for k in range(12)}
    few = {f"f{k}": COMMON for k in range(LEAST - 1)}
    assert not any(read(own | few).values())


def test_a_widely_sent_text_without_shingles_is_a_template_of_its_own() -> None:
    """Three words have no shingle of four."""
    found = read({f"a{k}": "Be very brief." for k in range(LEAST)})
    assert all(len(own) == 1 for own in found.values())


def test_nothing_in_nothing_out() -> None:
    """No system text at all."""
    frame = arrivals({"a": None})
    assert observe_systems(frame, key=KEY).is_empty()
    uses = pl.DataFrame(schema={"account_id": pl.String, "system_hash": pl.Int64})
    assert find_system_templates(uses, SYSTEM.empty()).is_empty()
