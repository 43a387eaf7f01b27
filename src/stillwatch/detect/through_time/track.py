"""What has become of each campaign since the look before: its lasting id, its state, its events.

Last step of *detect* in a watch: reads what was known of campaigns and today's, gives the names
under which today's are reported and the rows of `HISTORY`, `HEAD` and `TELLING` to remember.
History wins: a campaign that was known keeps its id, though a scan of today's window alone would
call it otherwise; that name stands beside it as `fresh_id`, and each is the other's for this look.

Blind spot: a campaign of which less than half returns, with other tools, is born anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from stillwatch.detect.through_time.events import Event, Known, Sightings, Tracked
from stillwatch.detect.through_time.matching import Overlap, match_campaigns, measure_overlap
from stillwatch.domain import limits

_PART_OF: Final = 0.5
"""Share of its accounts that must be in another for a campaign to have come from it or gone into
it."""
_GREW: Final = 0.05
"""Share of new accounts from which a campaign has grown; below it is the noise of membership."""
_ENFORCED: Final = 0.5
"""Share of a campaign's accounts that were stopped from which new ones are a regrowth."""


def track_campaigns(
    known: Mapping[str, Known],
    seen: Mapping[str, Sightings],
    *,
    stopped: frozenset[str],
    as_of: dt.datetime,
) -> Tracked:
    """Follow campaigns from the look before to today's.

    Grain:   one Event per campaign that is known or seen; those that went dormant longer than
             limits.CAMPAIGN_DORMANT_DAYS ago, or were merged before, are not spoken of any more.
    `stopped` are the accounts that the register calls suspended or terminated.
    Order:   by campaign id; input order is irrelevant.
    """
    alive = {name: one for name, one in known.items() if _may_return(one, as_of)}
    matched = match_campaigns(
        {name: one.look for name, one in alive.items()},
        {name: one.look for name, one in seen.items()},
    )
    name_of = _name_all(matched, seen, taken=set(known))
    events = []
    for fresh, sighting in seen.items():
        pair = matched.get(fresh)
        absorbed = _parts_in(sighting, alive, besides={old for old, _ in matched.values()})
        if pair is None:
            source = _source_of(sighting, alive)
            events.append(_born(name_of[fresh], fresh, sighting, source, stopped))
        else:
            events.append(_went_on(pair, fresh, alive[pair[0]], sighting, absorbed, stopped))
    gone = set(alive) - {old for old, _ in matched.values()}
    for name in gone:
        event = _left(name, alive[name], seen, name_of)
        events.append(replace(event, stopped=len(alive[name].look.ever & stopped)))
    return Tracked(name_of, tuple(sorted(events, key=lambda event: event.campaign_id)))


def _may_return(one: Known, as_of: dt.datetime) -> bool:
    if one.state == "merged":
        return False
    quiet = as_of - one.last_seen
    return one.state != "dormant" or quiet <= dt.timedelta(days=limits.CAMPAIGN_DORMANT_DAYS)


def _name_all(
    matched: Mapping[str, tuple[str, Overlap]], seen: Mapping[str, Sightings], *, taken: set[str]
) -> dict[str, str]:
    """Give every campaign of today its id; a fresh name that another campaign bears is numbered."""
    names = {fresh: old for fresh, (old, _) in matched.items()}
    for fresh in sorted(set(seen) - set(names)):
        name, n = fresh, 1
        while name in taken:
            n += 1
            name = f"{fresh}-{n}"
        names[fresh] = name
        taken = taken | {name}
    return names


def _born(
    name: str, fresh: str, seen: Sightings, source: str | None, stopped: frozenset[str]
) -> Event:
    return Event(
        name,
        "split" if source else "born",
        seen.kind,
        seen.first_seen,
        seen.last_seen,
        fresh,
        len(seen.look.accounts),
        new=seen.look.accounts,
        came=seen.look.accounts,
        stopped=len(seen.look.accounts & stopped),
        successors=seen.successors,
        related=(source,) if source else (),
    )


def _went_on(  # noqa: PLR0913, PLR0917  both looks, the pair, and what is known of enforcement
    pair: tuple[str, Overlap],
    fresh: str,
    old: Known,
    seen: Sightings,
    absorbed: tuple[str, ...],
    stopped: frozenset[str],
) -> Event:
    new = seen.look.accounts - old.look.ever
    banned = (old.look.ever | seen.look.accounts) & stopped
    return Event(
        pair[0],
        _state(old, seen, new, banned),
        seen.kind,
        min(old.first_seen, seen.first_seen),
        max(old.last_seen, seen.last_seen),
        fresh,
        len(seen.look.accounts),
        new=frozenset(new),
        came=seen.look.accounts - old.look.accounts,
        gone=old.look.accounts - seen.look.accounts,
        stopped=len(banned),
        successors=seen.successors,
        overlap=pair[1],
        related=absorbed,
    )


def _state(old: Known, seen: Sightings, new: frozenset[str], banned: frozenset[str]) -> str:
    if old.state == "dormant":
        return "regrown"
    is_enforced = len(banned & old.look.accounts) >= _ENFORCED * max(len(old.look.accounts), 1)
    if is_enforced and new:
        return "regrown"
    return "grew" if len(new) > _GREW * len(seen.look.accounts) else "steady"


def _left(name: str, one: Known, seen: Mapping[str, Sightings], names: dict[str, str]) -> Event:
    """Say where a campaign is that today's look doesn't show under its own name."""
    into = [
        names[fresh]
        for fresh, sighting in sorted(seen.items())
        if len(one.look.accounts & sighting.look.accounts) >= _PART_OF * len(one.look.accounts) > 0
    ]
    return Event(
        name,
        "merged" if into else "dormant",
        one.kind,
        one.first_seen,
        one.last_seen,
        gone=one.look.accounts,
        related=tuple(into),
    )


def _parts_in(seen: Sightings, alive: Mapping[str, Known], *, besides: set[str]) -> tuple[str, ...]:
    """Campaigns of before that have gone into this one."""
    return tuple(
        name
        for name, one in sorted(alive.items())
        if name not in besides
        and len(one.look.accounts & seen.look.accounts) >= _PART_OF * len(one.look.accounts) > 0
    )


def _source_of(seen: Sightings, alive: Mapping[str, Known]) -> str | None:
    """The campaign of before from which most of this one's accounts come."""
    best = max(
        alive,
        key=lambda name: (measure_overlap(alive[name].look, seen.look).jaccard, name),
        default=None,
    )
    if best is None:
        return None
    shared = len(alive[best].look.ever & seen.look.accounts)
    return best if shared >= _PART_OF * len(seen.look.accounts) else None
