"""Accounts that hand refused requests to one another stand together, and strangers do not."""

from __future__ import annotations

import numpy as np
import pytest
from queues_by_hand import SETTINGS, STRANGERS, Run, bundles, group, searched, table_of

from stillwatch.domain.observations import Echoes
from stillwatch.link.queues import Queues, join_queues, read_queues
from stillwatch.link.queues.apart import find_apart
from stillwatch.link.queues.join import Draft
from stillwatch.link.queues.propose import propose_queues
from stillwatch.link.queues.weigh import spell_set, weigh_queue, weigh_repetitions
from stillwatch.link.table import I32


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


def test_chance_is_no_rarer_than_it_is_where_nothing_is_handed_on() -> None:
    """Repetitions that count, of thirty runs of chance, against what they are said to be by chance.

    Spread over all classes, of which most are met once or never in a run: chosen by the counts that
    they are rated on, chance is taken to be seven times as rare.
    """
    seen, expected = 0, 0.0
    for seed in range(30):
        run = Run(seed=seed)
        rng = np.random.default_rng(seed)
        for row in run.rows:
            shared = int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))
            lag_s = float(rng.choice([10.0, 60.0, 300.0, 2_000.0]))
            row |= {"shared": shared, "holders": int(rng.choice([3, 8, 20])), "lag_s": lag_s}
        queues = run.queues()
        seen += len(queues.source)
        expected += queues.chance * float(np.sum(queues.refused * (1 - queues.traffic)))
    assert seen <= expected + 3 * np.sqrt(expected)
    assert expected < 30


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


@pytest.mark.parametrize("lag_s", [20.0, 90.0, 400.0, 3_000.0])
def test_lost_work_that_comes_back_within_the_hour_ties_its_accounts(lag_s: float) -> None:
    """Each lag is a class by itself; where controls of it come as often, it counts for nothing."""
    run = Run(queue=40, seed=4)
    run.rows = [row | ({"lag_s": lag_s} if row["holders"] == 2 else {}) for row in run.rows]
    assert len(propose_queues(run.queues())) == 1
    handed = [row for row in run.rows if row["holders"] == 2]
    as_often = len(handed) * int(run.answered.sum()) // int(run.refused.sum())
    for k in range(as_often):
        run.repeat(2 * k % run.n, (2 * k + 1) % run.n, is_refused=False, lag_s=lag_s)
    assert propose_queues(run.queues()) == []
    other = 3_000.0 if lag_s < 3_000.0 else 20.0
    run.rows = [row if row["is_refused"] else row | {"lag_s": other} for row in run.rows]
    assert len(propose_queues(run.queues())) == 1


def test_a_queue_through_two_groups_makes_them_one() -> None:
    """One campaign over two proxies."""
    run = Run(queue=60, seed=5)
    (one,) = bundles(run, run.heads[:28], run.heads[30:], alike=run.heads)
    assert one.pieces == (0, 1)
    assert set(one.members) == set(run.heads)
    assert one.log2_e > SETTINGS.queue_bits
    assert one.observed > 100 * one.expected


def add_keys(run: Run, *, times: int) -> I32:
    """Four keys of one customer, which hand on to each other, each so many times."""
    keys = group(*range(4))
    run.refused[keys], run.sent[keys] = 8, 400
    for a in keys:
        for k in range(times):
            run.repeat(int(a), int(keys[(a + 1 + k % 3) % 4]))
    return keys


def test_who_hands_on_among_his_own_alone_is_asked_what_ties_him_to_the_others() -> None:
    """Four keys in a piece of the heads: they leave, unless they are as alike as these."""
    run = Run(queue=60, seed=5)
    keys = add_keys(run, times=8)
    piece = np.sort(np.concatenate([keys, run.heads[:30]]))
    everybody = np.sort(np.concatenate([keys, run.heads]))
    (own,) = find_apart(run.queues(), everybody)
    assert own.tolist() == keys.tolist()
    (one, *_) = bundles(run, piece, alike=run.heads)
    assert not set(one.members) & set(keys)
    assert set(run.heads[:30]) <= set(one.members)
    (one, *_) = bundles(run, piece, alike=everybody)
    assert set(keys) <= set(one.members)


@pytest.mark.parametrize("seed", range(8))
def test_a_queue_of_which_little_is_seen_falls_into_no_sets_apart(seed: int) -> None:
    """Two hundred heads with one repetition for every second one: pairs are what chance leaves."""
    run = Run(queue=200, seed=seed, handed=0.25)
    assert find_apart(run.queues(), run.heads) == []
    keys = add_keys(run, times=8)
    (own,) = find_apart(run.queues(), np.sort(np.concatenate([keys, run.heads])))
    assert own.tolist() == keys.tolist()
    assert find_apart(run.queues(), keys) == []


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
