"""Who shares with his own alone leaves a campaign; a batch of its heads does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from populations import Population

from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.queues import Queues, join_queues
from stillwatch.link.queues.apart import find_apart
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


@pytest.mark.parametrize(("keys", "size"), [(2, 80), (4, 80), (7, 80), (4, 30), (4, 20)])
def test_a_customers_keys_leave_the_campaign_whose_templates_they_send(
    keys: int, size: int
) -> None:
    """Card, address, settings and hour of sign-up are theirs alone; templates are everybody's."""
    crowd = Population(2_000, seed=keys)
    heads = crowd.add_group("head", size, **HEADS)
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


def test_a_campaign_that_consists_of_batches_keeps_them() -> None:
    """Each five heads have one card and one hour of sign-up, and but templates with the others."""
    crowd = Population(2_000, seed=4)
    heads = crowd.add_group("head", 200, template=3)
    for k in range(40):
        crowd.give(heads[5 * k : 5 * k + 5], "payment", 4 * 10**7 + k)
        for name in heads[5 * k : 5 * k + 5]:
            crowd.sign_up(name, 20 + 31 * k)
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    bench = set_bench(take_columns(table), set_bars(LinkSettings()))
    whole = rows_of(table, heads)
    search = Search(bench, np.zeros(table.actors, np.bool_), [whole])
    found = join_queues(search, hand_on(table, whole, each=1), settings=LinkSettings())
    assert max(len(b.members) for b in found) == len(whole)


@pytest.mark.parametrize(
    ("common", "left"),
    [({"template", "payment", "subnet", "client"}, 5), ({"subnet", "client"}, 0)],
    ids=["an operator's doing", "what their proxy gives"],
)
def test_a_few_who_hand_on_among_themselves_stay_with_their_operators(
    common: set[str], left: int
) -> None:
    """Five of sixty: pieces of one campaign of which little is seen, or a customer's keys."""
    crowd = Population(2_000, seed=2)
    heads = crowd.add_group("head", 55, **(HEADS | {"subnet": 1, "payment": 3}))
    few = crowd.add_group("few", 5)
    for name in few:
        for channel in sorted(common):
            crowd.rows[name, channel] = crowd.rows[heads[1], channel]
    table = tabulate_traits(crowd.traits(), register=REGISTER.empty())
    bench = set_bench(take_columns(table), set_bars(LinkSettings()))
    whole, own = rows_of(table, heads + few), rows_of(table, few)
    search = Search(bench, np.zeros(table.actors, np.bool_), [whole])
    rest, apart = hand_on(table, np.setdiff1d(whole, own), each=1), hand_on(table, own, each=2)
    source = np.concatenate([rest.source, apart.source[:7]])
    target = np.concatenate([rest.target, apart.target[:7]])
    answered = np.full(table.actors, 60.0)
    queues = replace(rest, source=source, target=target, answered=answered)
    assert not find_apart(queues, whole), "that they keep to themselves is nothing by itself"
    found = join_queues(search, queues, settings=LinkSettings())
    (campaign,) = (b for b in found if np.isin(rows_of(table, heads), b.members).mean() > 0.5)
    assert np.isin(own, campaign.members).sum() == left
