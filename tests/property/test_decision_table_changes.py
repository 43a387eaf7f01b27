"""The decision table against a naive oracle, over random changes, expiries and missed polls."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.app.service.feed import DecisionFeed
from stillwatch.gateway.decision import SEVERITY, CampaignBudget, Decision, Parameters
from stillwatch.gateway.deltas import Delta, merge_deltas
from stillwatch.gateway.table import DecisionTable
from stillwatch.gateway.wire import read_delta, write_delta

ACCOUNTS = st.sampled_from([f"a{n}" for n in range(5)])
KEYS = st.sampled_from([None, "k1", "k2"])
DECISIONS = st.builds(
    Decision,
    account_id=ACCOUNTS,
    effect=st.sampled_from(sorted(SEVERITY)),
    decision_id=st.sampled_from(["d1", "d2", "d3"]),
    reason=st.sampled_from(["one", "other"]),
    expires_at_s=st.sampled_from([5.0, 10.0, 15.0, float("inf")]),
    api_key_id=KEYS,
    parameters=st.builds(
        Parameters,
        exchanges_per_hour=st.sampled_from([None, 0, 7]),
        measures=st.sampled_from([(), ("m",)]),
    ),
)
PLACES = st.tuples(ACCOUNTS, st.sampled_from(["d1", "d2", "d3"]), KEYS)
BUDGETS = st.builds(
    CampaignBudget,
    campaign_id=st.sampled_from(["c1", "c2"]),
    account_ids=st.lists(ACCOUNTS, max_size=3, unique=True).map(tuple),
    exchanges_per_hour=st.sampled_from([None, 3]),
)
STEPS = st.lists(
    st.tuples(
        st.lists(DECISIONS, max_size=4),
        st.lists(PLACES, max_size=3),
        st.lists(BUDGETS, max_size=1),
        st.lists(st.sampled_from(["c1", "c2"]), max_size=1),
    ),
    min_size=1,
    max_size=8,
)


def deltas_of(steps: list[Any]) -> list[Delta]:
    """Make a delta of each step; versions grow by more than one at times."""
    found, version = [], 0
    for number, (puts, removals, budgets, ended) in enumerate(steps):
        after = version + 1 + number % 2
        found.append(
            Delta("s", version, after, tuple(puts), tuple(removals), tuple(budgets), tuple(ended))
        )
        version = after
    return found


def naive(steps: list[Any]) -> dict[Any, Decision]:
    """Keep all decisions in one dictionary, as anybody would."""
    held: dict[Any, Decision] = {}
    for puts, removals, _, _ in steps:
        for place in removals:
            held.pop(place, None)
        for one in puts:
            held[one.place] = one
    return held


@settings(max_examples=200)
@given(steps=STEPS, now_s=st.sampled_from([0.0, 5.0, 9.0, 15.0, 99.0]), key=KEYS)
def test_a_lookup_gives_what_a_search_of_everything_gives(
    steps: list[Any], now_s: float, key: str | None
) -> None:
    """The most severe decision in force on the account or the key, at any instant."""
    table = DecisionTable("s", 0)
    for delta in deltas_of(steps):
        table = table.after(delta)
    held = naive(steps)
    assert sorted(map(repr, table.rows())) == sorted(map(repr, held.values()))
    for account_id in ("a0", "a1", "a2", "a3", "a4", "a5"):
        wanted = [
            one
            for one in held.values()
            if one.account_id == account_id and one.expires_at_s > now_s
            if one.api_key_id is None or one.api_key_id == key
        ]
        found = table.lookup(account_id, now_s=now_s, api_key_id=key)
        standing = table.in_force(account_id, now_s=now_s, api_key_id=key)
        assert sorted(map(repr, standing)) == sorted(map(repr, wanted))
        assert (found is None) == (not wanted)
        if found:
            assert found == standing[0]
            assert SEVERITY[found.effect] == max(SEVERITY[one.effect] for one in wanted)


@settings(max_examples=150)
@given(steps=STEPS, seen=st.integers(0, 8))
def test_who_missed_some_changes_ends_as_who_saw_all(steps: list[Any], seen: int) -> None:
    """By one merged delta from any version, over the wire, or by a snapshot; then once more."""
    deltas = deltas_of(steps)
    seen = min(seen, len(deltas))
    table = early = DecisionTable("s", 0)
    for number, delta in enumerate(deltas):
        table = table.after(delta)
        if number < seen:
            early = table
    assert table.version == deltas[-1].version
    missed = deltas[seen:]
    if missed:
        merged = read_delta(write_delta(merge_deltas(missed)))
        caught_up = early.after(merged)
        assert caught_up == table
        assert caught_up.after(merged) is caught_up
    assert DecisionTable().after(read_delta(write_delta(table.as_snapshot()))) == table


@settings(max_examples=60)
@given(steps=STEPS, seen=st.integers(0, 8), keep=st.integers(0, 8))
def test_the_feed_tells_everybody_what_they_missed(steps: list[Any], seen: int, keep: int) -> None:
    """However short its log, and with a series that it has never heard of; versions only grow."""

    class Silent:
        def read(self, since: int) -> Delta | None:
            del since
            return None

    async def run() -> None:
        feed = DecisionFeed(Silent(), clock=lambda: 0.0, on_event=lambda *_, **__: None)
        feed.publish(Delta("s", -1, 0, is_snapshot=True))
        follower, versions = DecisionTable(), [feed.table.version]
        for number, delta in enumerate(deltas_of(steps)):
            feed.publish(delta)
            versions.append(feed.table.version)
            while len(feed._log) > keep:
                feed._log.popleft()
            if number < seen:
                follower = follower.after(feed.changes(follower.series, follower.version))
        follower = follower.after(feed.changes(follower.series, follower.version))
        stranger = DecisionTable("another", 99)
        assert follower == feed.table
        assert stranger.after(feed.changes("another", 99)) == feed.table
        assert versions == sorted(set(versions))

    asyncio.run(run())
