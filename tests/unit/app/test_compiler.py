"""A child compiles kernels for the process that reads, and nothing hangs on it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stillwatch.app import compiler, late


def names_in(cache: Path) -> str:
    """Say which functions Numba's cache holds machine code of."""
    return " ".join(sorted(path.name for path in cache.rglob("*.nbi")))


@pytest.mark.long
def test_the_child_makes_what_reads_a_text_and_ends_with_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When `wait_for_observe` returns the cache has `read_rows`; unasked, it makes no more."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    child = compiler.Compiler()
    child.wait_for_observe()
    assert "read_rows" in names_in(tmp_path)
    child._process.communicate()
    assert child._process.returncode == 0
    assert "score_seeds" not in names_in(tmp_path)


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs its bound, and the process that waits compiles for itself."""
    monkeypatch.setattr(compiler, "COMPILE_S_MAX", 0.01)
    child = compiler.Compiler()
    child.wait_for_observe()
    child.wait_for_all()
    assert child._process.returncode != 0


def test_no_child_where_no_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that is not where it says costs nothing but the time to compile."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert compiler.start_compiler.__wrapped__() is None


def test_a_machine_that_has_compiled_starts_no_child() -> None:
    """The guess by the name of a cached file holds for the Numba that is installed."""
    late.compile_ahead().result()
    assert compiler.is_compiled()
