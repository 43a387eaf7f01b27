"""Kernels compiled in a process of their own, the first time that a machine runs this code.

Compiling holds Python's lock for twenty seconds: in the process that reads, nothing else would run.
The child writes into Numba's cache, says when the kernel that hashes names is there and when those
of *observe* are, and makes the others when it is told to, with a child of its own beside it: while
exchanges are read, every core is needed. Deliberately absent: anything that a run depends on. A
child that fails or hangs costs time: whoever needs a kernel compiles it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Final

import polars as pl
import pyarrow as pa

from stillwatch.domain import keyed
from stillwatch.domain.channels.families import CHANNELS
from stillwatch.domain.limits import COMPILE_S_MAX
from stillwatch.domain.tables import REGISTER, TRAIT

_OURSELVES: Final = "stillwatch.app.compiler"
_TRAITS: Final = "traits"
_NAMES: Final = b"names\n"
_OBSERVED: Final = b"observed\n"
_GO_ON: Final = b"go on\n"


class Compiler:
    """The child, as the process that waits for it sees it; one that takes too long is ended."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own module, by our own interpreter
            _words(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def wait_for_names(self) -> None:
        """Return when the kernel that hashes names is in the cache, or the child is gone."""
        self._wait_for(_NAMES)

    def wait_for_observe(self) -> None:
        """Return when the kernels of *observe* are in the cache, or the child is gone."""
        self._wait_for(_OBSERVED)

    def wait_for_all(self) -> None:
        """Have the other kernels made, and return when the child is gone."""
        with self._bound():
            self._process.communicate(_GO_ON)

    def _wait_for(self, word: bytes) -> None:
        with self._bound():
            while (line := self._said().readline()) and line != word:
                pass

    def _said(self) -> IO[bytes]:
        assert self._process.stdout is not None, "it was made with a pipe"  # noqa: S101  a bug
        return self._process.stdout

    @contextmanager
    def _bound(self) -> Iterator[None]:
        timer = threading.Timer(COMPILE_S_MAX, self._process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _words(*more: str) -> list[str]:
    return [sys.executable, "-P", "-m", _OURSELVES, *more]


@cache
def start_compiler() -> Compiler | None:
    """Start the child, once a process; None where no process can be started."""
    try:
        return Compiler()
    except OSError:
        return None


def started_compiler() -> Compiler | None:
    """Give the child, where one was started."""
    return start_compiler() if start_compiler.cache_info().currsize else None


def is_compiled() -> bool:
    """Say whether Numba's cache knows this code: by the name of a file of the first kernel.

    A wrong answer costs seconds, and nothing else.
    """
    return any(Path(keyed.cache_folder()).glob("keyed._hash_strings*.nbi"))


def compile_names() -> None:
    """Compile what hashes names, or load it from the cache."""
    keyed.hash_strings(pa.array([""], pa.large_string()), key=keyed.PseudonymKey(0, 0))


def compile_observe() -> None:
    """Compile what reads a text, or load it from the cache."""
    import_module("stillwatch.observe.content.rows").compile_kernels()


def compile_later_stages() -> None:
    """Compile what ties accounts and weighs exchanges, or load it from the cache."""
    compile_groups()
    compile_traits()


def compile_groups() -> None:
    """Compile half of it: what lays out who holds what, grows groups, and weighs for them."""
    shared = pl.DataFrame({"account_id": ["a", "b"], "value": 1, "share": 1.0})
    traits = TRAIT.conform(shared.with_columns(channel=pl.lit(CHANNELS[0].name)))
    import_module("stillwatch.link.table").tabulate_traits(traits, register=REGISTER.empty())
    import_module("stillwatch.link.counts").compile_groups()
    import_module("stillwatch.link.counts").compile_seeds()
    import_module("stillwatch.detect.unmix.membership").compile_kernel()


def compile_traits() -> None:
    """Compile the other half, which takes as long: what counts what accounts hold."""
    import_module("stillwatch.observe.account_traits").compile_kernels()


def main() -> None:
    """Be the child, which ends if its parent does before it asks for more; or the child's child."""
    if sys.argv[1:] == [_TRAITS]:
        compile_traits()
        return
    compile_names()
    _say(_NAMES)
    compile_observe()
    _say(_OBSERVED)
    if sys.stdin.buffer.readline() == _GO_ON:
        with subprocess.Popen(_words(_TRAITS), stdout=subprocess.DEVNULL):  # noqa: S603  ourselves
            compile_groups()


def _say(word: bytes) -> None:
    sys.stdout.buffer.write(word)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
