"""Accounts that hand refused requests to one another stand together, and strangers do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from stillwatch.domain.observations import ECHO, WATCHED, Echoes
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.e_values import IMPOSSIBLE
from stillwatch.link.queues import (
    Bundle,
    Queues,
    confine_queues,
    give_back,
    join_queues,
    read_queues,
)
from stillwatch.link.queues.join import Draft
from stillwatch.link.queues.propose import propose_queues
from stillwatch.link.queues.weigh import spell_set, weigh_queue, weigh_repetitions
from stillwatch.link.search import Search, set_bars
from stillwatch.link.table import I32, TraitTable, tabulate_traits
from stillwatch.link.workbench import set_bench, take_columns

SETTINGS = LinkSettings()
STRANGERS = 3_000


class Run:
    """Strangers of uneven volumes who repeat each other by chance, and a queue among them."""

    def __init__(self, *, queue: int = 0, seed: int = 0, handed: float = 0.5) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.n = STRANGERS + queue
        self.heads = np.arange(STRANGERS, self.n, dtype=np.int32)
        sent = np.maximum(rng.lognormal(3.0, 1.2, self.n), 1.0).round()
        sent[self.heads] = 200
        self.sent = sent
        self.refused = rng.binomial(sent.astype(int), 0.012)
        self.answered = rng.binomial(sent.astype(int), 1 / 16)
        self.rows: list[dict[str, object]] = []
        for actor in range(self.n):
            self._draw(actor, self.refused[actor], chance=8e-4, is_refused=True)
            self._draw(actor, self.answered[actor], chance=8e-4, is_refused=False)
        for head in self.heads:
            for _ in range(rng.binomial(self.refused[head], handed)):
                self.repeat(head, int(rng.choice(np.setdiff1d(self.heads, [head]))))

    def _draw(self, actor: int, watched: int, *, chance: float, is_refused: bool) -> None:
        for _ in range(self.rng.binomial(watched, chance)):
            other = int(self.rng.choice(self.n, p=self.sent / self.sent.sum()))
            if other != actor:
                self.repeat(actor, other, is_refused=is_refused, shared=1, holders=20)

    def repeat(self, a: int, b: int, **facts: object) -> None:
        """One account sends what another was refused."""
        k = len(self.rows)
        row = {"row": k, "echo_row": 10**6 + k, "account_id": f"{a:06d}", "lag_s": 6.0}
        row |= {"echo_account_id": f"{b:06d}", "is_refused": True, "shared": 3, "holders": 2}
        self.rows.append(row | {"is_elsewhere": None} | facts)

    def echoes(self) -> Echoes:
        """What *observe* would give."""
        names = [f"{k:06d}" for k in range(self.n)]
        counts = {"refused": self.refused, "answered": self.answered, "exchanges": self.sent}
        found = pl.DataFrame(self.rows, schema=ECHO.schema)
        return Echoes(
            ECHO.conform(found), WATCHED.conform(pl.DataFrame({"account_id": names, **counts}))
        )

    def queues(self) -> Queues:
        """What *link* reads from it."""
        echoes = self.echoes()
        return read_queues(table_of(self.n), echoes.found, watched=echoes.watched)


def table_of(
    n: int, *, owner: dict[int, int] | None = None, alike: I32 | None = None
) -> TraitTable:
    """A table in which nobody shares anything, but for whoever is `alike`: client and template.

    `owner` says whose an account is, if not its own.
    """
    names = [f"{k:06d}" for k in range(n)]
    same = np.zeros(n, np.bool_) if alike is None else np.isin(np.arange(n), alike)
    value = np.where(same, n, np.arange(n))
    values = {"payment": np.arange(n), "client": value, "template": value}
    traits = pl.concat(
        pl.DataFrame({"account_id": names, "channel": channel, "value": held, "share": 1.0})
        for channel, held in values.items()
    )
    table = tabulate_traits(traits, register=REGISTER.empty())
    actor = np.array([(owner or {}).get(k, k) for k in range(n)], np.int32)
    return replace(table, accounts=pl.DataFrame({"account_id": names, "actor": actor}))


def group(*members: int) -> I32:
    """Some actors."""
    return np.array(members, np.int32)


def test_a_queue_is_found_with_nobody_else_in_it() -> None:
    """Sixty heads with some two refused requests each: most of them, and no stranger."""
    run = Run(queue=60, seed=1)
    found, *pieces = propose_queues(run.queues())
    assert set(np.concatenate([found, *pieces])) <= set(run.heads)
    assert len(found) >= 0.6 * len(run.heads)
    assert weigh_queue(run.queues(), found, chosen=True)[0] > 50


def test_chance_alone_makes_no_queue() -> None:
    """Twenty runs of strangers with heavy-tailed volumes: no e-value above the bar."""
    for seed in range(20):
        queues = Run(seed=seed).queues()
        for found in propose_queues(queues):
            assert weigh_queue(queues, found, chosen=True)[0] <= SETTINGS.queue_bits


def test_the_e_value_of_a_given_group_has_mean_at_most_one_under_chance() -> None:
    """Any group that is named beforehand, over 300 runs, within three standard errors."""
    values = []
    for seed in range(300):
        run = Run(seed=seed)
        picked = np.random.default_rng(seed).choice(STRANGERS, 400, replace=False)
        log2_e, _, _ = weigh_queue(run.queues(), picked.astype(np.int32), chosen=False)
        values.append(2.0**log2_e)
    error = np.std(values) / np.sqrt(len(values))
    assert np.mean(values) <= 1 + 3 * error


@pytest.mark.parametrize("meetings", [1, 2])
def test_two_queues_that_meet_by_chance_stay_two(meetings: int) -> None:
    """A busy house's sixteen keys and a large campaign: a repetition or two join nothing."""
    run = Run(queue=200, seed=10, handed=0.9)
    run.refused[run.heads], run.sent[run.heads] = 30, 2_500
    for a in run.heads:
        for _ in range(6):
            run.repeat(int(a), int(run.rng.choice(np.setdiff1d(run.heads, [a]))))
    keys = group(*range(16))
    run.refused[keys], run.sent[keys] = 8, 600
    for a in keys:
        for k in range(7):
            run.repeat(int(a), int(keys[(a + 1 + k) % 16]))
    for k in range(meetings):
        run.repeat(int(keys[k]), int(run.heads[5 * k]), shared=1, holders=20)
    found = propose_queues(run.queues())
    assert [set(one) for one in found] == [set(run.heads), set(keys)]


