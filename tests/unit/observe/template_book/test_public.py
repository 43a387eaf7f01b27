"""The list of public templates: what it knows again, and what not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.observe.content import sketch_texts
from stillwatch.observe.template_book.public import (
    PublicSource,
    PublicTemplates,
    index_public,
    recognise_public,
)

KEY = PseudonymKey.from_bytes(bytes(range(16)))
OTHER_KEY = PseudonymKey.from_bytes(bytes(range(1, 17)))
NAMES = ("ba", "ko", "li", "mu", "ne", "ra", "so", "ti", "vu", "ze")


def spell(rng: np.random.Generator, words: int) -> str:
    """Make up a text."""
    return " ".join("".join(rng.choice(NAMES, 3)) for _ in range(words))


def listed(*texts: str | None, name: str = "ours") -> PublicTemplates:
    """A list of one origin."""
    source = index_public(pa.array(texts, pa.large_string()), name=name, licence="own")
    return PublicTemplates((source,))


def shingles_of(*texts: str, key: PseudonymKey = KEY) -> pl.DataFrame:
    """The sketches of texts, as if each were a template."""
    sketched = sketch_texts(pa.array(texts, pa.large_string()), key=key)
    sketches = pl.DataFrame({"hash": sketched.column("sketch").to_pylist()})
    told = sketches.with_row_index("n").explode("hash")
    return told.select(
        pl.lit("system").alias("place"), pl.format("t{}", "n").alias("template_id"), "hash"
    )


def recognised(*texts: str, public: PublicTemplates, key: PseudonymKey = KEY) -> dict[str, float]:
    """Share by template."""
    found = recognise_public(shingles_of(*texts, key=key), public=public, key=key)
    return dict(found.select("template_id", "public_share").iter_rows())


def test_a_sketch_is_made_of_the_shingles_that_the_list_keys() -> None:
    """Every hash of a short text's sketch is in its list, under any key, and under no other."""
    text = spell(np.random.default_rng(1), 60)
    public = listed(text)
    for key in (KEY, OTHER_KEY):
        assert set(shingles_of(text, key=key)["hash"]) <= set(public.keyed(key)["hash"])
    assert not set(shingles_of(text)["hash"]) & set(public.keyed(OTHER_KEY)["hash"])


def test_a_public_text_is_known_with_its_slots_filled_in() -> None:
    """Three names in 200 words, a sentence more, in capitals."""
    rng = np.random.default_rng(2)
    text = spell(rng, 200)
    words = text.split()
    words[20], words[90], words[150] = "Ada", "Grace", "Lin"
    used = f"{' '.join(words)} {spell(rng, 20)}".upper()
    shares = recognised(used, public=listed(text, spell(rng, 200)))
    assert shares["t0"] > 0.7


def test_a_long_text_of_which_a_sample_is_kept_is_known_too() -> None:
    """A thousand words, of whose shingles a quarter is kept: nineteen texts of twenty are told."""
    rng = np.random.default_rng(3)
    texts = [spell(rng, 1_000) for _ in range(40)]
    public = listed(*texts)
    assert public.sources[0].sizes.tolist() == [limits.PUBLIC_SHINGLES_MAX] * 40
    assert len(recognised(*texts, public=public)) >= 38


def test_other_texts_are_not_known() -> None:
    """Nor one of which a quarter is public."""
    rng = np.random.default_rng(4)
    text = spell(rng, 100)
    quarter = f"{text} {spell(rng, 300)}"
    assert recognised(spell(rng, 100), quarter, public=listed(text)) == {}


def test_of_several_texts_the_one_with_most_of_it_gives_its_name() -> None:
    """Two versions of a framework's text."""
    rng = np.random.default_rng(5)
    old = spell(rng, 120)
    new = f"{old} {spell(rng, 40)}"
    public = PublicTemplates((*listed(old, name="v1").sources, *listed(new, name="v2").sources))
    found = recognise_public(shingles_of(new), public=public, key=KEY)
    assert found["public_name"].to_list() == ["v2"]


def test_short_texts_and_doubles_are_left_out_and_counted() -> None:
    """Ten words have seven shingles: too few; nulls have none."""
    rng = np.random.default_rng(6)
    text = spell(rng, 30)
    source = listed(spell(rng, 10), text, text, None, "").sources[0]
    assert (len(source.sizes), source.left_out) == (1, 4)
    assert source.totals.tolist() == [27]


def test_an_empty_list_knows_nothing() -> None:
    """Neither does one of an origin without a text."""
    none = PublicSource(
        "x", "own", np.zeros(0, np.uint32), np.zeros(0, np.uint8), np.zeros(0, np.uint64), 0
    )
    for public in (PublicTemplates(), PublicTemplates((none,))):
        assert recognised(spell(np.random.default_rng(7), 50), public=public) == {}
