"""The kernels give what DESIGN.md, section 6, gives when it is worked out actor by actor."""

from __future__ import annotations

import numpy as np
import pytest
from populations import Population
from slow_link import SlowLink
from workbench import Workbench, clear, clears, random_traits, refine, tally, weigh

from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.settings import LinkSettings
from stillwatch.link.counts import score_seeds, weigh_members
from stillwatch.link.table import CHANNEL_NAMES, FAMILY_OF_CHANNEL
from stillwatch.link.workbench import ALL, NOBODY

SEEDS = range(6)
NEAR = 1e-4
"""Bits: shares are stored as 32-bit floats."""


def heads_of(bench: Workbench, *, most: int = 9) -> list[str]:
    """The heads of a random table."""
    return [name for name in bench.table.actor_ids if name.startswith("h")][:most]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_actor_weighs_what_the_formula_says(seed: int) -> None:
    """Items 2 to 5: members and strangers, in each family, for a group that is mixed."""
    traits = random_traits(seed)
    fast, slow = Workbench(traits), SlowLink(traits, LinkSettings())
    group = [*heads_of(fast, most=7), *fast.table.actor_ids[-3:]]
    touched = tally(fast.bench, fast.rows(group))
    for i, name in enumerate(fast.table.actor_ids):
        total = weigh(fast.bench, i, int(name in group))
        expected = slow.family_bits(name, group)
        assert fast.bench.s.families["bits"] == pytest.approx(list(expected.values()), abs=NEAR)
        assert total == pytest.approx(sum(expected.values()), abs=NEAR)
    clear(fast.bench, touched)


@pytest.mark.parametrize("hidden", FAMILIES[:4])
def test_a_hidden_family_says_nothing(hidden: str) -> None:
    """Left out of the tally, it is left out of every sum until the next one."""
    traits = random_traits(17)
    fast, slow = Workbench(traits), SlowLink(traits, LinkSettings(), hidden=hidden)
    group, code = heads_of(fast), FAMILIES.index(hidden)
    touched = tally(fast.bench, fast.rows(group), NOBODY, code)
    for i, name in enumerate(fast.table.actor_ids):
        expected = slow.family_bits(name, group)
        total = weigh(fast.bench, i, int(name in group))
        assert total == pytest.approx(sum(expected.values()), abs=NEAR)
        assert fast.bench.s.families["bits"][code] == 0
    clear(fast.bench, touched)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channel", ["", "client", "template"])
def test_nobody_clears_who_would_not_if_all_was_weighed(seed: int, channel: str) -> None:
    """Whom a full score in what is left would not help is given up early, and nobody else."""
    traits = random_traits(seed)
    fast, slow = Workbench(traits), SlowLink(traits, LinkSettings())
    group = heads_of(fast, most=6)
    number = fast.value(channel, 900) if channel else NOBODY
    start = fast.bench.t.holder_start
    inside = sum(900 in slow.held[channel].get(name, {}) for name in group) if channel else 0
    among = np.log2(max(inside, 1) / (start[number + 1] - start[number])) if channel else 0.0
    priors = (float(np.log2(len(group) / fast.table.actors)), float(among))
    touched = tally(fast.bench, fast.rows(group))
    quest = fast.quest(number)
    if channel:
        holders = fast.bench.t.holders["actor"][start[number] : start[number + 1]]
        fast.bench.s.actors["held"][holders] = quest.mark
    for i, name in enumerate(fast.table.actor_ids):
        told = clears(fast.bench, i, int(name in group), quest, priors)
        assert told == slow.clears(name, group, (channel, 900) if channel else None)
    clear(fast.bench, touched)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_round_of_growth_finds_whom_the_slow_one_finds(seed: int) -> None:
    """With and without a seed; the promise filter changes nothing where heads share a lot."""
    traits = random_traits(seed)
    fast, slow = Workbench(traits), SlowLink(traits, LinkSettings())
    for start in (heads_of(fast, most=5), heads_of(fast)):
        assert fast.gather(start, fast.quest()) == slow.gather(start)
        quest = fast.quest(fast.value("subnet", 900))
        assert fast.gather(start, quest) == slow.gather(start, ("subnet", 900))


@pytest.mark.parametrize("hidden", ["identity", "client"])
def test_a_round_with_a_family_hidden_finds_whom_the_slow_one_finds(hidden: str) -> None:
    """The lower bar of the hidden searches, and nothing of the hidden family."""
    traits = random_traits(23)
    fast = Workbench(traits, hidden=True)
    slow = SlowLink(traits, LinkSettings(), hidden=hidden)
    quest = fast.quest(fast.value("subnet", 900), FAMILIES.index(hidden))
    assert fast.gather(heads_of(fast), quest) == slow.gather(heads_of(fast), ("subnet", 900))


@pytest.mark.parametrize("seed", SEEDS)
def test_growth_ends_where_another_round_changes_nothing(seed: int) -> None:
    """The members of a grown group are the very ones who clear its bar: a fixed point."""
    traits = random_traits(seed)
    fast, slow = Workbench(traits), SlowLink(traits, LinkSettings())
    grown = fast.grow(heads_of(fast, most=6), fast.quest())
    assert len(grown) >= limits.ACTORS_MIN
    assert slow.gather(sorted(grown)) == grown


