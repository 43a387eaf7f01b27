"""The evasion curve's pure parts: knobs, costs, rows, tables and the figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from stillwatch_lab.cohorts.campaigns import Plan
from stillwatch_lab.evaluation.operating_points import Ranking, Rung
from stillwatch_lab.evasion.chart import plot_curve
from stillwatch_lab.evasion.costs import PRICES, count_days, count_units, price_harvest
from stillwatch_lab.evasion.curve import (
    Outcome,
    Row,
    find_cheapest,
    list_rows,
    name_plan,
    read_ranking,
    write_ranking,
)
from stillwatch_lab.evasion.knobs import BASE, BASES, KNOBS, list_plans, list_turns
from stillwatch_lab.evasion.tables import (
    render_hiding,
    render_prices,
    render_reading,
    render_rows,
)
from stillwatch_lab.show.drawing import draw_chart, stand_alone
from stillwatch_lab.show.figures import times

DAYS = 14
MIXING = next(knob for knob in KNOBS if knob.name == "mixing")


def outcome(seed: int, found: int, *, called: int, false: int = 0) -> Outcome:
    """A run with a hundred heads, of which a bar finds `found`, and honest accounts below."""
    rungs = (Rung(0.9, found, 0), Rung(0.1, 100 - found, 900))
    return Outcome(seed, Ranking(100, rungs), called, false)


def rows_of_mixing(found: Sequence[int]) -> list[Row]:
    """Rows of the mixing knob from the plain base, recall falling as given."""
    plans = [plan for _, plan in MIXING.turn()]
    outcomes = {
        name_plan(plan): [outcome(1, part, called=part // 2), outcome(2, part, called=part // 2)]
        for plan, part in zip(plans, found, strict=True)
    }
    return list_rows(outcomes, days=DAYS, knobs=(MIXING,))


def test_every_plan_is_played_once_and_each_knob_passes_its_base() -> None:
    """Settings that change nothing are the base; no plan comes twice."""
    plans = list_plans()
    assert plans[: len(BASES)] == list(BASES.values())
    assert len({name_plan(plan) for plan in plans}) == len(plans)
    for name, base in BASES.items():
        turned = [(knob, plan) for base, knob, _, plan in list_turns() if base == name]
        passing = {knob.name for knob, plan in turned if plan == base}
        assert passing == {knob.name for knob, _ in turned}


def test_a_setting_changes_its_own_knob_alone() -> None:
    """All but the changed fields stay as in the base."""
    for base, knob, setting, plan in list_turns():
        if not knob.adds_up:
            kept = {name: getattr(BASES[base], name) for name in setting.changes}
            assert replace(plan, **kept) == BASES[base]


def test_what_adds_up_keeps_the_changes_before() -> None:
    """The last setting of the staircase has every field that any of its steps sets last."""
    (stairs,) = (knob for knob in KNOBS if knob.adds_up)
    settings = list(stairs.turn())
    merged = {name: v for setting, _ in settings for name, v in setting.changes.items()}
    assert settings[-1][1] == replace(BASE, **merged)
    assert {"own"} == {getattr(settings[-1][1], field) for field in ("payment", "network")}


@pytest.mark.parametrize(
    ("changes", "unit", "count"),
    [
        ({}, "instrument", 300 / 15),
        ({"payment": "own"}, "instrument", 300),
        ({"payment": "shared", "instruments": 2}, "instrument", 2),
        ({}, "relay", 60),
        ({"network": "proxy"}, "relay", 1),
        ({"network": "subnet"}, "relay", 300),
        ({"network": "own"}, "relay", 0),
        ({"network": "own"}, "home", 300),
        ({"mixing": 0.8}, "unrelated", 4 * 300 * 12 * 14),
        ({"per_day": 1.0}, "harvested", 300 * 14),
        ({"paraphrase": 0.5}, "paraphrase", 0.5 * 300 * 12 * 14),
        ({"paraphrase": 0.5, "paraphrase_by": "head"}, "paraphrase", 0.5 * 300 * 8),
        ({"clients": 0}, "stack", 300),
        ({"clients": -1}, "stack", 1),
        ({"signup": "aged", "signup_days": 150.0}, "waiting", 300 * 105),
        ({"banned": 0.1}, "account", 330),
        ({"specialities": 8}, "queue", 8),
    ],
)
def test_a_plan_needs_what_its_knobs_say(
    changes: dict[str, object], unit: str, count: float
) -> None:
    """Units of 300 heads, 12 exchanges a day, 14 days, counted by hand."""
    assert count_units(replace(BASE, **changes), days=DAYS)[unit] == pytest.approx(count)  # type: ignore[arg-type]  # fields of many types


def test_the_cost_is_the_sum_of_units_at_their_prices() -> None:
    """One unit at a dollar each: the harvest itself, and nothing else that it needs."""
    only = {"harvested": replace(PRICES["harvested"], dollars=1.0)}
    assert price_harvest(BASE, days=DAYS, prices=only) == pytest.approx(1_000)
    cards = {"instrument": replace(PRICES["instrument"], dollars=50.4)}
    assert price_harvest(BASE, days=DAYS, prices=cards) == pytest.approx(20.0)


def test_every_unit_has_a_price() -> None:
    """What is counted and what is priced are the same list."""
    assert set(count_units(BASE, days=DAYS)) == set(PRICES)


def test_no_careful_setting_comes_for_less_than_the_base() -> None:
    """Going from the plain base to own things, less harvest or more traffic never saves money."""
    base = price_harvest(BASE, days=DAYS)
    dear: list[dict[str, object]] = [
        {"mixing": 0.5},
        {"payment": "own"},
        {"network": "own"},
        {"per_day": 3.0},
        {"clients": 0},
        {"specialities": 4},
        {"paraphrase": 1.0},
    ]
    for changes in dear:
        assert price_harvest(replace(BASE, **changes), days=DAYS) > base  # type: ignore[arg-type]  # as above


def test_a_slow_harvest_takes_its_days() -> None:
    """A twelfth of the rate is twelve times the days."""
    assert count_days(replace(BASE, per_day=1.0), base=BASE, days=DAYS) == pytest.approx(168)


def test_a_plan_has_another_name_with_any_knob() -> None:
    """A changed catalogue never reads the cells of the old one."""
    assert name_plan(BASE) != name_plan(replace(BASE, addresses=61))
    fields = json.loads(json.dumps({"paths": ["api"]}))
    assert name_plan(replace(BASE, paths=("api",))) == name_plan(
        replace(BASE, paths=tuple(fields["paths"]))
    )


def test_a_ranking_comes_back_from_json() -> None:
    """Written and read, it is the same."""
    ranking = Ranking(7, (Rung(0.9, 5, 0), Rung(0.25, 1, 40)))
    assert read_ranking(json.loads(json.dumps(write_ranking(ranking)))) == ranking


def test_a_row_pools_its_seeds_and_leaves_out_what_was_not_run() -> None:
    """Two seeds of one plan: recall over both, each seed beside it; other knobs have no row."""
    base = BASES["plain"]
    runs = {name_plan(base): [outcome(1, 90, called=80), outcome(2, 70, called=0, false=3)]}
    rows = list_rows(runs, days=DAYS, bases={"plain": base})
    assert {row.label for row in rows if row.knob.name == "mixing"} == {"0"}
    row = rows[0]
    assert (row.ranked.recall, row.ranked.recalls) == (0.8, (0.9, 0.7))
    assert (row.recall, row.called, row.false, row.relative) == (0.4, (0.8, 0.0), 3, 1.0)


def test_who_is_tied_is_counted_whatever_the_judgement() -> None:
    """A probability above 0 tells a member; so does being suspect for coordination at 0."""
    ranking = Ranking(10, (Rung(0.9, 2, 0), Rung(0.05, 3, 4), Rung(0.0, 5, 90)))
    assert Outcome(1, ranking, found=2, false=0).tied == 5
    assert Outcome(1, ranking, found=2, false=0, suspected=7).tied == 7


def test_the_page_tells_misses_of_judging_from_misses_of_linking() -> None:
    """Half tied and not judged, the rest not tied: both are named."""
    plan = BASES["plain"]
    ranking = Ranking(100, (Rung(0.05, 50, 60), Rung(0.0, 50, 840)))
    runs = {name_plan(plan): [Outcome(1, ranking, 0, 0)] for _, plan in list(MIXING.turn())[:2]}
    rows = list_rows(runs, days=DAYS, knobs=(MIXING,), bases={"plain": plan})
    missed = (
        "recall stays at 0.0%; tied, but not told from honest groups: 0; 50%; not tied: 0; 50%."
    )
    assert missed in render_reading(rows)
    assert rows[0].tied_share == 0.5


def test_the_cheapest_way_to_hide_is_found() -> None:
    """Of those that leave at most the recall, the one that costs least; none where none does."""
    rows = rows_of_mixing([100, 60, 20, 20])
    cheap = find_cheapest(rows, recall_max=0.25)
    assert cheap is not None
    assert cheap.label == "80%"
    assert find_cheapest(rows, recall_max=0.1) is None
    assert "at most 25% | Mixing with unrelated requests: 80% (plain base)" in render_hiding(rows)
    assert "at most 0% | none of these" in render_hiding(rows)


def test_the_page_says_what_the_rows_say() -> None:
    """A fall is called one, the verdict's shortfall is named, and nothing stays unsaid."""
    rows = rows_of_mixing([100, 60, 20, 20])
    said = render_reading(rows)
    assert f"recall falls from 100.0% (0, {times(1)}) to 20.0% (80%," in said
    assert "at 0, the verdict finds 50.0% where the ranking would allow 100.0%" in said
    assert "stays between 96.0% and 100.0%" in render_reading(rows_of_mixing([100, 98, 97, 96]))
    assert len(render_rows(rows).splitlines()) == 2 + len(rows)


