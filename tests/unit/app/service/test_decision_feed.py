"""The feed: a source that fails or skips, polls that wait, and an end that lets everybody go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from stillwatch.app.service.feed import DecisionFeed, TooManyPollsError
from stillwatch.gateway.decision import Decision
from stillwatch.gateway.deltas import NEVER, Delta

ALL = Delta("s", NEVER, 7, (Decision("a", "deny", "d"),), is_snapshot=True)


@dataclass
class Script:
    """A source that says one thing after another."""

    lines: list[Delta | Exception | None]
    asked: list[int] = field(default_factory=list)

    def read(self, since: int) -> Delta | None:
        """Say the next."""
        self.asked.append(since)
        said = self.lines.pop(0)
        if isinstance(said, Exception):
            raise said
        return said


def feed_of(*lines: Delta | Exception | None) -> tuple[DecisionFeed, Script, list[str]]:
    """Make a feed, and what it will hear and tell."""
    script, told = Script(list(lines)), []
    feed = DecisionFeed(script, clock=lambda: 5.0, on_event=lambda event, **_: told.append(event))
    return feed, script, told


def test_a_source_that_skips_is_asked_for_all() -> None:
    """A gap is closed at once, by the whole table."""
    feed, script, _ = feed_of(Delta("s", 3, 4), ALL)
    asyncio.run(feed.refresh())
    assert script.asked == [NEVER, NEVER]
    assert (feed.table.version, feed.failure, feed.age_s) == (7, "", 0.0)


def test_a_source_that_fails_leaves_the_table_and_tells_once() -> None:
    """The kind of fault, and not its words, in which a path or an account could stand."""
    feed, _, told = feed_of(ALL, OSError("acct-1"), OSError("acct-1"), None)

    async def run() -> None:
        for _ in range(3):
            await feed.refresh()
        assert feed.failure == "OSError"
        assert feed.table.lookup("a", now_s=0.0) is not None
        await feed.refresh()

    asyncio.run(run())
    assert told == ["table.changed", "source.failed"]
    assert feed.failure == ""


def test_polls_are_bounded_and_the_end_lets_them_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """One waits, one too many is refused, a change or the end wakes who waits."""
    monkeypatch.setattr("stillwatch.app.service.feed.SERVICE_POLLS_MAX", 1)
    feed, _, _ = feed_of(ALL)

    async def run() -> None:
        await feed.refresh()
        waiting = asyncio.create_task(feed.wait("s", 7, wait_s=20))
        await asyncio.sleep(0)
        with pytest.raises(TooManyPollsError):
            await feed.wait("s", 7, wait_s=20)
        feed.publish(Delta("s", 7, 8))
        await asyncio.wait_for(waiting, 5)
        late = asyncio.create_task(feed.wait("s", 8, wait_s=20))
        await asyncio.sleep(0)
        feed.close()
        await asyncio.wait_for(late, 5)
        await feed.wait("other", 8, wait_s=20)
        assert feed.waiting == 0

    asyncio.run(run())
