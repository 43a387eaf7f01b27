"""One proxy and several campaigns behind it; one campaign and several queues or proxies."""

from __future__ import annotations

import numpy as np
import pytest
from populations import Population

from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.queues import Queues, part_campaigns
from stillwatch.link.queues.weigh import count_across
from stillwatch.link.search import Search, set_bars
from stillwatch.link.table import I32, TraitTable, tabulate_traits
from stillwatch.link.workbench import set_bench, take_columns

HEADS = 60
BEHIND = {"client": 3, "network": 1, "subnet": 4}
"""What a proxy gives all of its customers."""


class Proxy:
    """Heads behind one proxy, a kind of work for each set of them, and what they hand on."""

    def __init__(self, *sets: dict[str, int], seed: int = 3) -> None:
        self.crowd = Population(2_000, seed=seed)
        self.rng = np.random.default_rng(seed)
        self.sets = [self.crowd.add_group(f"h{k}-", HEADS, **ties) for k, ties in enumerate(sets)]
        everybody = [name for names in self.sets for name in names]
        for tie, values in BEHIND.items():
            for k in range(values):
                self.crowd.give(everybody[k::values], tie, 10**8 * (len(tie) + 10) + k)
        self.everybody = everybody

    def search(self) -> tuple[TraitTable, Search]:
        """A search that has found all heads as one group."""
        table = tabulate_traits(self.crowd.traits(), register=REGISTER.empty())
        search = Search(
            set_bench(take_columns(table), set_bars(LinkSettings())),
            np.zeros(table.actors, np.bool_),
        )
        whole = self.rows(table, self.everybody)
        network = int(np.flatnonzero(table.value_id == 10**8 * 17)[0])
        search.groups, search.seeds = [whole], [network]
        search.taken[whole] = True
        return table, search

    @staticmethod
    def rows(table: TraitTable, names: list[str]) -> I32:
        """Rows of accounts, sorted."""
        return np.flatnonzero(np.isin(table.actor_ids, names)).astype(np.int32)

    def queues(self, table: TraitTable, *queues: list[str], each: int = 2) -> Queues:
        """What is handed on: `each` requests of every head, to anybody of its queue."""
        ends = []
        for queue in queues:
            rows = self.rows(table, queue)
            ends += [
                (a, self.rng.choice(np.setdiff1d(rows, [a]))) for a in rows for _ in range(each)
            ]
        source, target = np.array(ends, np.int32).reshape(-1, 2).T
        n, none = table.actors, np.zeros(0, np.int32)
        even = np.full(n, 1.0 / n)
        counts = np.full(n, 5.0)
        return Queues(source, target, none, none, counts, counts, even, 1e-9)

    def part(self, *queues: list[str], each: int = 2) -> list[set[str]]:
        """Names in each group after parting."""
        table, search = self.search()
        part_campaigns(search, self.queues(table, *queues, each=each))
        assert len(search.seeds) == len(search.groups)
        held = sorted(np.concatenate(search.groups).tolist())
        assert np.flatnonzero(search.taken).tolist() == held
        return sorted(({table.actor_ids[i] for i in group} for group in search.groups), key=min)


OWN_WORK = {"template": 3, "signup": 24 * 14}


def test_two_campaigns_through_one_proxy_come_apart() -> None:
    """Templates and weeks of sign-up of their own, and nothing is handed across."""
    proxy = Proxy(OWN_WORK, OWN_WORK)
    assert proxy.part(*proxy.sets) == [set(names) for names in proxy.sets]


def test_three_campaigns_come_apart_and_one_of_them_hands_nothing_on() -> None:
    """Were the silent ones of either queue, what is refused there would be answered here too."""
    proxy = Proxy(OWN_WORK, OWN_WORK, OWN_WORK)
    assert proxy.part(*proxy.sets[:2]) == [set(names) for names in proxy.sets]


def test_one_queue_through_two_kinds_of_work_is_one_campaign() -> None:
    """The same heads; requests go to any of them."""
    proxy = Proxy(OWN_WORK, OWN_WORK)
    assert proxy.part(proxy.everybody) == [set(proxy.everybody)]


@pytest.mark.parametrize("shared", ["payment", "signup_week"])
def test_an_operators_kinds_of_work_stay_one_campaign(shared: str) -> None:
    """A queue for each kind of work, and cards or weeks of sign-up that run through all."""
    proxy = Proxy({"template": 3}, {"template": 3})
    for k in range(4):
        proxy.crowd.give(proxy.everybody[k::4], shared, 5 * 10**7 + k)
    assert proxy.part(*proxy.sets) == [set(proxy.everybody)]


def test_of_little_that_is_handed_on_nothing_is_concluded() -> None:
    """Eight requests between some: one queue would have handed four of them across."""
    proxy = Proxy(OWN_WORK, OWN_WORK)
    few = [names[:4] for names in proxy.sets]
    assert proxy.part(*few, each=1) == [set(proxy.everybody)]


def test_what_one_queue_hands_across_is_what_is_seen_on_average() -> None:
    """Expected and seen agree over 200 queues through both sides, within three errors."""
    proxy = Proxy(OWN_WORK, OWN_WORK)
    table, _ = proxy.search()
    first, second = (proxy.rows(table, names) for names in proxy.sets)
    told = [count_across(proxy.queues(table, proxy.everybody), first, second) for _ in range(200)]
    seen, expected = np.array(told).T
    assert abs(seen.mean() - expected.mean()) < 3 * seen.std() / np.sqrt(len(seen))
    assert expected.std() < 1e-9