def test_growth_ends_in_the_same_members_from_any_order_of_the_start() -> None:
    """Who comes first in the start is irrelevant."""
    fast = Workbench(random_traits(3))
    start = heads_of(fast, most=6)
    assert fast.grow(start, fast.quest()) == fast.grow(start[::-1], fast.quest())


def test_nobody_who_is_taken_is_gathered() -> None:
    """Exclusive: taken members leave, taken strangers don't come."""
    fast = Workbench(random_traits(3))
    heads = heads_of(fast)
    before = fast.gather(heads, fast.quest())
    fast.nobody_taken[fast.rows(heads[:3])] = True
    assert fast.gather(heads, fast.quest()) == before - set(heads[:3])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channel", ["payment", "subnet", "template"])
def test_refining_keeps_the_best_quarter_of_a_seed(seed: int, channel: str) -> None:
    """The quarter of its holders of whom the other families say most, and the mean of that."""
    traits = random_traits(seed, strangers=60, heads=12)
    fast, slow = Workbench(traits), SlowLink(traits, LinkSettings())
    for value in (900, 1):
        number = fast.value(channel, value)
        score, best = refine(fast.bench, number, NOBODY, fast.nobody_taken, ALL)
        if not len(best):
            assert len(slow.held[channel]) == 0 or fast.bench.t.holder_start[number + 1] < (
                fast.bench.t.holder_start[number] + 5
            )
            continue
        expected, kept = slow.best_quarter(channel, value)
        assert fast.names(best) == kept
        assert score == pytest.approx(expected, abs=NEAR)


def test_a_seed_most_of_whose_holders_are_taken_is_passed_over() -> None:
    """Its slice of a campaign has been found already."""
    fast = Workbench(random_traits(4, heads=14))
    seed = fast.value("subnet", 900)
    start, end = fast.bench.t.holder_start[seed : seed + 2]
    taken = fast.nobody_taken.copy()
    taken[fast.bench.t.holders["actor"][start : start + (end - start) // 2 + 1]] = True
    assert len(refine(fast.bench, seed, NOBODY, taken, ALL)[1]) == 0
    assert len(refine(fast.bench, seed, NOBODY, fast.nobody_taken, ALL)[1]) > 0


def test_every_kernel_leaves_the_scratch_arrays_clean() -> None:
    """Otherwise one group would weigh upon the next."""
    fast = Workbench(random_traits(5))
    grown = fast.grow(heads_of(fast), fast.quest(fast.value("subnet", 900)))
    refine(fast.bench, fast.value("client", 1), NOBODY, fast.nobody_taken, ALL)
    weigh_members(fast.bench, fast.rows(sorted(grown)))
    scratch = fast.bench.s
    assert not np.any(scratch.values["mass"])
    assert not np.any(scratch.values["holders"])
    assert not np.any(scratch.promise)


def test_scores_of_many_seeds_are_those_of_each() -> None:
    """Scoring in one call is refining one by one."""
    fast = Workbench(random_traits(6))
    seeds = np.array([fast.value(c, 900) for c in ("subnet", "client", "template")])
    together = score_seeds(fast.bench, seeds, fast.nobody_taken)
    alone = [refine(fast.bench, s, NOBODY, fast.nobody_taken, ALL)[0] for s in seeds]
    assert together == pytest.approx(alone)


def test_an_own_value_speaks_against_membership_where_the_group_shares() -> None:
    """Item 3: neutral where everybody has one of his own, evidence against where members don't."""
    fast = Workbench(random_traits(7, heads=14))
    heads = heads_of(fast, most=14)
    payment = FAMILY_OF_CHANNEL[fast.table.value_channel[fast.value("payment", 900)]]
    outsider = next(
        i
        for i in range(fast.table.actors)
        if fast.table.single[i].sum() > 0 and fast.table.actor_ids[i] not in heads
    )
    touched = tally(fast.bench, fast.rows(heads))
    weigh(fast.bench, outsider, 0)
    assert fast.bench.s.families["bits"][payment] < -1
    clear(fast.bench, touched)


@pytest.mark.parametrize("every", [9, 90])
def test_a_value_that_one_member_alone_holds_says_nothing_for_him(every: int) -> None:
    """One programme of three, in which every ninth outsider is, or few; nobody of the group."""
    crowd = Population(900, seed=3)
    heads = crowd.add_group("head", 40, client=1, template=2)
    for k, name in enumerate(sorted(crowd.signups)):
        if name.startswith("s"):
            crowd.give([name], "program", 1 if k % every == 0 else 2 + k % 2)
    crowd.give(heads[:1], "program", 1)
    crowd.give(heads[1:10], "program", 2)
    crowd.give(heads[10:16], "program", 3)
    bench = Workbench(crowd.traits())
    group = bench.rows(heads)
    _, told = weigh_members(bench.bench, group)
    own = told[group.tolist().index(bench.rows(heads[:1])[0]), CHANNEL_NAMES.index("program"), 0]
    assert own == pytest.approx(np.log2(2 / (15 + 2)), abs=0.01)
