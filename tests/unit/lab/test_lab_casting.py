"""Casting: look-alikes by number, the contract's population, and the same bytes by any workers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from stillwatch.domain.errors import InputError
from stillwatch_lab.cohorts.casting import Casting, read_asked
from stillwatch_lab.cohorts.groups import order_all, order_turns
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, TIED, UNOWNED, USUAL
from stillwatch_lab.cohorts.people import draw_volumes
from stillwatch_lab.cohorts.strangers import ORDINARY, divide
from stillwatch_lab.commands import register
from stillwatch_lab.scenarios import choose
from stillwatch_lab.scenarios.innocent import EACH, POPULATION, settle_population
from stillwatch_lab.simulate import Output, Summary, simulate

SCALE = 0.006
BUSY = 667
"""Exchanges of a head in a fortnight (CONTRACT.md, section 3)."""
STEADY = {"load-balanced", "partner", "open-keys", "resale", "partner-over-budget", "relay"}
"""Kinds whose accounts send alike."""


@pytest.fixture(scope="module")
def innocent(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Three thousand honest accounts with every look-alike, by two workers."""
    out = tmp_path_factory.mktemp("lab") / "innocent"
    return simulate("innocent", out=out, scale=SCALE, seed=7, output=Output(workers=2))


def truth(directory: Path) -> pl.DataFrame:
    """The truth of accounts."""
    return pl.read_csv(directory / "truth" / "accounts.csv", infer_schema_length=None)


def kinds(directory: Path) -> Counter[str]:
    """How many groups of each look-alike a directory holds."""
    groups = truth(directory)["group"].drop_nulls().unique().to_list()
    return Counter(group.rpartition("-")[0] for group in groups)


def test_innocent_holds_every_look_alike_at_a_small_scale(innocent: Summary) -> None:
    """Each kind at least once, at its least size or above; every role is in the truth."""
    rows = truth(innocent.out)
    assert set(kinds(innocent.out)) == set(USUAL)
    assert {LOOK_ALIKES[name].role for name in USUAL} <= set(rows["role"])
    assert "benign-individual" in set(rows["role"])
    assert rows["campaign"].null_count() == rows.height
    sizes = dict(rows.group_by(pl.col("group").str.replace(r"-\d+$", "")).len().iter_rows())
    assert all(sizes[name] >= LOOK_ALIKES[name].least for name in USUAL)


def test_innocent_sends_forty_each_and_nobody_above_a_percent(innocent: Summary) -> None:
    """The contract's averages, as far as 3,000 heavy-tailed accounts can show them."""
    assert innocent.accounts == pytest.approx(POPULATION * SCALE, rel=0.01)
    assert innocent.exchanges / innocent.accounts == pytest.approx(EACH, rel=0.15)
    assert truth(innocent.out)["exchanges"].max() <= 0.01 * EACH * innocent.accounts


def test_one_worker_writes_what_two_write(innocent: Summary, tmp_path: Path) -> None:
    """Byte for byte, look-alikes with rows of their own included."""
    alone = simulate("innocent", out=tmp_path / "alone", scale=SCALE, seed=7)
    for path in sorted(innocent.out.rglob("*")):
        if path.is_file():
            other = alone.out / path.relative_to(innocent.out)
            assert path.read_bytes() == other.read_bytes(), path.name


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_half_of_the_traffic_is_from_accounts_as_busy_as_heads(scale: float) -> None:
    """At scale 1 and a tenth: the mean is the contract's and the tail as heavy as it says."""
    rng = np.random.default_rng(4)
    settled = settle_population(rng, Casting(scale))
    volumes = [
        draw_volumes(rng, count, law)
        for _, count, law in divide(ORDINARY, settled.strangers, settled.theirs)
    ]
    for order in settled.orders:
        law = order.volume(settled.volume)
        alike = order.size == 1 or order.kind in STEADY
        volumes.append(
            np.full(order.size, law.mean) if alike else draw_volumes(rng, order.size, law)
        )
    sent = np.concatenate(volumes)
    assert len(sent) == pytest.approx(POPULATION * scale, rel=0.001)
    assert sent.mean() == pytest.approx(EACH, rel=0.06)
    assert sent[sent >= BUSY].sum() / sent.sum() == pytest.approx(0.5, abs=0.06)
    assert sent.max() <= 0.01 * EACH * POPULATION * scale


