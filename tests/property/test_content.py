"""Whatever the text: the sketch is bounded, ascending, and blind to dress and to neighbours."""

from __future__ import annotations

import random
import time

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.domain import limits
from stillwatch.domain.keyed import CONTENT_MASK, PseudonymKey, hash_content, hash_strings
from stillwatch.observe.content import load_tactics, sketch_batch, sketch_texts
from stillwatch.observe.content.replay import Ordinary, ReplayIndex, index_source

_KEY = PseudonymKey.from_bytes(b"0123456789abcdef")
_MODEL = load_tactics()
_CAPS = {
    "sketch": limits.SKETCH_HASHES_MAX,
    "skeleton": limits.SKELETON_HASHES_MAX,
    "gist": limits.GIST_HASHES_MAX,
}
_BYTES = st.lists(st.one_of(st.none(), st.binary(max_size=200)), max_size=6)
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Digits are no difference, so that words have none."""
_WORDS = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=40)


def _batch(prompts: list[bytes | None]) -> pa.RecordBatch:
    column = pa.array(prompts, pa.binary()).view(pa.string())
    nulls = pa.nulls(len(prompts), pa.string())
    return pa.RecordBatch.from_pydict({"system": column, "prompt": column, "response": nulls})


def _observe(prompts: list[bytes | None]) -> pa.RecordBatch:
    return sketch_batch(_batch(prompts), key=_KEY, model=_MODEL)


@given(_BYTES)
@settings(deadline=None, max_examples=60)
def test_any_bytes_give_one_bounded_row_each(prompts: list[bytes | None]) -> None:
    """No bytes crash the kernel; each row is what the row alone would give."""
    whole = _observe(prompts)
    assert whole.num_rows == len(prompts)
    for row, prompt in enumerate(prompts):
        assert whole.slice(row, 1).equals(_observe([prompt]))
        sketch = whole.column("sketch")[row].as_py()
        assert (sketch is None) == (prompt is None)
        if sketch is not None:
            assert sketch == sorted(set(sketch))
            assert len(sketch) <= limits.SKETCH_HASHES_MAX


@given(st.one_of(st.binary(max_size=12), st.text(max_size=6)), st.sampled_from([1, 999, 400_000]))
@settings(deadline=None, max_examples=40)
def test_any_piece_repeated_is_bounded(piece: bytes | str, times: int) -> None:
    """However long a text is, and of whatever: a CPU second at most, and each sketch in its cap."""
    raw = piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
    began = time.process_time()
    row = _observe([raw * times]).to_pylist()[0]
    assert time.process_time() - began < 1
    assert row["prompt_words"] <= limits.PROMPT_BYTES_MAX
    for name, cap in _CAPS.items():
        assert row[name] == sorted(set(row[name]))
        assert len(row[name]) <= cap


@given(_WORDS, st.sampled_from([" ", "\n", ", ", " — ", "。", "\t\u200b"]))
@settings(deadline=None, max_examples=60)
def test_separators_and_case_leave_no_trace(words: list[str], separator: str) -> None:
    """Two ways of setting the same words give the same row; line breaks, but for the tactic.

    The tactics model hears how a text is laid out; whatever ties exchanges together does not.
    """
    plain = _observe([" ".join(words).encode()])
    dressed = _observe([separator.join(w.upper() for w in words).encode()])
    heard = ["system_hash"]
    if "\n" in separator:
        heard += ["tactic", "tactic_probability", "capability"]
    assert plain.drop_columns(heard).equals(dressed.drop_columns(heard))
    assert plain.column("prompt_words")[0].as_py() == len(words)


@given(
    st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=8, max_size=30, unique=True),
    _WORDS,
    _WORDS,
)
@settings(deadline=None, max_examples=60)
def test_an_indexed_item_is_found_wherever_it_stands(
    item: list[str], before: list[str], after: list[str]
) -> None:
    """Eight words or more, between any others: always a hit, with all of its hashes."""
    text = pa.array([" ".join(item)])
    index = ReplayIndex((index_source(text, name="own", licence="", ordinary=Ordinary()),))
    wrapped = _batch([" ".join(before + item + after).encode()])
    row = sketch_batch(wrapped, key=_KEY, model=_MODEL, replay=index).to_pylist()[0]
    assert (row["replay_source"], row["replay_share"]) == ("own", 1.0)


@given(_WORDS, _WORDS)
@settings(deadline=None, max_examples=60)
def test_a_word_more_is_another_prompt(words: list[str], more: list[str]) -> None:
    """The whole-text hash tells prompts apart."""
    rows = _observe([" ".join(words).encode(), " ".join(words + more).encode()])
    assert rows.column("prompt_hash")[0] != rows.column("prompt_hash")[1]


@given(_BYTES)
@settings(deadline=None, max_examples=60)
def test_hashes_of_content_have_48_bits(texts: list[bytes | None]) -> None:
    """The lower sixteen are 0: of prompts, of system texts, and of all that is kept of them."""
    column = pa.array(texts, pa.binary()).view(pa.string())
    rows = [*_observe(texts).to_pylist(), *sketch_texts(column, key=_KEY).to_pylist()]
    hashes = [row.get(name) for row in rows for name in ("prompt_hash", "system_hash", "hash")]
    for row in rows:
        hashes += [one for name in _CAPS for one in row[name] or ()]
    assert all(one & 0xFFFF == 0 and -(2**63) <= one < 2**63 for one in hashes if one is not None)


@given(st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=20))
@settings(deadline=None)
def test_a_cut_hash_is_the_whole_one_in_the_same_order(texts: list[str | None]) -> None:
    """Cut once or twice it is the same, and no two change places."""
    whole = hash_strings(pa.array(texts, pa.string()), key=_KEY).to_pylist()
    cut = hash_content(pa.array(texts, pa.string()), key=_KEY).to_pylist()
    assert cut == [one if one is None else one & CONTENT_MASK for one in whole]
    assert cut == [one if one is None else one & CONTENT_MASK for one in cut]
    known = [one for one in whole if one is not None]
    assert [one & CONTENT_MASK for one in sorted(known)] == sorted(o for o in cut if o is not None)


@given(st.integers(0, 2**32), _WORDS, _WORDS)
@settings(deadline=None, max_examples=60)
def test_two_texts_that_share_a_passage_share_hashes(
    seed: int, before: list[str], after: list[str]
) -> None:
    """Of its 200 words some shingles are kept in both (none: once in 10^11), whatever is around."""
    rng = random.Random(seed)
    passage = [f"{rng.randrange(10**6):x}".translate(_LETTERS) for _ in range(200)]
    texts = (" ".join(words).encode() for words in (before + passage, passage + after))
    one, other = (set(row["sketch"]) for row in _observe(list(texts)).to_pylist())
    assert one & other
