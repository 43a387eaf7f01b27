"""A queue of a few ties these: weak, they go home, and nobody beside them is tied by it."""

from __future__ import annotations

import numpy as np
import pytest
from queues_by_hand import SETTINGS, Run, group, searched

from stillwatch.link.e_values import IMPOSSIBLE
from stillwatch.link.queues import Bundle, confine_queues, give_back, join_queues
from stillwatch.link.queues.weigh import weigh_queue


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
