"""Which texts are alike: hashed words, a projection, and buckets of neighbours.

Between `read.py` and `shelf.py`; `bench/people_differ.py` measures with the same vectors. The one
idea: every number is an integer that doubles hold exactly, so that the same texts give the same
buckets in any worker, however its linear algebra is threaded. Absent: meaning. Words that are
spelt alike are all that counts here.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text.scatter import mix

Ints = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

_WORD: Final = r"\p{Han}|[\p{L}\p{N}--\p{Han}]+"
_SEEN: Final = 250
"""Characters of a text that are looked at."""
_DIMENSIONS: Final = 64
"""Bits of a word's hash: each is a sign in one direction (Charikar 2002)."""
_LENGTH: Final = 127.0
"""Length of a vector; dot products stay below 2^24, which single precision holds exactly."""
_WEIGHT_MAX: Final = 8.0
"""Bits: a word of one text in 256 or fewer counts no more than that."""
_SHARED_MIN: Final = 4
"""Texts below which a word counts one bit: what few have can join few."""
_ROWS_AT_ONCE: Final = 4_096
_ROUNDS: Final = 4
"""Of moving the middles; later ones change little."""
_SAMPLE: Final = 16_384
"""Texts by which the middles are moved; all are given to the middle that is nearest."""
_BUCKET_MIN: Final = 24
"""Texts below which a bucket is given to its neighbours."""


def embed_texts(texts: pl.Series) -> Vectors:
    """Give each text a vector of integers: the signs of its words, weighted by how rare they are.

    Grain:   one row per text, of length 127; zero where a text has no word. Order: as given.
    Cost:    linear in words; about a million of them a second.
    """
    words = texts.str.slice(0, _SEEN).str.to_lowercase().str.extract_all(_WORD)
    row = np.repeat(np.arange(len(texts)), words.list.len().to_numpy())
    flat = words.filter(words.list.len() > 0).explode(empty_as_null=False)
    if not len(flat):
        return np.zeros((len(texts), _DIMENSIONS), np.float32)
    code = flat.rank("dense").to_numpy().astype(np.int64) - 1
    known = flat.unique().sort().to_list()
    signs = _project(known)
    count = np.bincount(code, minlength=len(known))
    rarity = np.clip(np.round(np.log2(len(texts) / count)), 1.0, _WEIGHT_MAX)
    weight = np.where(count < _SHARED_MIN, 1.0, rarity).astype(np.int16)
    return _scale(_add_up(signs * weight[:, None], code, row, len(texts)))


def _project(words: list[str]) -> npt.NDArray[np.int16]:
    keys = np.array([zlib.crc32(word.encode()) for word in words], np.uint64)
    bits = np.unpackbits(mix(keys).view(np.uint8).reshape(-1, 8), axis=1)
    return bits.astype(np.int16) * 2 - 1


def _add_up(signs: npt.NDArray[np.int16], code: Ints, row: Ints, rows: int) -> Vectors:
    total = np.zeros((rows, _DIMENSIONS), np.float32)
    for begin in range(0, rows, _ROWS_AT_ONCE):
        low, high = np.searchsorted(row, [begin, begin + _ROWS_AT_ONCE])
        if low < high:
            starts = np.flatnonzero(np.diff(row[low:high], prepend=-1))
            sums = np.add.reduceat(signs[code[low:high]], starts, axis=0, dtype=np.int32)
            total[row[low:high][starts]] = sums
    return total


def _scale(vectors: Vectors) -> Vectors:
    """Bring vectors to one length, in whole numbers."""
    exact = vectors.astype(np.float64)
    norm = np.sqrt((exact**2).sum(axis=1, keepdims=True))
    return np.asarray(np.round(exact * (_LENGTH / np.maximum(norm, 1.0))), np.float32)


def sort_into_buckets(vectors: Vectors, *, size: int) -> Ints:
    """Give every text the bucket of its neighbours: spherical k-means, in whole numbers.

    Units:   `size` is the texts that a bucket holds on average. Grain: one number per row, from 0.
    Source:  Dhillon & Modha 2001. Cost: rows² / size dot products, and some rounds
             of it for a sample.
    """
    count = max(1, len(vectors) // size)
    some = vectors[np.argsort(mix(np.arange(len(vectors))))[:_SAMPLE]]
    middles = some[:count].copy()
    for _ in range(_ROUNDS):
        bucket = _nearest(some, middles)
        members = np.bincount(bucket, minlength=len(middles))
        settled = np.flatnonzero(members)
        starts = np.cumsum(members)[settled] - members[settled]
        ordered = some[np.argsort(bucket, kind="stable")]
        middles[settled] = _scale(np.add.reduceat(ordered, starts, axis=0))
    bucket = _nearest(vectors, middles)
    members = np.bincount(bucket, minlength=len(middles))
    kept = members >= min(_BUCKET_MIN, int(members.max()))
    return _nearest(vectors, middles[kept])


def _nearest(vectors: Vectors, middles: Vectors) -> Ints:
    parts = [
        np.argmax(vectors[begin : begin + _ROWS_AT_ONCE] @ middles.T, axis=1)
        for begin in range(0, len(vectors), _ROWS_AT_ONCE)
    ]
    return np.concatenate(parts).astype(np.int64)
