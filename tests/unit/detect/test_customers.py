"""A proxy's customers' streams are no harvest, whoever carries them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from traffic_by_hand import Scene

from stillwatch.detect.traffic import Traffic
from stillwatch.detect.unmix.customers import leave_out_customers

HEADS = 30
WORK = {"harvest": 20, "customer": 10, "rest": 40}
"""Exchanges of each head: of the harvest, of one customer's program, of its other customers."""
ASKS = {"harvest": 0.2, "customer": 0.01, "rest": 0.01}
"""Their tactic probabilities."""


def play(
    asks: Mapping[str, float | None] = ASKS, work: Mapping[str, int] = WORK
) -> tuple[Traffic, list[str], dict[str, str]]:
    """A proxy's traffic, its accounts, and what each exchange is."""
    scene, kinds = Scene(seed=4), {}
    scene.add_strangers(20)
    heads = [f"p{k:02d}" for k in range(HEADS)]
    subjects = {name: scene.rng.normal(size=32) * 2.0 for name in ("harvest", "customer")}
    for head in heads:
        for name, count in work.items():
            for _ in range(count):
                subject = subjects.get(name, scene.rng.normal(size=32) * 2.0)
                said = asks[name]
                tactic = None if said is None else said * float(scene.rng.lognormal(0.0, 0.5))
                sent = scene.send(head, [], centre=subject, tactic_probability=tactic)
                kinds[sent["exchange_id"]] = name
    return scene.traffic(), heads, kinds


def count(
    asks: Mapping[str, float | None] = ASKS, work: Mapping[str, int] = WORK
) -> dict[str, tuple[float, float]]:
    """Mean membership by kind, before and after, where passages mark harvest and customer alike."""
    traffic, heads, kinds = play(asks, work)
    codes = traffic.codes_of(heads)
    ids = traffic.exchanges["exchange_id"].gather(traffic.rows_of(codes)).to_list()
    kind = np.array([kinds[x] for x in ids])
    before = np.where(kind == "rest", 0.1, 0.9)
    after = leave_out_customers(traffic, codes, before)
    assert np.all((after == before) | (after == 0.0))
    return {name: (before[kind == name].mean(), after[kind == name].mean()) for name in work}


def test_a_customers_program_counts_no_more_and_the_harvest_does() -> None:
    """One stream of two is let go, whole; what was not marked stays as it was."""
    found = count()
    assert found["customer"][1] == pytest.approx(0.0)
    assert found["harvest"][1] == pytest.approx(0.9)
    assert found["rest"][1] == pytest.approx(0.1)


def test_a_harvest_that_asks_as_anybody_does_is_left_whole() -> None:
    """Nothing tells it from customers, so that nothing is let go."""
    found = count(ASKS | {"harvest": 0.01})
    assert all(after == before for before, after in found.values())


def test_heads_that_carry_nobody_are_left_whole() -> None:
    """Next to all of what they send is marked."""
    found = count(work=WORK | {"rest": 2})
    assert all(after == before for before, after in found.values())


def test_a_part_that_asks_as_anybody_does_is_let_go_where_it_is_the_lesser() -> None:
    """Three marked in four ask like a customer: then tactics don't tell, and all stays."""
    found = count(work=WORK | {"customer": 60, "rest": 80})
    assert all(after == before for before, after in found.values())


def test_logs_without_texts_tell_of_nothing() -> None:
    """No tactic is known of any: memberships stay; of a stream without one it is the same."""
    silent: dict[str, float | None] = dict.fromkeys(WORK)
    assert all(after == before for before, after in count(silent).values())
    part = count({**ASKS, "customer": None})
    assert all(after == before for before, after in part.values())


def test_words_that_are_all_the_same_are_one_stream() -> None:
    """Fewer wordings than streams are no error: they are parted in fewer, or not at all."""
    scene = Scene(seed=5)
    heads = [f"p{k:02d}" for k in range(HEADS)]
    for head in heads:
        for k in range(40):
            scene.send(head, [], tactic_probability=0.3 if k % 2 else 0.001)
    for row in scene.rows:
        row["embedding"] = bytes([127] + [0] * 31)
    traffic = scene.traffic()
    codes = traffic.codes_of(heads)
    tactic = traffic.exchanges["tactic_probability"].gather(traffic.rows_of(codes)).to_numpy()
    before = np.where(tactic > 0.1, 0.9, 0.1)
    assert np.array_equal(leave_out_customers(traffic, codes, before), before)