def test_the_prices_stand_on_the_page_with_what_the_bases_need() -> None:
    """A line a price: its dollars and the units of both bases."""
    text = render_prices(BASES, days=DAYS)
    assert "| payment instrument | 10 | 20 | 300 |" in text
    assert len(text.splitlines()) == 2 + len(PRICES)


def test_the_figure_is_a_file_of_its_own_that_names_every_knob() -> None:
    """Well-formed, sized, with a palette for dark pages, no sentinel colour left."""
    plans: list[Plan] = list_plans()
    runs = {name_plan(plan): [outcome(1, 90, called=80)] for plan in plans}
    rows = list_rows(runs, days=DAYS)
    drawing = draw_chart(plot_curve(rows), name="evasion", title="t", says="s")
    text = stand_alone(drawing)
    root = ET.fromstring(text)  # noqa: S314  our own markup
    assert float(root.attrib["width"]) < 1_000
    assert "prefers-color-scheme: dark" in text
    assert "#01010" not in text
    titles = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert titles >= {knob.title for knob in KNOBS}


def test_a_panel_keeps_the_order_of_its_knob() -> None:
    """Whichever settings were run from which base, they stand from careless to careful."""
    (clients,) = (knob for knob in KNOBS if knob.name == "clients")
    plans = [BASES["plain"], *[plan for _, plan in clients.turn(BASES["careful"])][:2]]
    runs = {name_plan(plan): [outcome(1, 90, called=80)] for plan in plans}
    rows = list_rows(runs, days=DAYS, knobs=(clients,))
    assert [row.label for row in rows] == ["4", "1, unusual", "4"]
    text = str(draw_chart(plot_curve(rows), name="evasion", title="t", says="s"))
    assert text.index(">1, unusual<") < text.index(">4<")
