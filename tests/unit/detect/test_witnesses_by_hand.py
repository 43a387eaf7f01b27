"""Every witness on a core whose figure is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cores_by_hand import USUAL, core_of, correlated, stamp

from stillwatch.detect.witnesses import (
    heads_are_interchangeable,
    items_differ,
    more_is_taken,
    nobody_declares_an_owner,
    nobody_follows_up,
    people_have_paces_and_days,
    requests_are_dealt_out,
    tactics_harvest,
    templates_fill_the_traffic,
)
from stillwatch.detect.witnesses.core import Usual


@pytest.mark.parametrize("icc", [0.02, 0.1, 0.4])
def test_a_known_intra_class_correlation_is_measured_from_above(icc: float) -> None:
    """Sixty accounts of forty: up to 1.5 times the truth plus 0.004, six sevenths at least.

    Six parts of sixty accounts explain something by chance: a seventh of what lies between them.
    """
    sizes = [40] * 60
    found = [
        2
        ** heads_are_interchangeable.measure(
            core_of(sizes, embedding=correlated(sizes, icc=icc, seed=seed))
        )
        for seed in range(4)
    ]
    assert icc * 6 / 7 <= np.mean(found) <= icc * 1.5 + 0.004


def test_heads_of_one_queue_show_almost_no_variance_between_accounts() -> None:
    """No correlation: under 0.004, as in the trial's campaigns."""
    sizes = [40] * 60
    core = core_of(sizes, embedding=correlated(sizes, icc=0.0))
    assert 2 ** heads_are_interchangeable.measure(core) < 0.004


def test_heads_with_specialities_are_interchangeable_inside_them() -> None:
    """Three queues, twenty heads each: as one queue, though most variance lies between heads."""
    sizes = [40] * 60
    kind = np.repeat(np.arange(60) % 3, 40)
    work = np.random.default_rng(5).normal(size=(3, 32)) * 2
    core = core_of(sizes, embedding=correlated(sizes, icc=0.0) + work[kind])
    assert 2 ** heads_are_interchangeable.measure(core) < 0.004


def test_accounts_with_work_of_their_own_have_no_specialities() -> None:
    """Parting them in eight explains little: above half of what lies between them stays."""
    sizes = [40] * 100
    core = core_of(sizes, embedding=correlated(sizes, icc=0.2))
    assert 2 ** heads_are_interchangeable.measure(core) > 0.1


def test_below_twenty_accounts_there_are_no_specialities() -> None:
    """Nineteen accounts of two kinds: the kinds lie between the accounts."""
    sizes = [40] * 19
    kind = np.repeat(np.arange(19) % 2, 40)
    work = np.random.default_rng(5).normal(size=(2, 32)) * 2
    core = core_of(sizes, embedding=correlated(sizes, icc=0.0) + work[kind])
    assert 2 ** heads_are_interchangeable.measure(core) > 0.3


def test_a_small_group_looks_more_honest_than_a_large_one() -> None:
    """The upper limit of the correlation falls as exchanges are added."""
    found = [
        heads_are_interchangeable.measure(core_of(s, embedding=correlated(s, icc=0.0)))
        for s in ([4] * 6, [10] * 20, [40] * 60)
    ]
    assert found == sorted(found, reverse=True)


def test_unequal_accounts_don_t_shift_the_correlation() -> None:
    """One account of a thousand exchanges among sixty of twenty; it may be a part by itself."""
    sizes = [1_000, *[20] * 60]
    core = core_of(sizes, embedding=correlated(sizes, icc=0.1))
    assert 0.07 <= 2 ** heads_are_interchangeable.measure(core) <= 0.16


def test_identical_exchanges_leave_nothing_to_compare() -> None:
    """No variance within: silent."""
    sizes = [10] * 5
    assert math.isnan(
        heads_are_interchangeable.measure(core_of(sizes, embedding=np.ones((50, 32))))
    )


@pytest.mark.parametrize(
    ("sizes", "index"), [([10] * 6, 0.0), ([5, 15] * 3, 3.0), ([1, 1, 1, 1, 1, 55], 48.6)]
)
def test_volumes_have_the_dispersion_of_the_textbook(sizes: list[int], index: float) -> None:
    """Variance over mean of exchanges per active day: equal volumes nought, one busy head many."""
    core = core_of(sizes, hour=[0] * sum(sizes))
    assert people_have_paces_and_days.measure_evenness(core) == pytest.approx(
        math.log2(index + 0.1), abs=1e-6
    )


def test_volumes_are_counted_per_active_day() -> None:
    """Ten on one day and twenty over two days are the same rate."""
    core = core_of([10, 20, 10], hour=[*[0] * 10, *[0] * 10, *[24] * 10, *[100] * 10])
    assert people_have_paces_and_days.measure_evenness(core) == pytest.approx(math.log2(0.1))