def test_a_class_that_repeats_answered_requests_too_is_no_queue() -> None:
    """The group's own control has the last word; without its repetitions, thirty are proof."""
    pupils, other = np.arange(30, dtype=np.int32), np.roll(np.arange(30, dtype=np.int32), 1)
    many, none = (np.repeat(pupils, 5), np.repeat(other, 5)), (pupils[:0], pupils[:0])
    watched = np.full(30, 10.0), np.full(30, 50.0), np.full(30, 1 / 3_000)
    alike, proof = (
        weigh_queue(Queues(pupils, other, *control, *watched, 1e-4), pupils, chosen=False)[0]
        for control in (many, none)
    )
    assert alike < 0 < SETTINGS.queue_bits < proof


def test_a_busy_stranger_with_one_chance_repetition_stays_outside() -> None:
    """Whoever has hundreds of refused requests would hand on many, were he of the queue."""
    run = Run(queue=60, seed=3)
    run.refused[7], run.sent[7] = 300, 25_000
    run.repeat(7, int(run.heads[0]))
    queues = run.queues()
    bits = weigh_repetitions(queues, run.heads)
    assert bits[7] + np.log2(60 / run.n) < 0
    assert 7 not in propose_queues(queues)[0]


def test_accounts_of_one_verified_organisation_hand_on_to_themselves() -> None:
    """One actor: what it sends again is no repetition by another."""
    run = Run(queue=40, seed=4)
    echoes = run.echoes()
    own = {int(head): STRANGERS for head in run.heads}
    queues = read_queues(table_of(run.n, owner=own), echoes.found, watched=echoes.watched)
    assert propose_queues(queues) == []


