"""The index of public items: what it finds, what it must not, and which files it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from batches import KEY, MODEL, OTHER_KEY, batch_of

from stillwatch.domain.errors import BadReplayIndex
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.observe.content import sketch_batch
from stillwatch.observe.content.replay import (
    Ordinary,
    ReplayIndex,
    index_source,
    list_ordinary,
    load_shipped,
    read_index,
    write_index,
)
from stillwatch.observe.content.replay.build import list_shingles
from stillwatch.observe.content.replay.form import FORM, MAGIC, SCHEME
from stillwatch.observe.content.replay.source import NO_ESCAPED, Escaped

ITEM = "A baker sells 17 loaves before noon and twice as many after; how many stay of ninety?"
OTHER = "Name three rivers that cross a border, and say in which direction each of them flows."
NONE = Ordinary()
LINES = (
    "Which of these\nfour towns\nlies furthest\nto the\nnorth of\nany others?\nBergen\nPorto\n"
    "Ghent\nSofia"
)
"""An item of short lines: an escaped new line stands in nearly every shingle."""
ACCENTS = "Où naît\nle fleuve\nqui reçoit\nla Moïse\naprès Évry\nà l'été\net où\nfinit-il?"
CHINESE = "请用三句话说明为什么河流在平原上会变得弯弯曲曲并举出两个例子"
IN_JSON = {
    "JSON": lambda text: json.dumps({"task": "solve", "input": text}, ensure_ascii=False),
    "ASCII JSON": lambda text: json.dumps({"task": "solve", "input": text}),
    "JSON twice": lambda text: json.dumps(json.dumps({"task": "solve", "input": text})),
}
KNOWN = [3_767_066_077, 3_897_267_378]
REPLAY_COLUMNS = ("replay_source", "replay_item_hash", "replay_share")


def index_of(*texts: str, name: str = "set") -> ReplayIndex:
    """Index a few items as one set."""
    return ReplayIndex((index_source(pa.array(texts), name=name, licence="own", ordinary=NONE),))


def look_up(
    *prompts: str | None, index: ReplayIndex | None, key: PseudonymKey = KEY
) -> list[tuple[object, ...]]:
    """Give source, item and share of each prompt."""
    batch = sketch_batch(batch_of(list(prompts)), key=key, model=MODEL, replay=index)
    return [tuple(row[name] for name in REPLAY_COLUMNS) for row in batch.to_pylist()]


@pytest.mark.parametrize(
    "prompt",
    [
        ITEM,
        f"Think aloud. {ITEM} Then give the figure alone.",
        f'{{"task": "solve", "input": "{ITEM}"}}',
        ITEM.upper(),
        ITEM.replace("17", "305"),
        ITEM.replace(" ", "\n\u200b"),
    ],
)
def test_a_wrapped_item_is_found(prompt: str) -> None:
    """What stands around it, its case, its numbers and its spaces do not hide it."""
    ((source, item, share),) = look_up(prompt, index=index_of(OTHER, ITEM))
    assert (source, share) == ("set", 1.0)
    assert item is not None


@pytest.mark.parametrize("text", [LINES, ACCENTS])
@pytest.mark.parametrize("wrapping", IN_JSON)
def test_an_item_inside_json_is_named_as_in_plain_text(text: str, wrapping: str) -> None:
    """Glued words and escaped letters hide no item, and it has one pseudonym wherever it stands."""
    index = index_of(OTHER, text, ITEM)
    assert index.items == 3
    plain, escaped = look_up(text, IN_JSON[wrapping](text), index=index)
    assert plain[:2] == escaped[:2]
    assert plain[2] == 1.0
    assert escaped[1] is not None


def test_escapes_alone_tell_of_no_item() -> None:
    """A Chinese item is found inside JSON; of one inside ASCII JSON, scraps that all Chinese has.

    Without this, 3,396 of 4,000 questions of travellers held an item of fifteen sets.
    """
    index = index_of(CHINESE, OTHER)
    in_ascii = IN_JSON["ASCII JSON"](CHINESE)
    plain, within, escaped = look_up(CHINESE, IN_JSON["JSON"](CHINESE), in_ascii, index=index)
    assert plain == within
    assert plain[1] is not None
    assert escaped == (None, None, None)


def test_words_among_escapes_tell_of_their_item() -> None:
    """An item of another script that has Latin words too is told by these, as in plain text."""
    mixed = "用 pandas 和 numpy 与 polars 以及 duckdb 或 spark 读取 parquet 与 arrow"
    index = index_of(CHINESE, mixed)
    plain, escaped = look_up(mixed, IN_JSON["ASCII JSON"](mixed), index=index)
    assert plain[:2] == escaped[:2]
    assert escaped[1] is not None


def test_forms_inside_json_are_kept_where_they_are_needed() -> None:
    """None of an item of one line, one of an item of short lines, two where letters change too."""
    (source,) = index_of(ITEM, LINES, ACCENTS, "too short", CHINESE, ITEM).sources
    assert (len(source.sizes), source.left_out) == (5, 1)
    assert source.escaped.items.tolist() == [1, 2, 2]
    assert source.hashes == len(source.entries) + len(source.escaped.entries)


def test_an_item_is_named_by_its_plain_form() -> None:
    """What the plain forms tell is told as if the index had no others."""
    index = index_of(OTHER, LINES, ACCENTS, CHINESE)
    bare = ReplayIndex(tuple(replace(one, escaped=NO_ESCAPED) for one in index.sources))
    prompts = [f"{LINES} {OTHER}", ACCENTS, CHINESE, OTHER, "Who is there?"]
    assert look_up(*prompts, index=index) == look_up(*prompts, index=bare)
    assert look_up(IN_JSON["JSON"](LINES), index=bare) == [(None, None, None)]


def test_a_form_names_the_item_of_its_own_set() -> None:
    """Sets stand end to end: a form of the second leads to the second, and to its item there."""
    sets = {"a": (OTHER, LINES), "b": (ITEM, OTHER, ACCENTS)}
    index = ReplayIndex(tuple(index_of(*own, name=name).sources[0] for name, own in sets.items()))
    again = read_index(write_index(index), where="here")
    for text, name in ((LINES, "a"), (ACCENTS, "b")):
        plain, escaped = look_up(text, IN_JSON["ASCII JSON"](text), index=again)
        assert plain[:2] == escaped[:2]
        assert plain[0] == name


def test_what_people_put_into_json_tells_of_no_item() -> None:
    """Two ordinary texts that hold an item inside JSON alone take away that form of it alone."""
    held = IN_JSON["ASCII JSON"](LINES)
    common = list_ordinary(pa.array([held, f"so: {held}"]))
    source = index_source(pa.array([LINES]), name="s", licence="", ordinary=common)
    assert (len(source.sizes), len(source.escaped.sizes)) == (1, 0)


def test_another_prompt_is_none() -> None:
    """An ordinary prompt, an empty one, half an item and no prompt hold no item."""
    half = ITEM[: len(ITEM) // 2]
    found = look_up("How do I bake bread with rye?", "", half, None, index=index_of(ITEM))
    assert found == [(None, None, None)] * 4


def test_the_item_is_told_by_a_keyed_hash() -> None:
    """One item has one pseudonym under one key, two items two, another key another."""
    index = index_of(ITEM, OTHER)
    first, again, second = look_up(ITEM, f"So: {ITEM}", OTHER, index=index)
    assert first[1] == again[1] != second[1]
    assert look_up(ITEM, index=index, key=OTHER_KEY)[0][1] != first[1]


def test_nothing_else_changes_with_an_index() -> None:
    """Every other column is the same, and the tactic too, where no item is held."""
    prompts: list[str | bytes | None] = [OTHER, None, "Explain step by step how you got there."]
    plain = sketch_batch(batch_of(prompts), key=KEY, model=MODEL)
    indexed = sketch_batch(batch_of(prompts), key=KEY, model=MODEL, replay=index_of(ITEM))
    assert plain.equals(indexed)


def test_an_item_without_a_tactic_by_wording_is_a_replay() -> None:
    """`dataset_replay` fills the place that the wording leaves empty; the probability stays."""
    plain = sketch_batch(batch_of([ITEM]), key=KEY, model=MODEL).to_pylist()[0]
    held = sketch_batch(batch_of([ITEM]), key=KEY, model=MODEL, replay=index_of(ITEM))
    row = held.to_pylist()[0]
    assert plain["tactic"] is None
    assert row["tactic"] == "dataset_replay"
    assert row["tactic_probability"] == plain["tactic_probability"]


def test_phrases_that_people_say_anyway_tell_of_no_item() -> None:
    """An item that two ordinary texts hold is left out; one of them is not enough."""
    twice = list_ordinary(pa.array([ITEM, f"I read: {ITEM}"]))
    once = list_ordinary(pa.array([ITEM, OTHER]))
    left = [
        index_source(pa.array([ITEM]), name="s", licence="", ordinary=common).left_out
        for common in (twice, once)
    ]
    assert left == [1, 0]


def test_an_item_of_seven_words_is_left_out() -> None:
    """Four shingles tell too little; five are the least."""
    source = index_source(
        pa.array(["one two three four five six seven", "a b c d e f g h", None]),
        name="s",
        licence="",
        ordinary=NONE,
    )
    assert (len(source.sizes), source.left_out) == (1, 2)


def test_a_long_prompt_of_one_item_repeated_is_bounded() -> None:
    """A MiB of replays is looked up like any text."""
    ((source, _, share),) = look_up(f"{ITEM} " * 12_000, index=index_of(ITEM))
    assert (source, share) == ("set", 1.0)


def test_the_scheme_is_what_it_was() -> None:
    """Known shingle hashes: whoever changes them must raise SCHEME, or old indexes lie."""
    _, shingles = list_shingles(pa.array(["one two 3 four, FIVE"]))
    assert (SCHEME, [int(s) for s in shingles]) == (2, KNOWN)


def test_an_index_survives_its_file() -> None:
    """Bytes and back: the same sets, the same bytes, the same finds."""
    index = ReplayIndex((*index_of(ITEM, name="a").sources, *index_of(OTHER, name="b").sources))
    content = write_index(index)
    again = read_index(content, where="here")
    assert write_index(again) == content
    assert [row[0] for row in look_up(OTHER, ITEM, index=again)] == ["b", "a"]


def test_a_file_of_the_form_before_is_read() -> None:
    """Form 1 had no forms inside JSON: its items are found as they were, and named the same."""
    (source,) = index_of(ITEM, LINES).sources
    content = write_index(ReplayIndex((replace(source, escaped=NO_ESCAPED),)))
    start = len(MAGIC) + 4
    end = start + int.from_bytes(content[len(MAGIC) : start], "little")
    header = json.loads(content[start:end]) | {"form": 1}
    for one in header["sources"]:
        del one["escaped_forms"], one["escaped_entries"]
    told = json.dumps(header).encode()
    old = read_index(MAGIC + len(told).to_bytes(4, "little") + told + content[end:], where="x")
    assert look_up(ITEM, LINES, index=old) == look_up(ITEM, LINES, index=index_of(ITEM, LINES))
    assert json.loads(write_index(old)[start:].split(b"x\xda")[0])["form"] == FORM


@pytest.mark.parametrize("places", [[-1, 1], [1, 0], [0, 9], [1, 1, 1]])
def test_forms_that_lead_to_no_item_are_refused(places: list[int]) -> None:
    """Places out of the set or out of order, or three forms of one item, are damage."""
    (source,) = index_of(ITEM, LINES).sources
    sizes, entries = np.full(len(places), 5, np.uint8), np.arange(5 * len(places), dtype=np.uint32)
    wrong = replace(source, escaped=Escaped(np.array(places, np.int32), sizes, entries))
    with pytest.raises(BadReplayIndex, match="disagree"):
        read_index(write_index(ReplayIndex((wrong,))), where="x")


@pytest.mark.parametrize("name", ["form", "scheme", "shingle_words"])
def test_a_foreign_version_is_refused(name: str) -> None:
    """An index of another scheme would find nothing, silently: it is an error instead."""
    content = write_index(index_of(ITEM))
    now = {"form": FORM, "scheme": SCHEME, "shingle_words": 4}[name]
    with pytest.raises(BadReplayIndex, match=name):
        read_index(content.replace(f'"{name}": {now}'.encode(), f'"{name}": 9'.encode()), where="x")


def test_a_damaged_file_is_refused_wherever_it_is_damaged() -> None:
    """Cut anywhere, or a byte changed in the payload: the typed error, never another."""
    content = write_index(index_of(ITEM, LINES))
    cut = [content[:end] for end in range(len(content))]
    start = content.rindex(b"}") + 1
    flipped = [
        content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
        for at in range(start, len(content))
    ]
    for damaged in (*cut, *flipped, b"", MAGIC, b"anything else", content + b"more"):
        with pytest.raises(BadReplayIndex):
            read_index(damaged, where="x")


def test_the_shipped_index_is_small_and_says_what_is_in_it() -> None:
    """At most a megabyte; every set has a licence that lets it go with the package."""
    index = load_shipped()
    assert len(write_index(index)) <= 1_000_000
    assert index.items > 30_000
    assert {one.licence for one in index.sources} == {"MIT", "Apache-2.0"}
