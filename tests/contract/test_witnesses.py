"""Every witness of judging, found by discovery, through the same checks."""

from __future__ import annotations

import importlib
import math
import pkgutil
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from stillwatch.detect import witnesses
from stillwatch.detect.traffic import COLUMNS
from stillwatch.detect.witnesses import WITNESSES, Core, Witness
from stillwatch.detect.witnesses.core import EXCHANGES_MIN, Usual
from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.tables import OBSERVED

MODULES = {
    name: importlib.import_module(f"{witnesses.__name__}.{name}")
    for _, name, _ in pkgutil.iter_modules(witnesses.__path__)
    if name != "core"  # what witnesses are shown
}
OF_THE_REGISTER = {"declared_owner", "handed_on", "moved_on"}
"""Witnesses that read no core exchange: a thin core doesn't silence them."""


def core_of(accounts: int, exchanges: int, *, seed: int = 0, **missing: Any) -> Core:  # noqa: ANN401  None or nothing
    """Make a full core of random exchanges; columns named are emptied."""
    rng = np.random.default_rng(seed)
    rows = accounts * exchanges
    full = {
        "exchange_id": [f"x{k}" for k in range(rows)],
        "hour": (hour := rng.integers(0, 200, rows)),
        "time": pl.Series(hour * 3_600_000_000).cast(OBSERVED.schema["time"]),
        "prompt_hash": rng.integers(0, rows, rows),
        "tactic_probability": rng.random(rows),
        "output_tokens": rng.integers(1, 4_000, rows),
        "turn": rng.integers(1, 4, rows),
    } | missing
    frame = pl.DataFrame(
        {
            c: pl.Series(
                full[c] if full.get(c) is not None else [None] * rows, dtype=OBSERVED.schema[c]
            )
            for c in COLUMNS
        }
    )
    vectors = rng.normal(size=(rows, limits.EMBEDDING_DIMENSIONS))
    account = np.repeat(np.arange(accounts), exchanges)
    return Core(account, vectors, frame, 0.5, Usual(9.0, 0.4, 0.5), 0.3, 0.4, 0.9, True)


def shuffled(core: Core) -> Core:
    """The same core with its exchanges in another order and its accounts under other numbers."""
    order = np.random.default_rng(5).permutation(len(core.account))
    fresh = np.random.default_rng(6).permutation(core.accounts)
    return replace(
        core,
        account=fresh[core.account[order]],
        embedding=core.embedding[order],
        exchanges=core.exchanges[order],
    )


@pytest.fixture(params=WITNESSES, ids=[w.name for w in WITNESSES])
def witness(request: pytest.FixtureRequest) -> Witness:
    """Each witness in turn."""
    found: Witness = request.param
    return found


def test_every_file_of_the_folder_is_a_witness_that_is_heard() -> None:
    """The listing is the catalogue: no file is left out, none counts twice."""
    own = [one for module in MODULES.values() for one in vars(module).values()]
    found = [one for one in own if isinstance(one, Witness)]
    assert {id(one) for one in found} == {id(w) for w in WITNESSES}
    assert len({w.name for w in WITNESSES}) == len(WITNESSES) == len(found)
    assert all(any(isinstance(v, Witness) for v in vars(m).values()) for m in MODULES.values())


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_witness_says_what_defeats_it(name: str) -> None:
    """Its docstring names a blind spot: a move of an attacker, or a look-alike."""
    text = " ".join((MODULES[name].__doc__ or "").split())
    assert "Blind spot:" in text
    assert len(text.split("Blind spot:")[1]) > 40


def test_a_witness_is_declared_in_full(witness: Witness) -> None:
    """A family, a sign that follows from what a harvest is, a unit and an innocent story."""
    assert witness.family in FAMILIES
    assert witness.sign in {-1, 1}
    assert len(witness.unit) > 10
    assert len(witness.innocent) > 10
    assert witness.name.replace("_", "").isalpha()


def test_a_witness_gives_one_finite_figure_of_a_full_core(witness: Witness) -> None:
    """The same figure when it is asked again."""
    core = core_of(12, 10)
    assert math.isfinite(witness.measure(core))
    assert witness.measure(core) == witness.measure(core)


def test_a_witness_doesn_t_care_for_order_or_names(witness: Witness) -> None:
    """Exchanges shuffled and accounts renumbered: the same figure."""
    core = core_of(12, 10, seed=3)
    assert witness.measure(shuffled(core)) == pytest.approx(witness.measure(core))


@pytest.mark.parametrize("shape", [(1, 60), (3, 2), (EXCHANGES_MIN - 1, 1)])
def test_a_witness_is_silent_on_thin_traffic(witness: Witness, shape: tuple[int, int]) -> None:
    """One account, or fewer than twenty exchanges: not a number, and no warning."""
    found = witness.measure(core_of(*shape))
    assert math.isnan(found) or witness.name in OF_THE_REGISTER


def test_a_witness_takes_missing_columns_without_a_failure(witness: Witness) -> None:
    """Logs leave things out: silence or a figure, never an exception."""
    empty = core_of(6, 10, prompt_hash=None, tactic_probability=None, output_tokens=None, turn=None)
    assert isinstance(witness.measure(empty), float)


def test_silence_is_heard_where_a_witness_s_own_column_is_empty() -> None:
    """Items, tactics, tokens and turns: without them four witnesses say nothing."""
    silent = {"item_diversity": "prompt_hash", "tactics": "tactic_probability",
              "taking": "output_tokens", "follow_up": "turn"}  # fmt: skip
    for witness in WITNESSES:
        if column := silent.get(witness.name):
            assert math.isnan(witness.measure(core_of(6, 10, **{column: None}))), witness.name