def searched(n: int, *groups: I32, alike: I32 | None = None) -> Search:
    """A search that has found some groups; without `alike` among actors who share nothing."""
    bench = set_bench(take_columns(table_of(n, alike=alike)), set_bars(SETTINGS))
    return Search(bench, np.zeros(n, np.bool_), list(groups))


def bundles(run: Run, *groups: I32, alike: I32 | None = None) -> list[Bundle]:
    """Groups of the search, joined with the run's queues."""
    search = searched(run.n, *groups, alike=alike)
    return join_queues(search, run.queues(), settings=SETTINGS)


def test_a_queue_through_two_groups_makes_them_one() -> None:
    """One campaign over two proxies."""
    run = Run(queue=60, seed=5)
    (one,) = bundles(run, run.heads[:28], run.heads[30:], alike=run.heads)
    assert one.pieces == (0, 1)
    assert set(one.members) == set(run.heads)
    assert one.log2_e > SETTINGS.queue_bits
    assert one.observed > 100 * one.expected


def test_strangers_in_a_piece_leave_the_whole() -> None:
    """Ten who stood in the same week of sign-ups as the heads: nothing else ties them."""
    run = Run(queue=60, seed=5)
    strangers = group(*range(10))
    piece = np.sort(np.concatenate([strangers, run.heads[:30]]))
    (one,) = bundles(run, piece, run.heads[30:], alike=run.heads)
    assert set(one.members) == set(run.heads)


def test_who_is_let_go_joins_the_group_that_its_traits_fit() -> None:
    """A customer's account that stood among the heads comes home to the others of that customer."""
    run = Run(queue=60, seed=5)
    others, astray = group(*range(1, 30)), group(0)
    piece = np.sort(np.concatenate([astray, run.heads[:30]]))
    customer = np.concatenate([astray, others])
    heads, own = bundles(run, piece, run.heads[30:], others, alike=customer)
    assert set(own.members) == set(customer)
    assert set(heads.members) <= set(run.heads)
    assert len(own.queue_bits) == len(own.members), "a figure for whoever joined, too"


def test_a_group_with_a_queue_for_each_kind_of_work_stays_one() -> None:
    """Heads specialise: requests are handed on among those who do the same, and to nobody else."""
    run = Run(queue=100, seed=9, handed=0.0)
    run.refused[run.heads] = 4
    for part in np.split(run.heads, 5):
        for a in part:
            for _ in range(2):
                run.repeat(int(a), int(run.rng.choice(np.setdiff1d(part, [a]))))
    (one,) = bundles(run, run.heads)
    assert set(one.members) == set(run.heads)


def test_two_queues_in_two_groups_stay_two() -> None:
    """Two campaigns through one proxy hand nothing to one another."""
    run = Run(queue=30, seed=6, handed=0.9)
    other = group(*range(30))
    run.refused[other] = 5
    for a in other:
        for k in range(4):
            run.repeat(int(a), int(other[(a + 1 + k) % 30]))
    first, second = bundles(run, run.heads, other)
    assert set(first.members) == set(run.heads)
    assert set(second.members) == set(other)


def test_a_queue_of_a_few_leaves_the_honest_rest_of_their_group_alone() -> None:
    """Ten heads in a campus of three hundred: the campus keeps its others."""
    run = Run(queue=12, seed=7, handed=0.9)
    campus = np.sort(np.concatenate([np.arange(300, dtype=np.int32), run.heads[:10]]))
    run.refused[:300] = 3
    run.refused[run.heads] = 12
    for a in run.heads:
        for _ in range(8):
            run.repeat(int(a), int(run.rng.choice(np.setdiff1d(run.heads, [a]))))
    found = bundles(run, campus)
    assert {tuple(sorted(set(b.members) & set(run.heads))) for b in found} == {
        (),
        tuple(run.heads),
    }
    assert set(found[0].members) == set(range(300))
    assert found[0].log2_e == -np.inf


