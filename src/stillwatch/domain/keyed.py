"""The keyed hash: how a name becomes a pseudonym (SipHash-2-4 over Arrow string buffers).

SipHash is a keyed pseudo-random function: without the key nobody can test a guess (an address, an
e-mail, a sentence) against a stored hash. It runs in Numba over the buffers that Arrow holds, so
that a column costs one pass and no Python objects; results are Int64 (the bits of the unsigned
hash), which Polars and Spark store alike.

Source: Aumasson & Bernstein 2012, "SipHash: a fast short-input PRF"; test vectors in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.domain.arrays import null_mask, read_only, to_arrow

Int64Array = npt.NDArray[np.int64]
State = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
"""The four words that SipHash mixes."""
# Written out as constants: Numba compiles a call of `np.uint64` in ten times the time of a name.
_START: Final = tuple(
    np.uint64(v)
    for v in (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
)
_ZERO, _END, _EIGHT = np.uint64(0), np.uint64(0xFF), np.uint64(8 << 56)
_13, _16, _17, _21, _32 = (np.uint64(v) for v in (13, 16, 17, 21, 32))
_51, _48, _47, _43, _56 = (np.uint64(v) for v in (51, 48, 47, 43, 56))

CONTENT_BITS: Final = 48
"""Bits that a keyed hash of content (a passage, a whole text) has: the upper ones of 64, all others
are 0. Cut so, hashes keep their order, and one that is cut already stays as it is.

