"""How simulated accounts keep time and how long they are answered: what `rhythms` promises."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.applications import draw_applications
from stillwatch_lab.cohorts.people import Volume, draw_people, draw_volumes
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.cohorts.teams import draw_load_balanced, draw_office
from stillwatch_lab.rhythms.days import draw_days, find_life
from stillwatch_lab.rhythms.habits import BOUTS
from stillwatch_lab.rhythms.programs import draw_program_times
from stillwatch_lab.scene import DAY_S, FORTNIGHT, HOUR_S
from stillwatch_lab.traffic.answers import draw_answers, spell_answers
from stillwatch_lab.traffic.arrivals import draw_arrivals

COMMON = Volume(40.0, sigma=1.5)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    """People, then applications."""
    rng = np.random.default_rng(2)
    return unite(
        [
            draw_people(rng, FORTNIGHT, count=400, role="benign-individual", volume=COMMON),
            draw_applications(rng, FORTNIGHT, count=400, volume=COMMON),
        ]
    )


def local_hours(people: pl.DataFrame, arrivals: pl.DataFrame) -> np.ndarray:
    """The hour of each exchange in its account's zone."""
    zone = people["zone"].to_numpy()[arrivals["account"].to_numpy()]
    return (arrivals["at_s"].to_numpy() / HOUR_S + zone) % 24


def test_people_have_no_bouts_and_programs_have(people: pl.DataFrame) -> None:
    """What only programs have is null for people; nobody shares a clock with a stranger."""
    programs = (people["rhythm"] == "program").to_numpy()
    assert programs.sum() == 400
    for name in (*BOUTS, "context_tokens"):
        assert people[name].is_null().to_numpy().tolist() == (~programs).tolist()
    assert people["clock"].null_count() == people.height


def test_busy_programs_are_the_steady_ones(people: pl.DataFrame) -> None:
    """Volume goes into the row of habits as its normal score."""
    programs = people.filter(pl.col("rhythm") == "program")
    ranks = programs.select(pl.corr("volume", "day_share", method="spearman")).item()
    assert 0.6 < ranks < 0.95


def test_scores_of_volumes_are_normal_below_the_least_and_over_the_cap() -> None:
    """Many send the least and many the most; their scores aren't heaped up there."""
    law = Volume(40.0, sigma=2.35, cap=120.0)
    rng = np.random.default_rng(14)
    volumes = draw_volumes(rng, 20_000, law)
    scores = law.score(rng, volumes)
    assert (volumes == 1.0).mean() > 0.05
    assert (volumes == 120.0).mean() > 0.05
    found = np.quantile(scores, (0.01, 0.25, 0.5, 0.75, 0.99))
    assert found == pytest.approx([-2.33, -0.674, 0.0, 0.674, 2.33], abs=0.08)


def test_arrivals_stand_by_account_session_and_turn(people: pl.DataFrame) -> None:
    """Sessions are numbered without a gap, turns from 1; the same seed gives the same rows."""
    one, same, other = (
        draw_arrivals(np.random.default_rng(seed), people, FORTNIGHT) for seed in (3, 3, 4)
    )
    assert one.equals(same)
    assert not one.equals(other)
    assert one["account"].is_sorted()
    assert one["session"].rle_id().cast(pl.Int64).equals(one["session"], check_names=False)
    rank = pl.int_range(1, pl.len() + 1).over("session")
    assert one.select((pl.col("turn") == rank).all()).item()
    assert one.group_by("session").agg(pl.col("account").n_unique())["account"].max() == 1
    assert one.select((pl.col("at_s").diff().over("session") >= 0).all()).item()


def test_the_mean_volume_is_the_laws(people: pl.DataFrame) -> None:
    """Both kinds send what their law says, accounts that open or close during the run included."""
    sent = draw_arrivals(np.random.default_rng(5), people, FORTNIGHT)
    counts = np.bincount(sent["account"].to_numpy(), minlength=800)
    for part in (slice(0, 400), slice(400, 800)):
        assert counts[part].sum() / people["volume"][part].sum() == pytest.approx(1.0, abs=0.05)