def refuse_few(queues: int) -> Run:
    """Eighty heads, of whom so many times seven were refused anything, and hand it on."""
    run = Run(queue=80, seed=12, handed=0.0)
    run.refused[run.heads] = 0
    for few in np.split(run.heads[: 7 * queues], queues):
        run.refused[few] = 8
        for k, a in enumerate(few):
            for step in (1, 2, 3):
                run.repeat(int(a), int(few[(k + step) % 7]))
    return run


@pytest.mark.parametrize(("q", "parts"), [(0.02, 1), (0.01, 2)])
def test_a_few_of_a_campaign_go_home_where_their_queue_can_t_stand_alone(
    q: float, parts: int
) -> None:
    """Seven of eighty heads were refused anything: if surely tied they stand apart."""
    run = refuse_few(1)
    search = searched(run.n, run.heads, alike=run.heads)
    found = join_queues(search, run.queues(), settings=SETTINGS)
    assert sorted(len(b.members) for b in found) == [7, 73], "the queue has taken them out"
    e = [b.log2_e for b in found]
    kept, log2_e, bounds = give_back(search, found, (e, [1e-9, q]), settings=SETTINGS)
    assert len(kept) == parts
    assert (log2_e, bounds) == (e[:parts], [1e-9, q][:parts])
    assert set(np.concatenate([b.members for b in kept])) == set(run.heads)
    assert len(kept[0].queue_bits) == len(kept[0].members)


def test_nobody_goes_home_to_a_queue_that_is_dissolved() -> None:
    """Two queues of eighty heads, both unsure, fit each other too: all come home."""
    run = refuse_few(2)
    search = searched(run.n, run.heads, alike=run.heads)
    found = join_queues(search, run.queues(), settings=SETTINGS)
    assert sorted(len(b.members) for b in found) == [7, 7, 66]
    bounds = [b.log2_e for b in found], [1e-9 if b.pieces else 0.05 for b in found]
    (whole,) = give_back(search, found, bounds, settings=SETTINGS)[0]
    assert set(whole.members) == set(run.heads)


def test_a_queue_that_no_group_fits_keeps_its_actors() -> None:
    """Twelve heads that share nothing with anybody: however unsure, there is no home for them."""
    run = Run(queue=12, seed=7, handed=0.9)
    search = searched(run.n, group(*range(50)), alike=group(*range(50)))
    found = join_queues(search, run.queues(), settings=SETTINGS)
    bounds = [b.log2_e for b in found], [0.1] * len(found)
    assert give_back(search, found, bounds, settings=SETTINGS)[0] == found


def keys_among_neighbours(keys: int) -> tuple[Run, Bundle]:
    """Forty whom their country ties, and of whom so many hand on: as one bundle of the search."""
    run = Run(queue=40, seed=12, handed=0.0)
    few = run.heads[:keys]
    run.refused[few] = 8
    for k, a in enumerate(few):
        for step in (1, 2, 3):
            run.repeat(int(a), int(few[(k + step) % keys]))
    bits = np.where(np.isin(run.heads, few), 9.0, 0.0)
    log2_e, *_ = weigh_queue(run.queues(), run.heads, chosen=False)
    return run, Bundle(run.heads, (0,), bits, log2_e, 0.9, 0.001)


