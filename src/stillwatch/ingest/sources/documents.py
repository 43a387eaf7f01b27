"""A JSON array, or documents spread over many lines, rewritten as one document a line.

A file that is one array of a million records must not be held whole. The rewriting needs no
parser: outside strings, a line break inside a document becomes a space, and a comma between the
elements of an outermost array becomes a line break. Length is kept, so blocks map to blocks, and
what comes out is cut, parsed and counted as lines: a record's line is then its place in the file.
Broken JSON stays broken, and is quarantined further on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt

_NEWLINE, _SPACE, _BRACKET = ord("\n"), ord(" "), ord("[")
_OTHER, _QUOTE, _ESCAPE, _OPENS, _SHUTS, _COMMA, _BREAK = range(7)
_KINDS: Final = np.zeros(256, np.uint8)
"""What each byte does to the nesting of JSON."""
for _kind, _bytes in ((_QUOTE, '"'), (_ESCAPE, "\\"), (_OPENS, "[{"), (_SHUTS, "]}")):
    _KINDS[list(_bytes.encode())] = _kind
_KINDS[ord(",")] = _COMMA
_KINDS[list(b"\n\r")] = _BREAK
_DEPTH, _IN_STRING, _ESCAPED, _IN_ARRAY, _STATES = range(5)


def one_document_a_line(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Rewrite a stream of JSON documents, or of arrays of them, to one document a line.

    Cost:    linear; holds one block.
    """
    state = np.zeros(_STATES, np.int64)
    for block in blocks:
        data = np.frombuffer(block, np.uint8).copy()
        _rewrite(data, state)
        yield data.tobytes()


@nb.njit(nogil=True, cache=True)
def _rewrite(data: npt.NDArray[np.uint8], state: npt.NDArray[np.int64]) -> None:
    for i in range(len(data)):
        kind = _KINDS[data[i]]
        if state[_IN_STRING]:
            if state[_ESCAPED]:
                state[_ESCAPED] = 0
            elif kind == _ESCAPE:
                state[_ESCAPED] = 1
            elif kind == _QUOTE:
                state[_IN_STRING] = 0
        elif kind == _QUOTE:
            state[_IN_STRING] = 1
        elif kind != _OTHER:
            data[i] = _outside(data[i], kind, state)


@nb.njit(nogil=True, cache=True)
def _outside(byte: int, kind: int, state: npt.NDArray[np.int64]) -> int:
    """Give what stands in the place of a byte outside strings, and follow the nesting."""
    if kind == _OPENS:
        state[_DEPTH] += 1
        if state[_DEPTH] == 1 and byte == _BRACKET:
            state[_IN_ARRAY] = 1
            return _SPACE
    elif kind == _SHUTS:
        state[_DEPTH] = max(state[_DEPTH] - 1, 0)
        if state[_DEPTH] == 0 and state[_IN_ARRAY]:
            state[_IN_ARRAY] = 0
            return _NEWLINE
    elif kind == _COMMA and state[_DEPTH] == 1 and state[_IN_ARRAY]:
        return _NEWLINE
    elif kind == _BREAK and state[_DEPTH] > 0:
        return _SPACE
    return byte
