"""What takes seconds to load: imported when its turn comes, or ahead of it in a thread.

Reading begins while the kernels of *observe* are still being compiled; those of *link* and *detect*
are fetched, and what judging and reporting need (SciPy, Altair) is loaded, while *link* gathers
traits. A name of a later stage is an attribute of this module, and the first look at it imports its
stage. Nothing else changes: whoever needs what isn't ready yet waits for it, and meets the fault if
there was one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from stillwatch.app import compiler

if TYPE_CHECKING:
    from stillwatch.app.look import look_at_traffic
    from stillwatch.detect import Detected, Register, Tied, detect_campaigns, load_null
    from stillwatch.detect.dispositions.tables import STANDING
    from stillwatch.detect.through_time import find_telling
    from stillwatch.link import Linked, link_accounts, smallest_groups
    from stillwatch.report import Findings, render_html, render_markdown

__all__ = [
    "STANDING",
    "Detected",
    "Findings",
    "Linked",
    "Register",
    "Tied",
    "detect_campaigns",
    "find_telling",
    "link_accounts",
    "load_null",
    "look_at_traffic",
    "render_html",
    "render_markdown",
    "smallest_groups",
]

_HOMES: Final = {
    "stillwatch.app.look": ("look_at_traffic",),
    "stillwatch.detect": ("Detected", "Register", "Tied", "detect_campaigns", "load_null"),
    "stillwatch.detect.dispositions.tables": ("STANDING",),
    "stillwatch.detect.through_time": ("find_telling",),
    "stillwatch.link": ("Linked", "link_accounts", "smallest_groups"),
    "stillwatch.report": ("Findings", "render_html", "render_markdown"),
}
"""Module → the names that come from it."""
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}
_TIE_AND_JUDGE: Final = ("stillwatch.link", "stillwatch.detect")
"""Modules that are imported while their kernels are being compiled."""
_COMPILED_FOR: Final = frozenset({"link_accounts"})
"""Names that are worth nothing without the kernels of *link*: looking at them waits for these."""


def __getattr__(name: str) -> Any:  # noqa: ANN401  any of the stages' names
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    if name in _COMPILED_FOR:
        _compile_later_stages().result()
    return getattr(import_module(_HOME_OF[name]), name)


def start_compiling() -> None:
    """Have kernels made in a process of their own, where this machine has none yet.

    For a command to call before it imports the stages, or simulates. Once a process.
    """
    if not compiler.is_compiled():
        compiler.start_compiler()


@cache
def compile_ahead() -> Future[None]:
    """Have the kernels of *observe* ready; the future is done when they can be used.

    The kernel that hashes names is there when this returns: reading a register or a record needs
    it. Where the cache lacks it, it lacks all, and a process of its own makes them, while this one
    makes the first. Once a process.
    """
    start_compiling()
    compiler.compile_names()
    return _in_thread(_compile_observe)


@cache
def load_ahead() -> Future[None]:
    """Have the kernels of *link* ready, then load the stages after it, in a thread.

    Once a process.
    """
    _compile_later_stages()
    return _in_thread(_load_stages)


@cache
def _compile_later_stages() -> Future[None]:
    return _in_thread(_fetch_kernels)


def _in_thread(work: Callable[[], None]) -> Future[None]:
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    done = pool.submit(work)
    pool.shutdown(wait=False)
    return done


def _compile_observe() -> None:
    if child := compiler.started_compiler():
        child.wait_for_observe()
    compiler.compile_observe()


def _fetch_kernels() -> None:
    child = compiler.started_compiler()
    if child:
        child.go_on()
    for home in _TIE_AND_JUDGE:
        import_module(home)
    if child:
        child.wait_for_all()
    compiler.compile_later_stages()


def _load_stages() -> None:
    _compile_later_stages().result()
    import_module("stillwatch.report.drawing").start_converter()
