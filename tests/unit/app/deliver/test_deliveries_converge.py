"""Whatever happens on the way, receivers and batch consumers end at the state of the ledger."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from deliveries_by_hand import Clock, Follower, State, enforce, in_force, read_message
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers_by_hand import KEY, NOW

from stillwatch.act.batch_files import IN_FORCE_FILE, list_effects_files
from stillwatch.act.couriers import Answer
from stillwatch.app.deliver import effects_files
from stillwatch.app.deliver.effects_files import EffectsFiles
from stillwatch.app.deliver.effects_webhook import EffectsWebhook
from stillwatch.app.deliver.posting import Poster
from stillwatch.domain.service_limits import DELIVERY_CLAIM_S
from stillwatch.store.ledger import Ledger, open_ledger
from stillwatch.store.ledger.errors import MoveRefused, UnknownRow

ACCOUNTS = ("acct-1", "acct-2", "acct-3")
DECISIONS = ("d-1", "d-2", "d-3")
STEPS = st.one_of(
    st.tuples(
        st.just("enforce"),
        st.sampled_from(DECISIONS),
        st.sets(st.sampled_from(ACCOUNTS), min_size=1),
    ),
    st.tuples(st.just("revert"), st.sampled_from(DECISIONS), st.none()),
    st.tuples(st.just("release"), st.sampled_from(DECISIONS), st.sampled_from(ACCOUNTS)),
    st.tuples(
        st.just("webhook"),
        st.sampled_from(["ok", "lost", "late", "503", "killed", "held up"]),
        st.none(),
    ),
    st.tuples(st.just("file"), st.sampled_from(["ok", "killed", "torn"]), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 200]), st.none()),
)


class Killed(BaseException):
    """The deliverer is no more."""


class FakePoster:
    """A receiver without a socket, which takes what comes, loses it, or says the wrong thing."""

    def __init__(self, follower: Follower) -> None:
        self.follower, self.mood = follower, "ok"
        self.held: list[bytes] = []

    def post(self, body: bytes, **_: object) -> Answer:
        """Take a body, as the mood is."""
        if self.mood == "held up":
            self.held.append(body)
        elif self.mood not in ("lost", "503"):
            self.follower.take(read_message(body))
        if self.mood == "killed":
            raise Killed
        return Answer({"ok": 204, "503": 503}.get(self.mood), "no answer")

    def arrive(self) -> None:
        """Let what was held up arrive after all, the newest first."""
        while self.held:
            self.follower.take(read_message(self.held.pop()))


class World:
    """A ledger, its deliverers, and who follows them."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.ledger: Ledger = open_ledger(shutil.copy(template, folder / "ledger.db"), key=KEY)
        self.clock, self.follower = Clock(NOW), Follower()
        self.poster = FakePoster(self.follower)
        self.folder = folder / "effects"
        self.starts = 0
        self.used: set[str] = set()
        self.restart()

    def restart(self) -> None:
        """Start deliverers anew, with nothing in their heads."""
        self.starts += 1
        means = self.clock.means(str(self.starts))
        poster: Poster = self.poster  # type: ignore[assignment]
        self.webhook = EffectsWebhook(self.ledger, poster, means)
        self.files = EffectsFiles(self.ledger, self.folder, means)

    def act(self, step: tuple[str, object, object], patch: pytest.MonkeyPatch) -> None:
        """Do one step."""
        what, which, more = step
        if what == "wait":
            self.clock.move(seconds=which)  # type: ignore[arg-type]
            self.poster.arrive()
        elif what == "webhook":
            self.poster.mood = str(which)
            self.bring(self.webhook)
        elif what == "file":
            with patch.context() as patched:
                if which != "ok":
                    name = "write_in_force_file" if which == "torn" else "write_effects_file"
                    patched.setattr(effects_files, name, self.die)
                self.bring(self.files)
        elif what == "enforce":
            self.enforce(str(which), more)
        else:
            self.undo(str(which), more)

    def die(self, *_: object, **__: object) -> None:
        """End here and now."""
        raise Killed

    def bring(self, work: EffectsWebhook | EffectsFiles) -> None:
        """Go one round; a killed deliverer is started anew."""
        try:
            work.round()
        except Killed:
            self.restart()

    def enforce(self, decision_id: str, accounts: object) -> None:
        """Put a decision in force, once."""
        if decision_id not in self.used:
            self.used.add(decision_id)
            named = tuple(sorted(accounts))  # type: ignore[call-overload]
            both = ("webhook", "file")
            enforce(self.ledger, decision_id, named, channels=both, now=self.clock.now)

    def undo(self, decision_id: str, account: object) -> None:
        """Take a decision back, or one account of it."""
        try:
            with self.ledger.write(actor="cora", now=self.clock.now) as change:
                if account is None:
                    change.revert_decision(decision_id, why="a mistake")
                else:
                    change.release_account(decision_id, str(account), why="a school")
        except (UnknownRow, MoveRefused):
            return

    def settle(self) -> None:
        """Let everything come to rest: nobody fails any more."""
        self.poster.mood = "ok"
        for _ in range(4):
            for work in (self.webhook, self.files):
                while work.round():
                    pass
            self.clock.move(seconds=DELIVERY_CLAIM_S + 4000)
        self.poster.arrive()


def read_from_the_beginning(folder: Path) -> State:
    """Follow every file of effects, oldest first."""
    follower = Follower()
    for name in list_effects_files(folder):
        for line in (folder / name).read_bytes().splitlines():
            follower.follow(json.loads(line))
    return follower.by_operation


def read_in_force(folder: Path) -> State:
    """Read the cumulative file, and what has come after it."""
    head, *rows = map(json.loads, (folder / IN_FORCE_FILE).read_bytes().splitlines())
    assert head["rows"] == len(rows)
    follower = Follower(by_operation={(one["account_id"], one["decision_id"]) for one in rows})
    for name in list_effects_files(folder):
        if name > (head["through"] or ""):
            for line in (folder / name).read_bytes().splitlines():
                follower.follow(json.loads(line))
    return follower.by_operation


@settings(max_examples=15)
@given(steps=st.lists(STEPS, max_size=20))
def test_everybody_ends_at_the_state_of_the_ledger(
    steps: list[tuple[str, object, object]], template: Path
) -> None:
    """Decisions, reversals, lost and late requests, deaths: at rest all hold what is in force."""
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        world = World(Path(place), template)
        for step in steps:
            world.act(step, patch)
        world.settle()
        expected = in_force(world.ledger, world.clock.now)
        assert world.follower.states == (expected, expected)
        assert read_from_the_beginning(world.folder) == expected
        assert read_in_force(world.folder) == expected
        assert world.ledger.verify().is_whole
        world.ledger.close()


def test_the_check_can_fail(template: Path, tmp_path: Path) -> None:
    """A receiver that forgets a reversal is not at the state of the ledger."""
    world = World(tmp_path, template)
    world.enforce("d-1", ACCOUNTS)
    world.settle()
    assert world.follower.by_operation == in_force(world.ledger, world.clock.now) != set()
    world.follower.take = lambda _: None  # type: ignore[method-assign]
    world.undo("d-1", None)
    world.settle()
    assert world.follower.by_operation != in_force(world.ledger, world.clock.now)
    world.ledger.close()
