"""A campaign keeps its id while it is the same, by accounts and by traits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest

from stillwatch.detect.through_time.events import Event, Known, Sightings, Tracked
from stillwatch.detect.through_time.matching import Look, match_campaigns
from stillwatch.detect.through_time.track import track_campaigns
from stillwatch.domain import limits

DAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
TOOLS = {("template", 1): 4.0, ("subnet", 2): 3.0, ("client", 3): 2.0}


def heads(first: int, last: int) -> frozenset[str]:
    """Accounts by number."""
    return frozenset(f"a{k:03d}" for k in range(first, last))


def look(
    accounts: Iterable[str], values: dict[tuple[str, int], float] | None = None, *, ever: int = 0
) -> Look:
    """A campaign's look; `ever` accounts of the past come with it."""
    own = frozenset(accounts)
    return Look(own, own | heads(900, 900 + ever), values or {})


def known(seen: Look, *, state: str = "steady", days_ago: int = 1) -> Known:
    """A campaign of the look before."""
    last = DAY - dt.timedelta(days=days_ago)
    return Known(seen, state, "distillation", last - dt.timedelta(days=3), last)


def seen(one: Look) -> Sightings:
    """A campaign of today."""
    return Sightings(one, "distillation", DAY - dt.timedelta(hours=9), DAY)


def track(
    before: dict[str, Known], today: dict[str, Look], stopped: frozenset[str] = frozenset()
) -> Tracked:
    """Follow."""
    sightings = {name: seen(one) for name, one in today.items()}
    return track_campaigns(before, sightings, stopped=stopped, as_of=DAY)


def events(tracked: Tracked) -> dict[str, Event]:
    """Events by campaign."""
    return {event.campaign_id: event for event in tracked.events}


def test_a_campaign_that_nobody_knew_is_born_under_the_name_that_a_scan_gives() -> None:
    """So the first look and a scan of the same window agree."""
    tracked = track({}, {"c-1": look(heads(0, 60))})
    assert tracked.name_of == {"c-1": "c-1"}
    assert events(tracked)["c-1"].state == "born"
    assert len(events(tracked)["c-1"].new) == 60


def test_history_wins_over_the_fresh_name() -> None:
    """Its first account is gone, a scan would call it otherwise: it keeps its id."""
    tracked = track({"c-1": known(look(heads(0, 60)))}, {"c-9": look(heads(1, 61))})
    assert tracked.name_of == {"c-9": "c-1"}
    event = events(tracked)["c-1"]
    assert (event.state, event.fresh_id) == ("steady", "c-9")
    assert (event.new, event.gone) == (heads(60, 61), heads(0, 1))
    assert event.first_seen < DAY - dt.timedelta(days=2)
    assert event.last_seen == DAY


def test_a_campaign_that_gains_a_twentieth_has_grown() -> None:
    """Sixty to six hundred too: overlap is of the smaller set."""
    tracked = track({"c-1": known(look(heads(0, 60)))}, {"c-1": look(heads(0, 600))})
    assert events(tracked)["c-1"].state == "grew"


def test_of_two_parts_the_larger_keeps_the_id_and_the_smaller_says_where_it_came_from() -> None:
    """Even where the smaller part's fresh name is the id that the larger keeps."""
    parts = {"c-1": look(heads(0, 25)), "c-5": look(heads(25, 60))}
    tracked = track({"c-1": known(look(heads(0, 60)))}, parts)
    assert tracked.name_of == {"c-5": "c-1", "c-1": "c-1-2"}
    assert events(tracked)["c-1-2"].state == "split"
    assert events(tracked)["c-1-2"].related == ("c-1",)


def test_of_two_that_become_one_the_larger_keeps_its_id_and_the_other_is_merged() -> None:
    """And is not looked for any more."""
    before = {"c-1": known(look(heads(0, 60))), "c-2": known(look(heads(60, 100)))}
    tracked = track(before, {"c-7": look(heads(0, 100))})
    assert tracked.name_of == {"c-7": "c-1"}
    assert events(tracked)["c-1"].related == ("c-2",)
    assert (events(tracked)["c-2"].state, events(tracked)["c-2"].related) == ("merged", ("c-1",))
    later = track({"c-2": known(look(heads(60, 100)), state="merged")}, {})
    assert later.events == ()


def test_a_campaign_that_is_not_seen_is_dormant_and_regrown_when_it_is_back() -> None:
    """With none of its accounts: it is told by its tools, of two families at least."""
    before = {"c-1": known(look(heads(0, 60), TOOLS))}
    assert events(track(before, {}))["c-1"].state == "dormant"
    asleep = {"c-1": known(look((), TOOLS, ever=60), state="dormant", days_ago=40)}
    tracked = track(asleep, {"c-8": look(heads(200, 260), TOOLS)})
    assert tracked.name_of == {"c-8": "c-1"}
    assert events(tracked)["c-1"].state == "regrown"
    one_family = {("template", 1): 4.0, ("system_text", 9): 5.0}
    asleep = {"c-1": known(look((), one_family, ever=60), state="dormant")}
    assert track(asleep, {"c-8": look(heads(200, 260), one_family)}).name_of == {"c-8": "c-8"}


def test_after_a_year_nobody_comes_back() -> None:
    """The bound of limits.py."""
    quiet = limits.CAMPAIGN_DORMANT_DAYS + 1
    asleep = {"c-1": known(look((), TOOLS, ever=60), state="dormant", days_ago=quiet)}
    tracked = track(asleep, {"c-8": look(heads(200, 260), TOOLS)})
    assert tracked.name_of == {"c-8": "c-8"}
    assert set(events(tracked)) == {"c-8"}


def test_half_stopped_and_replaced_is_a_regrowth() -> None:
    """With less than half stopped it has grown."""
    before = {"c-1": known(look(heads(0, 60), TOOLS))}
    today = {"c-1": look(heads(30, 90), TOOLS)}
    event = events(track(before, today, stopped=heads(0, 30)))["c-1"]
    assert (event.state, event.stopped) == ("regrown", 30)
    assert events(track(before, today, stopped=heads(0, 29)))["c-1"].state == "grew"


def test_two_campaigns_behind_one_proxy_stay_two() -> None:
    """They share a subnet and a client, and no account: each keeps its own id."""
    shared = {("subnet", 2): 3.0, ("client", 3): 2.0}
    first, second = shared | {("template", 1): 6.0}, shared | {("template", 4): 6.0}
    before = {
        "c-1": known(look(heads(0, 60), first)),
        "c-2": known(look(heads(100, 160), second)),
    }
    tracked = track(
        before, {"c-2": look(heads(100, 150), second), "c-3": look(heads(300, 360), first)}
    )
    assert tracked.name_of == {"c-2": "c-2", "c-3": "c-1"}


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_of_input_changes_nothing(*, reverse: bool) -> None:
    """Best first, ties by name."""
    old = {f"c-{k}": look(heads(10 * k, 10 * k + 20)) for k in range(6)}
    new = {f"n-{k}": look(heads(10 * k + 5, 10 * k + 25)) for k in range(6)}
    expected = match_campaigns(old, new)
    if reverse:
        old, new = dict(reversed(old.items())), dict(reversed(new.items()))
    assert match_campaigns(old, new) == expected
    assert len({name for name, _ in expected.values()}) == len(expected)