def test_programs_send_while_their_account_lives(people: pl.DataFrame) -> None:
    """Nothing before the sign-up or after the end; half a life still holds the whole volume."""
    programs = people.filter(pl.col("rhythm") == "program").with_columns(
        pl.lit(2 * DAY_S).alias("created_s"), pl.lit(9 * DAY_S).alias("closed_s")
    )
    account, at_s = draw_program_times(np.random.default_rng(6), programs, FORTNIGHT)
    low, high = find_life(programs, FORTNIGHT)
    assert (at_s >= low[account]).all()
    assert (at_s < high[account]).all()
    assert len(at_s) / programs["volume"].sum() == pytest.approx(1.0, abs=0.25)


def test_keys_of_one_customer_keep_one_clock_and_strangers_do_not() -> None:
    """Hour by hour the keys of a program are busy together; each sends its share of the whole."""
    rng = np.random.default_rng(7)
    large = Volume(4_000.0, sigma=0.3, cap=9_000.0)
    keys = draw_load_balanced(rng, FORTNIGHT, count=4, volume=large)
    keys = keys.with_columns(pl.lit(-DAY_S).alias("created_s"), pl.lit(None).alias("closed_s"))
    shares = pl.Series("volume", [1_000.0, 2_000.0, 3_000.0, 6_000.0])

    def hourly(some: pl.DataFrame) -> np.ndarray:
        account, at_s = draw_program_times(rng, some.with_columns(shares), FORTNIGHT)
        assert (np.diff(account) >= 0).all()
        cell = account * (FORTNIGHT.days * 24) + (at_s // HOUR_S).astype(np.int64)
        return np.bincount(cell, minlength=4 * FORTNIGHT.days * 24).reshape(4, -1)

    together = hourly(keys)
    apart = hourly(keys.with_columns(pl.lit(None, pl.Int64).alias("clock")))
    assert together.sum(axis=1) == pytest.approx(shares.to_numpy(), rel=0.15)
    pairs = np.triu_indices(4, 1)
    assert np.corrcoef(together)[pairs].min() > 0.6
    assert np.corrcoef(apart)[pairs].mean() < 0.5 * np.corrcoef(together)[pairs].mean()


def test_two_customers_in_one_cohort_keep_two_clocks() -> None:
    """What shares a clock is found by the clock, wherever its rows stand."""
    rng = np.random.default_rng(8)
    each = [draw_load_balanced(rng, FORTNIGHT, count=3, volume=COMMON) for _ in range(2)]
    both = unite(each)[[0, 3, 1, 4, 2, 5]]
    busy = both.with_columns(
        pl.lit(2_000.0).alias("volume"),
        pl.lit(-DAY_S).alias("created_s"),
        pl.lit(None, pl.Float64).alias("closed_s"),
    )
    assert both["clock"].n_unique() == 2
    account, at_s = draw_program_times(rng, busy, FORTNIGHT)
    cell = account * 336 + (at_s // HOUR_S).astype(np.int64)
    alike = np.corrcoef(np.bincount(cell, minlength=6 * 336).reshape(6, 336))
    own = both["clock"].to_numpy()[:, None] == both["clock"].to_numpy()
    assert alike[own].min() > alike[~own].max()


def test_people_have_idle_days_and_machines_have_none(people: pl.DataFrame) -> None:
    """Sessions fall on as many days as the habit says; a machine's on every day."""
    account = np.repeat(np.arange(400), 400)
    crowd = people[:400].with_columns(
        pl.lit(0.5).alias("active_days"), pl.lit(0.2).alias("day_sigma"),
        pl.lit(-DAY_S).alias("created_s"), pl.lit(1.0).alias("weekend"),
    )  # fmt: skip
    machines = crowd.with_columns(pl.lit("machine").alias("rhythm"))
    for some, wanted in ((crowd, 7), (machines, 14)):
        day = draw_days(np.random.default_rng(9), some, account, FORTNIGHT)
        used = np.bincount(account * 14 + day, minlength=400 * 14).reshape(400, 14) > 0
        assert set(used.sum(axis=1).tolist()) == {wanted}


def test_nights_are_quiet_in_the_accounts_own_zone(people: pl.DataFrame) -> None:
    """Between two and six people send less than half of what they do in an even day."""
    crowd = people[:400]
    hours = local_hours(crowd, draw_arrivals(np.random.default_rng(10), crowd, FORTNIGHT))
    assert ((hours >= 2) & (hours < 6)).mean() < 0.5 * 4 / 24


def test_an_office_works_by_day_and_not_at_weekends() -> None:
    """Most sessions lie about the office's peak."""
    rng = np.random.default_rng(11)
    office = draw_office(rng, FORTNIGHT, count=80, volume=Volume(60.0))
    sent = draw_arrivals(rng, office, FORTNIGHT)
    hours = local_hours(office, sent)
    weekend = (sent["at_s"] // DAY_S).cast(pl.Int64) % 7 >= 5
    assert ((hours > 6) & (hours < 18)).mean() > 0.6
    assert weekend.mean() < 0.12


def answered(people: pl.DataFrame, account: np.ndarray, *, limit: int | None) -> pl.DataFrame:
    """Answers to requests with one short prompt."""
    frame = pl.DataFrame({"account": account}).with_columns(
        prompt=pl.lit("what is this"), system=pl.lit(None, pl.String),
        max_tokens=pl.lit(limit, pl.Int64), turn=pl.lit(1), status=pl.lit(200),
    )  # fmt: skip
    return draw_answers(np.random.default_rng(12), people, frame)


def test_answers_have_the_accounts_median_and_spread(people: pl.DataFrame) -> None:
    """Without a limit half are longer than the habit, and an account's spread is its own."""
    account = np.repeat(np.arange(800), 300)
    logs = answered(people, account, limit=None)["output_tokens"].log().to_numpy()
    low, middle, high = np.quantile(logs.reshape(800, 300), (0.1, 0.5, 0.9), axis=1)
    long = people["answer_tokens"].to_numpy() > 20
    wanted = np.log(people["answer_tokens"].to_numpy())
    spread = people["answer_spread"].to_numpy()
    assert np.abs(middle - wanted)[long].max() < 0.1 + 0.25 * spread.max()
    assert np.corrcoef((high - low)[long] / 2.5631, spread[long])[0, 1] > 0.95


def test_answers_keep_the_limit_and_their_text_grows_with_them(people: pl.DataFrame) -> None:
    """No answer is longer than `max_tokens`; words follow tokens, from a single one on."""
    account = np.repeat(np.arange(800), 30)
    cut = answered(people, account, limit=64)
    assert cut["output_tokens"].max() == 64
    assert cut["output_tokens"].min() >= 1
    free = answered(people, account, limit=None).filter(pl.col("output_tokens") < 900)
    told = spell_answers(free)
    size = told.select("output_tokens", letters=pl.col("response").str.len_chars())
    assert size.select(pl.corr("output_tokens", "letters", method="spearman")).item() > 0.9
    short = size.filter(pl.col("output_tokens") <= 3)["letters"]
    assert short.median() < 40


def test_a_failed_request_has_no_answer(people: pl.DataFrame) -> None:
    """Neither text nor tokens."""
    frame = pl.DataFrame(
        {"account": [0, 0], "prompt": ["a", "b"], "system": [None, "be kind"],
         "max_tokens": [None, 10], "turn": [1, None], "status": [429, 200]},
    )  # fmt: skip
    drawn = draw_answers(np.random.default_rng(13), people, frame)
    assert spell_answers(drawn)["response"].is_null().to_list() == [True, False]
    assert drawn["output_tokens"][0] == 0
    assert drawn["output_tokens"][1] >= 1
