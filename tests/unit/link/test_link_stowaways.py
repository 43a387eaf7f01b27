"""Who shares with his own alone leaves a campaign; heads of whom little is seen do not."""

from __future__ import annotations

import numpy as np
import pytest
from populations import Population

from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.queues import Queues, join_queues
from stillwatch.link.queues.through import runs_through
from stillwatch.link.search import Search, set_bars
from stillwatch.link.table import I32, TraitTable, tabulate_traits
from stillwatch.link.workbench import set_bench, take_columns

HEADS = {"template": 3, "client": 2, "network": 1, "subnet": 4, "signup": 24 * 21}
CUSTOMER = {"payment": 1, "address": 1, "subnet": 1, "parameters": 1, "signup": 1}


def rows_of(table: TraitTable, names: list[str]) -> I32:
    """Rows of accounts, sorted."""
    return np.flatnonzero(np.isin(table.actor_ids, names)).astype(np.int32)


def hand_on(table: TraitTable, heads: I32, *, each: int, seed: int = 0) -> Queues:
    """What some heads hand on among themselves."""
    rng = np.random.default_rng(seed)
    source = np.repeat(heads, each)
    target = np.array([rng.choice(np.setdiff1d(heads, [a])) for a in source], np.int32)
    n, none = table.actors, np.zeros(0, np.int32)
    return Queues(
        source, target, none, none, np.full(n, 5.0), np.full(n, 5.0), np.ones(n) / n, 1e-9
    )


@pytest.mark.parametrize("keys", [2, 4, 7])
def test_a_customers_keys_leave_the_campaign_whose_templates_they_send(keys: int) -> None:
    """Card, address, settings and hour of sign-up are theirs alone; templates are everybody's."""
    crowd = Population(2_000, seed=keys)
    heads = crowd.add_group("head", 80, **HEADS)
    own = crowd.add_group("key", keys, **CUSTOMER)
    for name in own:
        crowd.rows[name, "template"] = crowd.rows[heads[0], "template"]
        crowd.rows[name, "client"] = crowd.rows[heads[0], "client"]
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    bench = set_bench(take_columns(table), set_bars(LinkSettings()))
    whole = rows_of(table, heads + own)
    search = Search(bench, np.zeros(table.actors, np.bool_), [whole])
    queues = hand_on(table, rows_of(table, heads), each=2)
    found = join_queues(search, queues, settings=LinkSettings())
    (campaign,) = (b for b in found if len(b.members) > keys)
    assert set(campaign.members) == set(rows_of(table, heads))


def test_heads_who_share_a_card_and_an_hour_of_sign_up_stay() -> None:
    """A batch of five is singled out to a man, and has all else in common with the others."""
    crowd = Population(2_000, seed=1)
    heads = crowd.add_group("head", 80, **HEADS)
    crowd.give(heads[:5], "payment", 4 * 10**7)
    crowd.give(heads[:5], "signup_hour", 5 * 10**7)
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    bench = set_bench(take_columns(table), set_bars(LinkSettings()))
    whole = rows_of(table, heads)
    search = Search(bench, np.zeros(table.actors, np.bool_), [whole])
    (one,) = join_queues(search, hand_on(table, whole, each=2), settings=LinkSettings())
    assert set(one.members) == set(whole)


def queue_of(few: int, *, repeated: int, others: int) -> tuple[Queues, I32, I32]:
    """A group of a hundred: a few who repeat one another so often, and others each a time."""
    group = np.arange(100, dtype=np.int32)
    inside = [(a, (a + 1) % few) for a in range(few) for _ in range(repeated)]
    beside = [(a, few + (a * 7 + 3) % (100 - few)) for a in range(few, few + others)]
    source, target = np.array(inside + beside, np.int32).T
    n, none = 2_000, np.zeros(0, np.int32)
    counts, even = np.full(n, 2.0), np.full(n, 1 / n)
    return Queues(source, target, none, none, counts, counts, even, 1e-9), group[:few], group


@pytest.mark.parametrize(
    ("repeated", "others", "is_theirs"),
    [(1, 80, True), (6, 80, False), (1, 10, False)],
    ids=["a piece of what is hardly seen", "a queue apart", "few of the group hand on"],
)
def test_a_few_are_a_piece_of_their_group_where_it_hands_on_and_they_are_not_apart(
    repeated: int, others: int, *, is_theirs: bool
) -> None:
    """Eight of a hundred, who hand on among themselves."""
    assert runs_through(*queue_of(8, repeated=repeated, others=others)) is is_theirs
