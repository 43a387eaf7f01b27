"""Whether two sets belong together: a glance at a few says what a hearing of all says."""

from __future__ import annotations

import numpy as np
import pytest
from populations import Population

from stillwatch.domain import limits
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.counts import promise_holders
from stillwatch.link.search import set_bars
from stillwatch.link.search.speak import speaks_for, take_sample
from stillwatch.link.table import I32, tabulate_traits
from stillwatch.link.workbench import Bench, set_bench, take_columns

TIES = {"payment": 1, "client": 1, "template": 2, "parameters": 1}


def set_scene() -> tuple[Bench, dict[str, I32]]:
    """A campaign in two batches, a firm of its own, and strangers."""
    crowd = Population(2_000, seed=3)
    heads = crowd.add_group("head", 400, **TIES)
    named = {
        "first": heads[:200],
        "second": heads[200:],
        "firm": crowd.add_group("key", 200, **TIES),
        "strangers": [f"s{k:06d}" for k in range(300)],
    }
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    bench = set_bench(take_columns(table), set_bars(LinkSettings()))
    row = {name: k for k, name in enumerate(table.actor_ids)}
    rows = {who: np.sort(np.array([row[n] for n in names])) for who, names in named.items()}
    return bench, {who: some.astype(np.int32) for who, some in rows.items()}


@pytest.mark.parametrize("glance", [8, 32, 10_000])
def test_a_batch_belongs_and_others_do_not_however_few_are_heard_first(
    glance: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 10,000 everybody is heard at once."""
    monkeypatch.setattr(limits, "MERGE_GLANCE", glance)
    bench, sets = set_scene()
    others = [sets[who] for who in ("second", "firm", "strangers")]
    assert speaks_for(bench, sets["first"], others) == [True, False, False]
    assert speaks_for(bench, sets["firm"], [sets["first"]]) == [False]


def test_a_few_that_fit_do_not_speak_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one that is heard first is a head, all others are strangers: then they are heard, too.

    The other way round nobody hears the others: a set in which the even sample is all strangers.
    """
    monkeypatch.setattr(limits, "MERGE_GLANCE", 10)
    bench, sets = set_scene()
    few = slice(None, None, 200 // limits.MERGE_GLANCE)
    mixed, spoilt = sets["strangers"][:200].copy(), sets["second"].copy()
    mixed[few] = sets["second"][few]
    spoilt[few] = sets["strangers"][:200][few]
    assert np.array_equal(take_sample(mixed, least=10), sets["second"][few])
    assert speaks_for(bench, sets["first"], [mixed, spoilt]) == [False, False]
    monkeypatch.setattr(limits, "MERGE_GLANCE", 10_000)
    assert speaks_for(bench, sets["first"], [mixed, spoilt]) == [False, True]


def test_a_group_promises_its_holders_what_they_share_with_it_and_others_nothing() -> None:
    """Members of the other batch hold all of it; strangers hold nothing that is lifted."""
    bench, sets = set_scene()
    promise = promise_holders(bench, sets["first"], least=20.0)
    assert promise[sets["second"]].min() > promise[sets["firm"]].max()
    assert promise[sets["second"]].min() > promise[sets["strangers"]].max()
    assert promise_holders(bench, sets["first"], least=1e9).max() == 0
