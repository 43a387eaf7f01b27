"""Each figure on a group made to show it, on its look-alike, and where it has to be silent."""

from __future__ import annotations

import numpy as np
import pytest
from rhythm_scenes import (
    BY_NAME,
    DAY_S,
    DAYS,
    HOUR_S,
    SUBJECT,
    Log,
    ask,
    live,
    strangers,
    write,
)

HEADS = [f"h{k:02d}" for k in range(30)]
TEAM = [f"t{k:02d}" for k in range(30)]


def spread(rng: np.random.Generator, count: int) -> np.ndarray:
    """Spread instants over the whole run at random."""
    return np.sort(rng.random(count) * DAYS * DAY_S)


def keep_days(at: np.ndarray, idle: set[int]) -> np.ndarray:
    """Leave out what falls on idle days."""
    return at[~np.isin(at // DAY_S, list(idle))]


def test_days_on_which_one_hand_rests_show_and_so_does_a_team_s_holiday() -> None:
    """Heads that all rest on two days; a team with a bridging day; strangers beside them do not."""
    rng = np.random.default_rng(1)
    log = Log()
    alone = strangers(log, rng, 400)
    for name in HEADS:
        log.send(name, keep_days(spread(rng, 60), {4, 9}))
    for name in TEAM:
        log.send(name, keep_days(live(rng, 60), {8}))
    heads, team, others = log.show(HEADS, TEAM, alone[:30])
    for shown in (heads, team):
        told = ask("schedule_variance", shown)
        assert told.observed > 3 > told.expected
        assert told.p_value <= 0.02
    assert ask("schedule_variance", others).p_value > 0.02


def test_the_calendar_of_the_whole_run_is_no_shared_schedule() -> None:
    """Everybody works five days in seven: a group of such people is as expected."""
    rng = np.random.default_rng(2)
    log = Log()
    names = [f"s{k:04d}" for k in range(900)]
    for name in names:
        log.send(name, keep_days(spread(rng, 60), {5, 6, 12, 13}))
    (shown,) = log.show(names[:40])
    assert ask("schedule_variance", shown).p_value > 0.05


def deal(rng: np.random.Generator, log: Log, names: list[str]) -> None:
    """Deal out a queue of constant rate: at each tick one account, a fair one at random."""
    ticks = np.arange(0, DAYS * DAY_S, 600.0)
    turn = np.concatenate([rng.permutation(len(names)) for _ in range(len(ticks) // len(names))])
    for k, name in enumerate(names):
        log.send(name, ticks[: len(turn)][turn == k])


def test_a_balancer_of_constant_rate_shows_and_so_do_one_customer_s_keys() -> None:
    """The same queue is behind a hydra and behind honest keys: low within days, and in turn."""
    rng = np.random.default_rng(3)
    log = Log()
    alone = strangers(log, rng, 300)
    deal(rng, log, HEADS)
    deal(rng, log, TEAM)
    for shown in log.show(HEADS, TEAM):
        told = ask("within_day_variance", shown)
        assert told.observed < 0.3 < told.expected
        assert told.p_value <= 0.02
        turns = ask("rotation", shown)
        assert turns.observed < 0.6 < turns.expected
        assert turns.p_value <= 0.01
    (people,) = log.show(alone[:30])
    assert ask("rotation", people).p_value > 0.05
    assert ask("within_day_variance", people).p_value > 0.01


def test_hours_in_which_a_proxy_fails_are_silences_of_all_and_so_is_an_office_s_holiday() -> None:
    """Busy accounts, all silent for five hours twice; an office that is shut on one day."""
    rng = np.random.default_rng(4)
    log = Log()
    strangers(log, rng, 400)
    for name in HEADS:
        at = spread(rng, 900)
        broken = (at > 4.2 * DAY_S) & (at < 4.45 * DAY_S) | (at > 9.5 * DAY_S) & (at < 9.7 * DAY_S)
        log.send(name, at[~broken])
    for name in TEAM:
        day = np.repeat(np.delete(np.arange(DAYS), 8), 30)
        log.send(name, day * DAY_S + (9 + 8 * rng.random(len(day))) * HOUR_S)
    for shown in log.show(HEADS, TEAM):
        told = ask("common_silences", shown)
        assert told.observed >= 6 > told.expected
        assert told.p_value == pytest.approx(1 / 100)


def test_a_list_in_order_drifts_for_all_at_once_and_so_does_a_syllabus() -> None:
    """Position in a list, whatever account sends it; a class that reads on together."""
    rng = np.random.default_rng(5)
    log = Log()
    strangers(log, rng, 100)
    for name in HEADS:
        at = spread(rng, 30)
        log.send(name, at, embedding=write(rng, SUBJECT[0] * (at / DAY_S)[:, None] * 0.3))
    for name in TEAM:
        at = live(rng, 30)
        week = (at // (3.5 * DAY_S)).astype(int)
        log.send(name, at, embedding=write(rng, 2 * SUBJECT[week] + rng.normal(size=32)))
    for shown in log.show(HEADS, TEAM):
        told = ask("pool_order", shown)
        assert told.observed > 2 * told.expected
        assert told.p_value == pytest.approx(1 / 100)


def test_blind_spot_a_shuffled_list_has_no_order() -> None:
    """The same pool in random order: nothing drifts."""
    rng = np.random.default_rng(6)
    log = Log()
    for name in HEADS:
        at = spread(rng, 30)
        log.send(name, at, embedding=write(rng, SUBJECT[0] * (rng.random(30) * 4)[:, None]))
    (shown,) = log.show(HEADS)
    assert ask("pool_order", shown).p_value > 0.02


def test_a_divided_list_has_no_item_twice_and_a_sharded_harness_neither() -> None:
    """A tenth of a public set over thirty accounts; a fifth of duplicates ends it (blind spot)."""
    rng = np.random.default_rng(7)
    log = Log()
    dealt = rng.permutation(8_000)[:1_200].reshape(30, 40)
    for names, share in ((HEADS, 0.0), (TEAM, 0.3)):
        for k, name in enumerate(names):
            again = rng.random(40) < share
            items = np.where(again, rng.choice(dealt.ravel()[:200], 40), dealt[k])
            log.send(name, spread(rng, 40), replay_source=["set"] * 40, replay_item_hash=items)
    heads, mixed = log.show(HEADS, TEAM, pools={"set": 8_000})
    told = ask("dealt_items", heads)
    assert told.observed == 1_200 > told.expected + 50
    assert told.p_value < 1e-6
    assert ask("dealt_items", mixed).p_value > 0.5
    (unknown,) = log.show(HEADS)
    assert BY_NAME["dealt_items"].measure(unknown) is None


def test_a_class_repeats_across_people_repeat_themselves_and_one_queue_does_either() -> None:
    """Far above 1, far below 1, and 1; only the queue's is in keeping with its null."""
    rng = np.random.default_rng(8)
    log = Log()
    people = [f"p{k:02d}" for k in range(30)]
    for k, (queue, learner, person) in enumerate(zip(HEADS, TEAM, people, strict=True)):
        log.send(queue, spread(rng, 30), prompt_hash=rng.integers(0, 300, 30))
        log.send(learner, spread(rng, 30), prompt_hash=1_000 + rng.permutation(40)[:30])
        log.send(person, spread(rng, 30), prompt_hash=9_000 + 10 * k + rng.integers(0, 10, 30))
    queue, learners, alone = (ask("repeats_cross", s) for s in log.show(HEADS, TEAM, people))
    assert queue.p_value > 0.02
    assert queue.observed == pytest.approx(1, abs=0.5)
    assert learners.observed > 5
    assert alone.observed < 0.2
    assert learners.p_value == alone.p_value == pytest.approx(2 / 100)


def test_a_farm_s_creations_are_too_even_and_so_is_a_regular_intake() -> None:
    """Three a day at any hour, among the register's; a roster of one each fifth day."""
    rng = np.random.default_rng(9)
    log = Log()
    strangers(log, rng, 3_000, each=2)
    farm = [f"f{k:02d}" for k in range(90)]
    for k, head in enumerate(farm):
        log.send(head, spread(rng, 5))
        log.sign_up(head, -40 + k // 3 + float(rng.random()))
    for k, hire in enumerate(TEAM):
        log.send(hire, spread(rng, 5))
        log.sign_up(hire, -170 + 5 * k + 0.4)
    heads, roster = log.show(farm, TEAM)
    told = ask("creation_dispersion", heads)
    assert told.observed < 0.7 * told.expected
    assert told.p_value <= 0.05
    for shown in (heads, roster):
        told = ask("creation_spacing", shown)
        assert told.observed < told.expected - 0.2
        assert told.p_value <= 0.02


def test_bursts_of_creation_are_not_too_even() -> None:
    """All on two days: the upper end, which has channels of its own."""
    rng = np.random.default_rng(10)
    log = Log()
    strangers(log, rng, 1_500, each=2)
    for k, head in enumerate(HEADS):
        log.send(head, spread(rng, 5))
        log.sign_up(head, -40 + 30 * (k % 2) + float(rng.random()))
    (shown,) = log.show(HEADS)
    assert ask("creation_spacing", shown).p_value > 0.9


def test_machines_that_neither_sleep_nor_dawdle_show_and_so_do_batch_jobs() -> None:
    """Every half hour with jitter, beside people of like volume; a job that runs each night."""
    rng = np.random.default_rng(11)
    log = Log()
    strangers(log, rng, 300, each=330)
    for k, (head, job) in enumerate(zip(HEADS, TEAM, strict=True)):
        log.send(head, np.arange(330) * HOUR_S + 1_000 * rng.random(330))
        log.send(job, np.arange(330) * HOUR_S + 60.0 * k)
    for shown in log.show(HEADS, TEAM):
        for name in ("no_night", "steady_gaps"):
            told = ask(name, shown)
            assert told.observed < 0.2, name
            assert told.p_value < 1e-6


def test_a_ban_that_is_answered_shows_and_so_does_an_intake_that_follows() -> None:
    """Six are stopped and six begin some hours after; without a status nobody says anything."""
    rng = np.random.default_rng(12)
    log = Log(days=28)
    strangers(log, rng, 50)
    stops = np.sort(rng.choice(np.arange(3, 26), 6, replace=False) + 0.5)
    for k, at in enumerate(stops):
        log.send(f"old{k}", spread(rng, 20) * at / DAYS)
        log.sign_up(f"old{k}", -9.0, stopped_s=float(at * DAY_S))
        log.send(f"new{k}", (at + 0.1) * DAY_S + np.arange(5) * 60.0)
    group = [f"{age}{k}" for age in ("old", "new") for k in range(6)]
    told = ask("ban_answered", log.show(group)[0])
    assert told.observed == 6 > 3 * told.expected
    assert told.p_value <= 0.1
    log.register = [{**row, "status": None, "status_changed_at": None} for row in log.register]
    assert BY_NAME["ban_answered"].measure(log.show(group)[0]) is None


def test_addresses_that_are_let_in_turn_show_and_so_does_a_desk_that_changes_hands() -> None:
    """Three accounts one after the other at each address; colleagues behind one office mix."""
    rng = np.random.default_rng(13)
    log = Log()
    strangers(log, rng, 20)
    for k, (head, mate) in enumerate(zip(HEADS, TEAM, strict=True)):
        turn = k % 3
        at = turn * 4 * DAY_S + (np.arange(12) * 8 + rng.random(12)) * HOUR_S
        log.send(head, at, address_hash=np.full(12, k // 3))
        log.send(mate, live(rng, 20), address_hash=np.full(20, 90 + k // 10))
    heads, office = log.show(HEADS, TEAM)
    told = ask("address_handed_over", heads)
    assert told.observed == 20 > told.expected
    assert told.p_value == pytest.approx(1 / 100)
    mixed = BY_NAME["address_handed_over"].measure(office)
    assert mixed is None or mixed.p_value > 0.05


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_figure_is_silent_of_a_few_accounts_or_exchanges(name: str) -> None:
    """Four busy accounts, or twelve that sent twice: nothing is said, and nothing fails."""
    rng = np.random.default_rng(14)
    log = Log()
    few, thin = [f"f{k}" for k in range(4)], [f"q{k:02d}" for k in range(12)]
    for names, each in ((few, 12), (thin, 2)):
        for who in names:
            log.send(who, spread(rng, each))
            log.sign_up(who, -1.0)
    for shown in log.show(few, thin):
        assert BY_NAME[name].measure(shown) is None
