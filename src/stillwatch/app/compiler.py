"""Kernels compiled in a process of their own, the first time that a machine runs this code.

Compiling holds Python's lock for ten seconds: in the process that reads, nothing else would run.
The child writes into Numba's cache, says when the kernels of *observe* are there, and makes the
others when it is told to: while exchanges are read, every core is needed. Deliberately absent:
anything that a run depends on. A child that fails or hangs costs time: whoever needs a kernel
compiles it.
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
from typing import Final

from stillwatch.domain import keyed
from stillwatch.domain.limits import COMPILE_S_MAX

_OBSERVED: Final = b"observed\n"
_GO_ON: Final = b"go on\n"


class Compiler:
    """The child, as the process that waits for it sees it; one that takes too long is ended."""

    def __init__(self) -> None:
        words = [sys.executable, "-P", "-m", __name__]
        self._process = subprocess.Popen(  # noqa: S603  our own module, by our own interpreter
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def wait_for_observe(self) -> None:
        """Return when the kernels of *observe* are in the cache, or the child is gone."""
        assert self._process.stdout is not None, "it was made with a pipe"  # noqa: S101  a bug
        with self._bound():
            self._process.stdout.readline()

    def wait_for_all(self) -> None:
        """Have the other kernels made, and return when the child is gone."""
        with self._bound():
            self._process.communicate(_GO_ON)

    @contextmanager
    def _bound(self) -> Iterator[None]:
        timer = threading.Timer(COMPILE_S_MAX, self._process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


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


def compile_observe() -> None:
    """Compile what reads a text, or load it from the cache."""
    import_module("stillwatch.observe.content.rows").compile_kernels()


def compile_later_stages() -> None:
    """Compile what ties accounts and weighs exchanges, or load it from the cache."""
    import_module("stillwatch.link.counts").compile_kernels()
    import_module("stillwatch.detect.unmix.membership").compile_kernel()


def main() -> None:
    """Be the child: a parent that ends before it asks for more ends it too."""
    compile_observe()
    sys.stdout.buffer.write(_OBSERVED)
    sys.stdout.buffer.flush()
    if sys.stdin.buffer.readline() == _GO_ON:
        compile_later_stages()


if __name__ == "__main__":
    main()
