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

_NEWLINE, _RETURN, _SPACE, _QUOTE, _COMMA, _ESCAPE = (ord(c) for c in '\n\r ",\\')
_OPEN_ARRAY, _SHUT_ARRAY, _OPEN_OBJECT, _SHUT_OBJECT = (ord(c) for c in "[]{}")
_STATES: Final = 4


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
    depth, in_string, escaped, in_array = state[0], state[1], state[2], state[3]
    for i in range(len(data)):
        c = data[i]
        if in_string == 1:
            if escaped == 1:
                escaped = 0
            elif c == _ESCAPE:
                escaped = 1
            elif c == _QUOTE:
                in_string = 0
        elif c == _QUOTE:
            in_string = 1
        elif c == _OPEN_ARRAY or c == _OPEN_OBJECT:
            if depth == 0 and c == _OPEN_ARRAY:
                in_array = 1
                data[i] = _SPACE
            depth += 1
        elif c == _SHUT_ARRAY or c == _SHUT_OBJECT:
            depth = max(depth - 1, 0)
            if depth == 0 and in_array == 1:
                in_array = 0
                data[i] = _NEWLINE
        elif c == _COMMA:
            if depth == 1 and in_array == 1:
                data[i] = _NEWLINE
        elif (c == _NEWLINE or c == _RETURN) and depth > 0:
            data[i] = _SPACE
    state[0], state[1], state[2], state[3] = depth, in_string, escaped, in_array