def test_every_look_alike_can_be_switched_off_and_sized(tmp_path: Path) -> None:
    """0 = none of it, N = so many groups; the number of accounts and the mean stay."""
    asked = dict.fromkeys(LOOK_ALIKES, 0) | {"stolen-key": 3, "hackathon": 2}
    summary = simulate(choose("innocent", asked=asked), out=tmp_path / "some", scale=0.002, seed=1)
    assert kinds(summary.out) == {"stolen-key": 3, "hackathon": 2}
    assert summary.accounts == pytest.approx(POPULATION * 0.002, rel=0.01)
    roles = set(truth(summary.out)["role"])
    assert roles == {
        "benign-individual", "benign-app", "benign-stolen-key", "benign-hackathon",
    }  # fmt: skip


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_look_alike_that_is_asked_for_is_there_in_that_number(name: str) -> None:
    """Every name by itself: none, or five, whatever the scale; the others keep theirs."""
    usual = Counter(order.kind for order in order_all(np.random.default_rng(0), Casting(0.01)))
    for number in (0, 5):
        casting = Casting(0.01, {name: number})
        found = Counter(order.kind for order in order_all(np.random.default_rng(0), casting))
        assert found == Counter({**usual, name: number})


def test_a_large_look_alike_shrinks_with_the_scale() -> None:
    """Accounts follow the scale also where less than one group of them is left."""
    for scale in (1.0, 0.1, 0.02):
        orders = list(order_all(np.random.default_rng(3), Casting(scale)))
        users = sum(order.size for order in orders if order.kind == "framework")
        assert users == pytest.approx(8 * 11_300 * scale, rel=0.45)


def test_honest_groups_take_turns_through_every_tied_kind() -> None:
    """The null of judging knows them all: no kind more than once more often than another."""
    rng = np.random.default_rng(0)
    turns = Counter(order.kind for order in order_turns(rng, TIED, accounts=10**9, groups=63))
    assert set(turns) == set(TIED) == {k for k in USUAL if LOOK_ALIKES[k].shape == "group"}
    assert max(turns.values()) - min(turns.values()) <= 1


def test_only_bounded_kinds_keep_to_their_sizes_in_turns() -> None:
    """Keys on one card are forty at most in the null of judging too; others go up to 400."""
    rng = np.random.default_rng(1)
    turns = list(order_turns(rng, TIED, accounts=10**9, groups=2_530))
    card = [order.size for order in turns if order.kind == "card-keys"]
    lent = [order.size for order in turns if order.kind == "key-pool"]
    assert (min(card), max(card)) == LOOK_ALIKES["card-keys"].size
    assert max(lent) > 300


def test_unowned_groups_are_of_the_kinds_that_declare_nobody(tmp_path: Path) -> None:
    """Classes, cohorts, hackathons, launches, keys lent or on one card in turn; no others."""
    summary = simulate("unowned-groups", out=tmp_path / "t", seed=3, scale=0.1)
    roles = set(truth(summary.out)["role"])
    assert roles == {
        "benign-individual", "benign-app", "benign-vpn", "benign-framework", "benign-class",
        "benign-startup", "benign-hackathon", "benign-launch", "benign-key-pool",
        "benign-card-keys", "benign-card-fleet",
    }  # fmt: skip
    assert tuple(name for name in TIED if name in UNOWNED) == UNOWNED


@pytest.mark.parametrize("scenario", ["demo", "trial", "honest-groups"])
def test_other_scenarios_take_what_is_asked_for(tmp_path: Path, scenario: str) -> None:
    """A look-alike of their own goes, another comes; the rest of the cast stays."""
    chosen = choose(scenario, asked={"office": 0, "ci-robots": 2, "vpn": 0})
    summary = simulate(chosen, out=tmp_path / "t", scale=0.02, seed=1)
    found = kinds(summary.out)
    assert found["ci-robots"] == 2
    assert found["office"] == 0
    assert "benign-vpn" not in set(truth(summary.out)["role"])
    assert "benign-individual" in set(truth(summary.out)["role"])


def test_options_are_read_and_mistakes_are_said_in_a_line() -> None:
    """NAME=N, repeatable; an unknown name or no number is bad usage."""
    assert read_asked(["office=0", "batch=12"]) == {"office": 0, "batch": 12}
    for wrong in ("offices=1", "office", "office=-1", "office=many", "office=1.5"):
        with pytest.raises(InputError):
            read_asked([wrong])


def test_the_command_takes_look_alikes(tmp_path: Path) -> None:
    """`--look-alike` twice: one off, one sized."""
    app = typer.Typer()
    register(app)
    out = tmp_path / "t"
    asked = ["--look-alike", "vpn=0", "--look-alike", "fine-tuner=4"]
    run = CliRunner().invoke(
        app, ["simulate", "innocent", "--out", str(out), "--scale", "0.001", *asked]
    )
    assert run.exit_code == 0, run.output
    assert kinds(out)["fine-tuner"] == 4
    assert kinds(out)["vpn"] == 0