Of n values n² / 2^49 pairs are one by chance: of the 3e8 passages of 16 million exchanges 160, one
in a million of them; of the 1.2e7 that five exchanges carry 0.3, of 1.6e7 prompts 0.5. Names of
people, addresses and cards keep 64: there one pair may tie two strangers (ADR 0027)."""
CONTENT_MASK: Final = -(1 << 64 - CONTENT_BITS)
"""What a hash is cut by: an Int64, as hashes are."""
_CONTENT, _ALL = np.uint64(2**64 + CONTENT_MASK), -1


@dataclass(frozen=True, slots=True)
class PseudonymKey:
    """A 128-bit secret; its `repr` never shows it."""

    k0: int
    k1: int

    @classmethod
    def from_bytes(cls, secret: bytes) -> PseudonymKey:
        """Take 16 bytes as the key (little-endian halves, as SipHash defines)."""
        if len(secret) != 16:  # noqa: PLR2004  the length of a SipHash key
            message = f"a pseudonym key has 16 bytes, this one {len(secret)}"
            raise ValueError(message)
        return cls(int.from_bytes(secret[:8], "little"), int.from_bytes(secret[8:], "little"))

    def to_bytes(self) -> bytes:
        """Give the 16 bytes, for other keys to be derived from."""
        return b"".join(half.to_bytes(8, "little") for half in (self.k0, self.k1))

    def __repr__(self) -> str:
        return "PseudonymKey(…)"


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _start(k0: np.uint64, k1: np.uint64) -> State:
    return k0 ^ _START[0], k1 ^ _START[1], k0 ^ _START[2], k1 ^ _START[3]


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _absorb(state: State, word: np.uint64) -> State:
    """Mix a word in, in two rounds; the shifts are rotations, written out."""
    v0, v1, v2, v3 = state
    v3 ^= word
    for _ in range(2):
        v0 += v1
        v2 += v3
        v1 = ((v1 << _13) | (v1 >> _51)) ^ v0
        v3 = ((v3 << _16) | (v3 >> _48)) ^ v2
        v0 = (v0 << _32) | (v0 >> _32)
        v2 += v1
        v0 += v3
        v1 = ((v1 << _17) | (v1 >> _47)) ^ v2
        v3 = ((v3 << _21) | (v3 >> _43)) ^ v0
        v2 = (v2 << _32) | (v2 >> _32)
    return v0 ^ word, v1, v2, v3


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _finish(state: State, last: np.uint64) -> np.uint64:
    """Mix the last word in, and four rounds more: they are two words of zeros."""
    for step in range(3):
        state = _absorb(state, last if step == 0 else _ZERO)
        if step == 0:
            state = (state[0], state[1], state[2] ^ _END, state[3])
    return state[0] ^ state[1] ^ state[2] ^ state[3]


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def siphash_word(word: np.uint64, k0: np.uint64, k1: np.uint64) -> Any:  # noqa: ANN401  a NumPy scalar inside Numba
    """Hash one 64-bit word: what `_hash_strings` gives for its eight little-endian bytes."""
    return _finish(_absorb(_start(k0, k1), word), _EIGHT)


@nb.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def hash_content_word(word: np.uint64, k0: np.uint64, k1: np.uint64) -> Any:  # noqa: ANN401  a NumPy scalar inside Numba
    """Hash one 64-bit word of content: what `hash_content` gives for its eight bytes."""
    return np.int64(siphash_word(word, k0, k1) & _CONTENT)


@nb.njit(nogil=True, cache=True, no_cfunc_wrapper=True)
def _hash_strings(
    data: npt.NDArray[np.uint8],
    offsets: Int64Array,
    key: npt.NDArray[np.uint64],
    out: Int64Array,
) -> None:
    """Hash each range of bytes under `key` (two uint64)."""
    for row in range(len(out)):
        at, end = offsets[row], offsets[row + 1]
        last = np.uint64(end - at) << _56
        state = _start(key[0], key[1])
        while at < end - 7:
            word = _ZERO
            for i in range(8):
                word |= np.uint64(data[np.uint64(at + i)]) << np.uint64(8 * i)
            state = _absorb(state, word)
            at += 8
        for i in range(end - at):
            last |= np.uint64(data[np.uint64(at + i)]) << np.uint64(8 * i)
        out[row] = np.int64(_finish(state, last))


def cache_folder() -> str:
    """Say where Numba keeps what hashes names, compiled: the first kernel that any run needs."""
    return str(_hash_strings.stats.cache_path)


def text_buffers(strings: pa.Array) -> tuple[npt.NDArray[np.uint8], Int64Array]:
    """Give the bytes and the 64-bit offsets of an Arrow string array, without copying the bytes.

    Grain:   one offset per row and one more; a null row is an empty range. Both are read-only,
             whoever made them: one type for Numba, which compiles a kernel for each.
    Raises:  pyarrow.ArrowInvalid where the array is not of strings or bytes.
    """
    large = strings.cast(pa.large_binary())
    _, offset_buffer, data_buffer = large.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[large.offset : large.offset + len(large) + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer else np.zeros(0, np.uint8)
    return read_only(data), read_only(offsets)


def hash_strings(strings: pa.Array, *, key: PseudonymKey, domain: int = 0) -> pa.Array:
    """Pseudonymise a column of strings.

    Grain:   one Int64 per row. Nulls: stay null. Order: as given.
    Units:   64 keyed bits; two different values collide with probability 2^-64.
    domain:  a small number that keeps columns apart: equal texts in two domains hash differently.
    Cost:    linear in bytes; about 2 GB/s on one core; holds no lock on the interpreter.
    Source:  SipHash-2-4.
    """
    return _hash_column(strings, key, domain, kept=_ALL)


def hash_content(strings: pa.Array, *, key: PseudonymKey, domain: int = 0) -> pa.Array:
    """Pseudonymise a column of passages, or of whole texts.

    Grain:   as `hash_strings`, of which this is the upper CONTENT_BITS. Nulls, cost: likewise.
    """
    return _hash_column(strings, key, domain, kept=CONTENT_MASK)


def _hash_column(strings: pa.Array, key: PseudonymKey, domain: int, *, kept: int) -> pa.Array:
    if len(strings) == 0:
        return pa.nulls(0, pa.int64())
    data, offsets = text_buffers(strings)
    words = np.array([key.k0 ^ domain, key.k1], np.uint64)
    hashed = np.empty(len(strings), np.int64)
    _hash_strings(data, offsets, words, hashed)
    return to_arrow(hashed if kept == _ALL else hashed & kept, mask=null_mask(strings))