def test_a_class_repeats_and_a_harvest_does_not() -> None:
    """Two exercises are one bit; those that are unknown are left out."""

    def bits(*prompts: int | None) -> float:
        return items_differ.measure(core_of([len(prompts) // 2] * 2, prompt_hash=list(prompts)))

    assert bits(*([1, 2] * 200)) == pytest.approx(1.0, abs=0.01)
    assert bits(*range(400)) == 10.0
    assert bits(*range(20)) == bits(*range(20), *[None] * 20) == pytest.approx(math.log2(191 / 0.5))


def test_several_answers_to_each_of_many_items_are_no_class() -> None:
    """Four answers each to two thousand items; a class asks for four of each student's dozen."""
    items = core_of([4_000, 4_000], prompt_hash=list(range(2_000)) * 4)
    exercises = core_of([24, 24], prompt_hash=list(range(12)) * 4)
    assert items_differ.measure(items) == 10.0
    assert items_differ.measure(exercises) == pytest.approx(3.97, abs=0.01)


def test_taking_is_measured_against_the_population() -> None:
    """Answers of 1,023 tokens are ten bits, two above the usual eight."""
    assert more_is_taken.measure(core_of([15, 15], output_tokens=[1_023] * 30)) == pytest.approx(2)


def test_tactics_weigh_accounts_alike() -> None:
    """A busy account at 0.9 and a quiet one at 0.1: 0.5 on average, 0.4 above the usual."""
    core = core_of([90, 10], tactic_probability=[*[0.9] * 90, *[0.1] * 10])
    assert tactics_harvest.measure(core) == pytest.approx(0.4)


def test_template_mass_is_the_core_s_share_of_the_traffic() -> None:
    """Thirty of forty exchanges."""
    assert templates_fill_the_traffic.measure(core_of([15, 15], outside=10)) == 0.75


def test_follow_ups_are_measured_against_the_run() -> None:
    """As many as usual is nought bits; none is log2(0.02 / 0.42)."""
    usual = [2] * 12 + [1] * 18
    assert nobody_follows_up.measure(core_of([15, 15], turn=usual)) == pytest.approx(0.0)
    none = nobody_follows_up.measure(core_of([15, 15], turn=[1] * 30))
    assert none == pytest.approx(math.log2(0.02 / 0.42))


def test_follow_ups_are_silent_where_the_log_tells_no_conversations() -> None:
    """Hardly any later turn in the whole run, or no figure at all."""
    for later in (0.05, float("nan")):
        core = core_of([15, 15], turn=[1] * 30, usual=Usual(8.0, 0.1, later))
        assert math.isnan(nobody_follows_up.measure(core))


def test_a_few_strays_with_a_turn_don_t_speak_for_a_core_that_states_none() -> None:
    """Ten chatty exchanges among fifty: silent; from half on, those that state one are heard."""
    strays = [2] * 10 + [None] * 40
    assert math.isnan(nobody_follows_up.measure(core_of([25, 25], turn=strays)))
    heard = nobody_follows_up.measure(core_of([25, 25], turn=[1] * 25 + [None] * 25))
    assert heard == pytest.approx(math.log2(0.02 / 0.42))


def test_people_who_sit_down_are_counted_by_the_hour() -> None:
    """Ten requests each in one hour of the day: alone there, and two at a time."""
    alone = core_of([10] * 12, hour=np.repeat(np.arange(12), 10))
    assert requests_are_dealt_out.measure(alone) == pytest.approx(math.log2(1.01 / 0.01))
    paired = core_of([10] * 24, hour=np.repeat(np.arange(24) // 2, 10) + 48)
    expected = math.log2(1.01 / (10 / 230 + 0.01))
    assert requests_are_dealt_out.measure(paired) == pytest.approx(expected)


def test_a_class_that_sits_down_together_is_not_dealt_out() -> None:
    """All in one hour: others' coincidence counts as that of a waking day at most."""
    expected = math.log2(1.01 / (1 / 14 + 0.01))
    found = requests_are_dealt_out.measure(core_of([5] * 20, hour=[9] * 100))
    assert found == pytest.approx(expected)


def test_pupils_of_one_lesson_show_no_hand_and_heads_through_their_hours_do() -> None:
    """Three lesson hours that all share, far from nought; fourteen by lots, next to nought."""
    rng = np.random.default_rng(4)
    day = rng.integers(0, 14, 3_000) * 24
    pupils = core_of([60] * 50, hour=day + rng.integers(17, 20, 3_000))
    heads = core_of([60] * 50, hour=day + rng.integers(8, 22, 3_000))
    assert requests_are_dealt_out.measure(pupils) > 1.9
    assert requests_are_dealt_out.measure(heads) < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_requests_that_are_dealt_out_share_no_hour_but_by_chance(seed: int) -> None:
    """By lots over a ramp and a night: next to nought; in strict turn: nought."""
    rng = np.random.default_rng(seed)
    hours = np.flatnonzero(np.arange(7 * 24) % 24 > 5)
    at = np.sort(rng.choice(hours, 4_000, p=hours / hours.sum()))
    for head, most in ((rng.integers(0, 60, 4_000), 0.1), (np.arange(4_000) % 60, 0.0)):
        hour = at[np.argsort(head, kind="stable")]
        assert (
            requests_are_dealt_out.measure(core_of(np.bincount(head).tolist(), hour=hour)) <= most
        )


@pytest.mark.parametrize("name", ["half hours", "mornings", "a loop"])
def test_clocks_of_ones_own_are_no_hand(name: str) -> None:
    """Every half an hour since each was started, a minute late at most; once a morning; a loop."""
    rng = np.random.default_rng(6)
    started = rng.uniform(0, 86_400, 40)[:, None]
    strikes = {
        "half hours": started + 1_800 * np.arange(300) + rng.uniform(0, 60, (40, 300)),
        "mornings": started + 86_400 * np.arange(20) + rng.uniform(0, 240, (40, 20)),
        "a loop": started + np.cumsum(1_800 + rng.lognormal(1.5, 0.5, (40, 300)), axis=1),
    }[name]
    assert keep_clocks(strikes) > 0.8
    rng.shuffle(strikes, axis=1)
    assert keep_clocks(strikes) > 0.8, "input order is irrelevant"


@pytest.mark.parametrize("name", ["lots", "sittings", "turns"])
def test_people_and_dispatchers_keep_time_by_no_clock(name: str) -> None:
    """By lots; in six minutes a day that agree with themselves; forty heads in strict turn."""
    rng = np.random.default_rng(7)
    days = 86_400 * np.arange(14)[None, :, None]
    queue = np.cumsum(rng.exponential(90.0, 40 * 300)).reshape(300, 40).T
    times = {
        "lots": np.sort(rng.uniform(0, 14 * 86_400, (40, 300)), axis=1),
        "sittings": (
            days + rng.uniform(8, 20, (40, 14, 1)) * 3_600 + rng.uniform(0, 360, (40, 14, 9))
        ).reshape(40, -1),
        "turns": queue,
    }[name]
    assert keep_clocks(times) < 0.1


def test_half_of_a_group_by_the_clock_is_half() -> None:
    """Exchanges count alike, and what comes once tells of no clock."""
    rng = np.random.default_rng(8)
    clocks = rng.uniform(0, 1_800, (20, 1)) + 1_800 * np.arange(200)
    lots = np.sort(rng.uniform(0, 200 * 1_800, (20, 200)), axis=1)
    assert keep_clocks(np.concatenate([clocks, lots])) == pytest.approx(0.5, abs=0.03)
    assert keep_clocks(rng.uniform(0, 86_400, (20, 1))) == 0.0


def test_a_device_that_asks_all_day_at_its_minutes_is_not_dealt_out() -> None:
    """Eighteen times a day, never twice in an hour: by its hours dealt out, by its minutes not."""
    rng = np.random.default_rng(9)
    hour = (24 * np.arange(7)[:, None] + np.arange(6, 24)).ravel()
    sizes, hours = [len(hour)] * 30, np.tile(hour, 30)
    minute = np.repeat(rng.uniform(0, 3_500, 30), len(hour))
    clocks = core_of(sizes, hour=hours, time=stamp(hours * 3_600 + minute))
    chance = core_of(
        sizes, hour=hours, time=stamp(hours * 3_600 + rng.uniform(0, 3_600, len(hours)))
    )
    assert requests_are_dealt_out.measure(chance) == 0.0
    assert requests_are_dealt_out.measure(clocks) > 3.5


def keep_clocks(times: np.ndarray) -> float:
    """Clocks of accounts, a row of seconds each."""
    account = np.repeat(np.arange(len(times)), times.shape[1])
    at_us = (times.ravel() * 1e6).astype(np.int64)
    return requests_are_dealt_out.measure_clocks(account, at_us)


def test_dealing_out_is_asked_of_strangers_who_come_again_on_a_day() -> None:
    """Silent where somebody stands for the accounts, and where each sends one a day."""
    hour = np.tile(np.arange(10) * 24, 6)
    assert math.isnan(requests_are_dealt_out.measure(core_of([10] * 6, hour=hour)))
    core = core_of([10] * 6, hour=[9] * 60, are_strangers=False)
    assert math.isnan(requests_are_dealt_out.measure(core))


def test_an_owner_is_what_the_register_declares() -> None:
    """The share is handed on; without a register it is unknown."""
    assert nobody_declares_an_owner.measure(core_of([15, 15], declared=0.7)) == 0.7
    assert math.isnan(nobody_declares_an_owner.measure(core_of([15, 15], declared=float("nan"))))


def test_what_the_run_doesn_t_say_leaves_relative_witnesses_silent() -> None:
    """No usual figure, nothing to be above of."""
    silent = Usual(float("nan"), float("nan"), float("nan"))
    core = core_of([15, 15], usual=silent, output_tokens=[9] * 30, tactic_probability=[0.5] * 30)
    assert math.isnan(more_is_taken.measure(core))
    assert math.isnan(tactics_harvest.measure(core))
    assert USUAL.tactic == 0.1
