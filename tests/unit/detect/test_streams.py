"""What a queue is known to send tells its other exchanges from the lives of its accounts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from traffic_by_hand import Scene, group_rows, member_rows

from stillwatch.detect.honest_groups import NAMES
from stillwatch.detect.measure import Case, measure_groups, measure_sender
from stillwatch.detect.traffic import Traffic
from stillwatch.detect.unmix.handed_on import HandedOn
from stillwatch.detect.unmix.membership import weigh_exchanges
from stillwatch.detect.unmix.streams import KNOWN_MIN, weigh_streams
from stillwatch.domain import limits
from stillwatch.domain.observations import ECHO, WATCHED, Echoes
from stillwatch.domain.settings import DetectSettings
from stillwatch.domain.tables import REGISTER

HEADS = 20


def play(*, seed: int = 1) -> tuple[Scene, list[str]]:
    """Heads that share no passage: half of what they send is like itself, half a life each."""
    scene = Scene(seed=seed)
    scene.add_strangers(300)
    heads = [f"h{k:02d}" for k in range(HEADS)]
    work = scene.rng.normal(size=32) * 1.5
    for head in heads:
        own = scene.rng.normal(size=32) * 0.5
        for k in range(60):
            harvests = k % 2 == 0
            sent = scene.send(
                head, [], centre=work if harvests else own, output_tokens=800 if harvests else 200
            )
            if harvests:
                scene.harvest.add(sent["exchange_id"])
    return scene, heads


def hand_on(scene: Scene, heads: list[str], *, count: int) -> Echoes:
    """Let harvest requests be handed from one head to the next."""
    rows = [r for r in scene.rows if r["exchange_id"] in scene.harvest]
    rng = np.random.default_rng(7)
    picked = rng.choice(len(rows), (count, 2), replace=False)
    pairs = [
        (rows[a], rows[b]) for a, b in picked if rows[a]["account_id"] != rows[b]["account_id"]
    ]
    found = pl.DataFrame(
        [
            (a["row"], b["row"], a["account_id"], b["account_id"], True, 5.0, 3, 2, k % 2 == 0)
            for k, (a, b) in enumerate(pairs)
        ],
        schema=ECHO.schema,
        orient="row",
    )
    counts = {"refused": 10, "answered": 20, "exchanges": 60}
    watched = pl.DataFrame({"account_id": heads}).with_columns(
        pl.lit(n, pl.Int64).alias(name) for name, n in counts.items()
    )
    return Echoes(found, WATCHED.conform(watched))


def unmix(traffic: Traffic, heads: list[str], echoes: Echoes) -> tuple[np.ndarray, np.ndarray]:
    """Memberships, and which exchanges they are of."""
    codes = traffic.codes_of(heads)
    known = HandedOn(echoes, traffic).find_known(codes)
    found = weigh_exchanges(traffic, codes, known=known, seed=0, unrelated_max=0.98)
    return found.membership, traffic.rows_of(codes)


def test_a_harvest_in_words_of_each_head_is_unmixed_by_what_heads_pass_on() -> None:
    """Recall and precision of nine tenths, from fewer than a tenth of the harvest known."""
    scene, heads = play()
    traffic = scene.traffic()
    membership, rows = unmix(traffic, heads, hand_on(scene, heads, count=30))
    harvest = traffic.exchanges["exchange_id"].is_in(list(scene.harvest)).to_numpy()[rows]
    called = membership >= 0.5
    assert called[harvest].mean() >= 0.9
    assert harvest[called].mean() >= 0.9


def test_too_few_known_exchanges_teach_nothing() -> None:
    """Below the bar, passages alone speak, and there are none."""
    scene, heads = play()
    few = hand_on(scene, heads, count=KNOWN_MIN // 4)
    none = Echoes.none()
    traffic = scene.traffic()
    assert np.array_equal(unmix(traffic, heads, few)[0], unmix(traffic, heads, none)[0])


def test_an_accounts_own_requests_do_not_teach_what_it_is_scored_by() -> None:
    """What one head is known to hand on is of its own life: the others' queue is the measure."""
    scene, heads = play(seed=3)
    rows = [r for r in scene.rows if r["account_id"] == heads[0]]
    lives = [r["row"] for r in rows if r["exchange_id"] not in scene.harvest]
    echoes = hand_on(scene, heads, count=40)
    (like,) = echoes.found.head(1).to_dicts()
    wrong = [like | {"row": row, "account_id": heads[0]} for row in lives[:5]]
    wrong = [r | {"echo_account_id": like["echo_account_id"]} for r in wrong]
    mixed = pl.concat([echoes.found, pl.DataFrame(wrong, schema=ECHO.schema)])
    traffic = scene.traffic()
    membership, at = unmix(traffic, heads, Echoes(mixed, echoes.watched))
    assert np.mean(membership[np.isin(traffic.rows[at], lives)] >= 0.5) <= 0.1


