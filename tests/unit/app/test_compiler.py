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
def test_the_child_makes_all_kernels_in_the_order_of_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads a text first, then what *link* and *detect* need; then it is gone."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    child = compiler.Compiler()
    child.wait_for_observe()
    assert "read_rows" in names_in(tmp_path)
    child.go_on()
    child.wait_for_all()
    assert child._process.returncode == 0
    made = names_in(tmp_path)
    assert all(name in made for name in ("grow", "refine_seeds", "weigh_actors", "_score_rows"))


@pytest.mark.long
def test_the_child_ends_with_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent that is gone closes its end of the pipe: unasked, the child makes no more."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    child = compiler.Compiler()
    child._process.communicate()
    assert child._process.returncode == 0
    assert "read_rows" in names_in(tmp_path)
    assert "grow" not in names_in(tmp_path)


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs its bound, and the process that waits compiles for itself."""
    monkeypatch.setattr(compiler, "COMPILE_S_MAX", 0.01)
    child = compiler.Compiler()
    child.wait_for_observe()
    child.go_on()
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


def test_linear_algebra_is_missing_for_no_longer_than_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What *link* and *detect* import from SciPy afterwards is there; what was there stays."""
    name = "scipy.linalg.cython_blas"
    monkeypatch.delitem(sys.modules, name, raising=False)
    with compiler._without_linear_algebra():
        assert sys.modules[name] is None
    assert name not in sys.modules
    monkeypatch.setitem(sys.modules, name, sys)
    with compiler._without_linear_algebra():
        assert sys.modules[name] is sys
    assert sys.modules[name] is sys