@pytest.mark.parametrize(
    ("keys", "traits", "left"),
    [(4, 0.0, 40), (8, 0.0, 8), (8, 40.0, 40), (13, 0.0, 40)],
    ids=["too few to stand alone", "they alone", "traits tie the whole", "a third of it"],
)
def test_the_queue_of_a_few_ties_nobody_who_stands_beside_them(
    keys: int, traits: float, left: int
) -> None:
    """Keys of one customer among people of their country, whom nothing else ties."""
    run, whole = keys_among_neighbours(keys)
    assert whole.log2_e > SETTINGS.queue_bits, "of the whole the queue says a lot"
    told = [(0, traits)]
    (one,) = confine_queues([whole], run.queues(), told, seeds=1_000, settings=SETTINGS)
    assert len(one.members) == len(one.queue_bits) == left
    if left < len(whole.members):
        assert set(one.members) == set(run.heads[:keys])
        assert one.pieces == (), "it stands or falls by its queue"
        assert SETTINGS.queue_bits < one.log2_e < whole.log2_e, "what was chosen costs more"
        assert one.observed > 0
    elif keys == 4:
        assert one.log2_e == IMPOSSIBLE, "nothing ties the whole by its queue"
        assert not one.queue_bits.any()
    else:
        assert one is whole


def test_without_any_word_of_traits_every_queue_stands_by_itself() -> None:
    """Nothing was proposed but by queues."""
    run, whole = keys_among_neighbours(8)
    (one,) = confine_queues([whole], run.queues(), [], seeds=0, settings=SETTINGS)
    assert len(one.members) == 8


@pytest.mark.parametrize(
    ("left", "remains"), [(60, True), (30, True), (29, False), (5, False), (4, False)]
)
def test_what_is_left_of_a_group_speaks_for_it_only_where_it_is_half(
    left: int, *, remains: bool
) -> None:
    """The evidence was of sixty."""
    whole = np.arange(60, dtype=np.int32)
    assert Draft(whole, (0,), len(whole)).remains(whole[:left]) is remains
    assert not Draft(whole[:6], (0,), 6).remains(whole[:4]), "fewer than five are no group"


@pytest.mark.parametrize("heads", [5, 190])
def test_keys_that_traits_have_put_beside_heads_are_not_of_their_queue(heads: int) -> None:
    """Five keys of one customer, a queue of their own, in a group of few heads or of most."""
    run = Run(queue=200, seed=11, handed=0.9)
    run.refused[run.heads] = 6
    for a in run.heads:
        for _ in range(4):
            run.repeat(int(a), int(run.rng.choice(np.setdiff1d(run.heads, [a]))))
    keys = group(*range(5))
    run.refused[keys], run.sent[keys] = 8, 600
    for a in keys:
        for k in range(7):
            run.repeat(int(a), int(keys[(a + 1 + k) % 5]) if k % 5 != 4 else int(keys[a - 1]))
    mixed = np.sort(np.concatenate([keys, run.heads[:heads]]))
    found = bundles(run, mixed)
    beside = [b for b in found if set(b.members) & set(keys)]
    assert len(beside) == 1
    assert len(set(beside[0].members) & set(run.heads)) <= 3
    (campaign,) = (b for b in found if len(set(b.members) & set(run.heads)) > 100)
    assert not set(campaign.members) & set(keys)


def test_heads_that_a_group_lacks_join_it_by_what_they_hand_on() -> None:
    """The group was found by its traits; five of its heads share none."""
    run = Run(queue=60, seed=8, handed=0.9)
    (one,) = bundles(run, run.heads[:55], alike=run.heads[:55])
    assert set(run.heads[:55]) <= set(one.members) <= set(run.heads)
    assert len(one.members) > 55
    assert np.all(one.queue_bits <= SETTINGS.queue_cap_bits)


def test_without_echoes_groups_stay_as_they_are() -> None:
    """Nothing was refused: nothing is said, for or against."""
    empty = Echoes.none()
    queues = read_queues(table_of(50), empty.found, watched=empty.watched)
    (one,) = join_queues(searched(50, group(1, 2, 3, 4, 5)), queues, settings=SETTINGS)
    assert one.members.tolist() == [1, 2, 3, 4, 5]
    assert one.log2_e == -np.inf
    assert not one.queue_bits.any()


def test_naming_a_set_costs_its_bits() -> None:
    """All sets of a size, and all sizes: the weights sum to at most one."""
    assert spell_set(10, 3) == pytest.approx(np.log2(120) + np.log2(10))