def test_shares_of_requests_handed_on_are_counted_against_those_watched() -> None:
    """Ten refused requests a head; controls would be taken off; half of them moved."""
    scene, heads = play()
    traffic = scene.traffic()
    echoes = hand_on(scene, heads, count=30)
    handed = HandedOn(echoes, traffic)
    codes = traffic.codes_of(heads)
    assert handed.measure_share(codes) == pytest.approx(len(echoes.found) / (10 * HEADS))
    assert 0.35 < handed.measure_moved(codes) < 0.5, "the lower limit of a half"
    answered = Echoes(echoes.found.with_columns(is_refused=pl.lit(value=False)), echoes.watched)
    control = HandedOn(answered, traffic)
    assert control.measure_share(codes) == pytest.approx(-len(echoes.found) / (20 * HEADS))
    assert np.isnan(control.measure_moved(codes))
    late = echoes.found.with_columns(lag_s=pl.lit(limits.ECHO_SOON_S_MAX + 1))
    tardy = HandedOn(Echoes(late, echoes.watched), traffic)
    assert tardy.measure_share(codes) == 0.0, "judging hears what comes soon"
    assert np.isnan(handed.measure_share(codes[:1]))
    assert np.isnan(HandedOn(Echoes.none(), traffic).measure_share(codes))


def test_what_one_customers_program_hands_on_moves_nothing_of_strangers() -> None:
    """Of twenty heads ten are one customer's: what passes among these tells of nobody else."""
    scene, heads = play()
    traffic, echoes = scene.traffic(), hand_on(scene, heads, count=60)
    codes = traffic.codes_of(heads)
    gone = Echoes(echoes.found.with_columns(is_elsewhere=pl.lit(value=True)), echoes.watched)
    whose = np.full((2, len(traffic.accounts)), -1)
    assert HandedOn(gone, traffic, owners=whose).measure_moved(codes) > 0.9
    whose[1, codes] = 3
    assert np.isnan(HandedOn(gone, traffic, owners=whose).measure_moved(codes))
    assert HandedOn(gone, traffic, owners=whose).measure_share(codes) > 0, "that is heard as before"
    whose[1, codes[10:]] = np.arange(4, 14)
    assert HandedOn(gone, traffic, owners=whose).measure_moved(codes) > 0.8


def test_whoever_sends_most_of_a_core_is_whom_it_speaks_of() -> None:
    """Four keys of one card among others: by exchanges, not by accounts."""
    whose = np.array([[-1] * 10, [2] * 6 + [-1] * 4, [0, 1] + [-1] * 8])
    assert measure_sender(whose) == 0.6
    assert measure_sender(whose[:1]) == 0.0


@pytest.mark.parametrize(("refused", "moves"), [(12, True), (14, False), (1_000, False)])
def test_a_few_of_many_lost_requests_show_no_hand_that_moves_them(
    refused: int, *, moves: bool
) -> None:
    """Annotators drop what failed: eight of it come again, elsewhere, of 240 or of more."""
    scene, heads = play()
    traffic, echoes = scene.traffic(), hand_on(scene, heads, count=30)
    gone = echoes.found.head(8).with_columns(is_elsewhere=pl.lit(value=True))
    watched = echoes.watched.with_columns(refused=pl.lit(refused, pl.Int64))
    codes = traffic.codes_of(heads)
    moved = HandedOn(Echoes(gone, watched), traffic).measure_moved(codes)
    assert moved > 0.7 if moves else moved == 0.0


def test_few_requests_that_move_say_less_than_many_and_chance_is_taken_off() -> None:
    """All of them move: five say seven tenths; as many answered ones beside them, nothing."""
    scene, heads = play()
    traffic, echoes = scene.traffic(), hand_on(scene, heads, count=30)
    codes = traffic.codes_of(heads)
    gone = echoes.found.with_columns(is_elsewhere=pl.lit(value=True))

    def measure(found: pl.DataFrame, *, refused: int = 10) -> float:
        watched = echoes.watched.with_columns(refused=pl.lit(refused, pl.Int64))
        return HandedOn(Echoes(found, watched), traffic).measure_moved(codes)

    assert measure(gone.head(5), refused=5) == pytest.approx(0.7, abs=0.05)
    assert measure(gone) > 0.9
    assert np.isnan(measure(gone.head(4), refused=5))
    answered = gone.with_columns(is_refused=pl.lit(value=False))
    assert measure(pl.concat([gone, answered, answered])) < 0.05


@pytest.mark.parametrize(
    ("declares", "hides"),
    [({}, True), ({"org_id": "o"}, False), ({"payment_hash": 7}, False)],
)
def test_who_signs_or_pays_for_the_accounts_hides_no_hand(
    declares: dict[str, object], *, hides: bool
) -> None:
    """Moving is asked of strangers: not of accounts under one organisation, nor on one card."""
    scene, heads = play()
    echoes = hand_on(scene, heads, count=30)
    gone = echoes.found.with_columns(is_elsewhere=pl.lit(value=True))
    rows = [{"account_id": head, **declares} for head in heads]
    register = REGISTER.conform(pl.DataFrame(rows, schema_overrides={**REGISTER.schema}))
    groups, members = group_rows(h=heads), member_rows(h=heads)
    case = Case(groups, members, register, echoes=Echoes(gone, echoes.watched))
    ((_, _, figures, _),) = measure_groups(scene.traffic(), case, settings=DetectSettings())
    moved = figures[NAMES.index("moved_on")]
    assert moved > 0.8 if hides else np.isnan(moved)


def test_an_account_that_sends_what_the_group_sends_is_told_from_a_stranger() -> None:
    """Half of its traffic, where strangers have a twentieth; the cap; nobody who sent nothing."""
    core = np.array([50.0, 5.0, 0.0, 0.0])
    sent = np.array([100.0, 100.0, 100.0, 0.0])
    bits = weigh_streams(core, sent, share=0.5, background=0.05)
    assert bits[0] > 2
    assert bits[0] > bits[1] > bits[2]
    assert bits[2] < -1
    assert bits[3] == 0
    assert np.abs(bits).max() <= 6
