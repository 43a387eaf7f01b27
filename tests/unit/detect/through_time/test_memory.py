"""What a look writes down is what the next one knows."""

from __future__ import annotations

import datetime as dt

import polars as pl

from stillwatch.detect.through_time.alarms import Alarms, Wager
from stillwatch.detect.through_time.events import Known, Sightings
from stillwatch.detect.through_time.matching import Look
from stillwatch.detect.through_time.memory import Memory, note_look, recall_campaigns
from stillwatch.detect.through_time.track import track_campaigns
from stillwatch.domain.lake_tables import HEAD, HISTORY, TELLING, WAGER
from stillwatch.domain.schema import check_frame

DAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
NOTHING = Memory(HISTORY.empty(), HEAD.empty(), TELLING.empty(), WAGER.empty())


def sighting(*accounts: str, value: int = 1) -> Sightings:
    """A campaign of today."""
    own = frozenset(accounts)
    return Sightings(Look(own, own, {("template", value): 2.0}), "distillation", DAY, DAY)


def a_look(
    memory: Memory, number: int, seen: dict[str, Sightings], *raised: str
) -> tuple[Memory, dict[str, Known]]:
    """Look, and give what is remembered and known then."""
    tracked = track_campaigns(recall_campaigns(memory), seen, stopped=frozenset(), as_of=DAY)
    alarmed = memory.alarmed()
    open_ids = [
        e.campaign_id for e in tracked.events if e.campaign_id not in alarmed and e.fresh_id
    ]
    wagers = {name: Wager(0.25, 1, 2, 8.0) for name in open_ids}
    alarms = Alarms(frozenset(raised), wagers, dict.fromkeys(wagers, 1024.0))
    noted = note_look(tracked, seen, alarms, alarmed_before=alarmed, at=(number, DAY))
    for frame, table in (
        (noted.history, HISTORY),
        (noted.heads, HEAD),
        (noted.telling, TELLING),
        (noted.wagers, WAGER),
    ):
        check_frame(frame, table)
    together = Memory(
        pl.concat([memory.history, noted.history]),
        pl.concat([memory.heads, noted.heads]),
        pl.concat([memory.telling, noted.telling]),
        pl.concat([memory.wagers, noted.wagers]),
    )
    return together, recall_campaigns(together)


def test_comings_and_goings_add_up_to_who_is_in_it() -> None:
    """Who left is remembered as having been there, and may come back."""
    memory, known = a_look(NOTHING, 1, {"c-1": sighting("a", "b", "c")})
    assert known["c-1"].look.accounts == {"a", "b", "c"}
    memory, known = a_look(memory, 2, {"c-1": sighting("b", "c", "d", value=5)})
    assert known["c-1"].look.accounts == {"b", "c", "d"}
    assert known["c-1"].look.ever == {"a", "b", "c", "d"}
    assert known["c-1"].look.values == {("template", 5): 2.0}
    memory, known = a_look(memory, 3, {"c-1": sighting("a", "b", "c", "d")})
    assert known["c-1"].look.accounts == {"a", "b", "c", "d"}
    row = memory.history.filter(look=3).row(0, named=True)
    assert (row["accounts"], row["new_accounts"], row["gone_accounts"]) == (4, 0, 0)


def test_a_campaign_that_is_gone_is_known_with_its_tools() -> None:
    """Nobody is in it; what it was told by stays, and so do all who were in it."""
    memory, _ = a_look(NOTHING, 1, {"c-1": sighting("a", "b")})
    memory, known = a_look(memory, 2, {})
    assert known["c-1"].state == "dormant"
    assert known["c-1"].look.accounts == frozenset()
    assert known["c-1"].look.ever == {"a", "b"}
    assert known["c-1"].look.values == {("template", 1): 2.0}


def test_an_alarm_is_raised_once_and_stays() -> None:
    """Before it there is a bar to reach; after it there is none."""
    memory, _ = a_look(NOTHING, 1, {"c-1": sighting("a", "b")})
    memory, _ = a_look(memory, 2, {"c-1": sighting("a", "b")}, "c-1")
    memory, _ = a_look(memory, 3, {"c-1": sighting("a", "b")})
    rows = memory.history.sort("look")
    assert rows["alarmed_at_look"].to_list() == [None, 2, 2]
    assert rows["alarm_threshold"].to_list() == [10.0, 10.0, None]
    assert rows["alarm_e_value"].to_list() == [3.0, 3.0, None]
    assert memory.wagered() == {"c-1": Wager(0.25, 1, 2, 8.0)}
    assert memory.alarmed() == {"c-1": 2}


def test_a_look_is_made_again_from_those_before_it() -> None:
    """The same look twice: `before` leaves it and all later ones out."""
    memory, _ = a_look(NOTHING, 1, {"c-1": sighting("a", "b")})
    later, _ = a_look(memory, 2, {"c-1": sighting("a", "b", "c")})
    again, _ = a_look(later.before(2), 2, {"c-1": sighting("a", "b", "c")})
    assert again.history.equals(later.history)
    assert again.heads.equals(later.heads)
