"""Kernels compiled in a process of their own, the first time that a machine runs this code.

Compiling holds Python's lock for eight seconds: in the process that reads, nothing else would run.
The child writes into Numba's cache, says when the kernels of *observe* are there, and makes those
of *link* when it is told to: while exchanges are read, every core is needed. What hashes names, and
what counts who holds what, is quickly compiled where it is used, while the child makes the others.
Deliberately absent: anything that a run depends on. A child that fails or hangs costs time: whoever
needs a kernel compiles it.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import IO, Final, cast

import pyarrow as pa

from stillwatch.domain import keyed
from stillwatch.domain.limits import COMPILE_S_MAX

_OURSELVES: Final = "stillwatch.app.compiler"
_OBSERVED: Final = b"observed\n"
_GO_ON: Final = b"go on\n"
_NO_HELPERS: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""The child multiplies no matrices, and threads that wait for some take time from who reads."""
_LINEAR_ALGEBRA: Final = "scipy.linalg.cython_blas"
"""What Numba imports, a sixth of a second, to know whether kernels may multiply matrices."""


class Compiler:
    """The child, as the process that waits for it sees it; one that takes too long is ended."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own module, by our own interpreter
            [sys.executable, "-P", "-m", _OURSELVES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_NO_HELPERS},
        )

    def wait_for_observe(self) -> None:
        """Return when the kernels of *observe* are in the cache, or the child is gone."""
        with self._bound():
            self._said().readline()

    def go_on(self) -> None:
        """Have the other kernels made."""
        told = self._process.stdin
        assert told is not None, "it was made with a pipe"  # noqa: S101  a bug
        with suppress(OSError), told:  # it may be gone
            told.write(_GO_ON)

    def wait_for_all(self) -> None:
        """Return when the child is gone, with all kernels in the cache unless it failed."""
        with self._bound(), self._said() as said:
            said.read()
            self._process.wait()

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
    import_module("stillwatch.link.counts").compile_kernels()
    import_module("stillwatch.detect.traffic.passages").compile_kernels()
    import_module("stillwatch.detect.unmix.membership").compile_kernel()


@contextmanager
def _without_linear_algebra() -> Iterator[None]:
    """Have Numba find no BLAS: no kernel of ours needs it, and one that did would not compile."""
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    modules.setdefault(_LINEAR_ALGEBRA, None)
    try:
        yield
    finally:
        if modules[_LINEAR_ALGEBRA] is None:
            del modules[_LINEAR_ALGEBRA]


def main() -> None:
    """Be the child, which ends if its parent does before it asks for more."""
    gc.disable()  # of the million objects that compiling makes, most stay
    with _without_linear_algebra():
        compile_observe()
    sys.stdout.buffer.write(_OBSERVED)
    sys.stdout.buffer.flush()
    if sys.stdin.buffer.readline() == _GO_ON:
        compile_later_stages()


if __name__ == "__main__":
    main()
