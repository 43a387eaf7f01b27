"""The management API: what is refused and how, what holds a version, what comes into force when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from control_service import CAMPAIGN, HEADS, HONEST, World, controlled

from stillwatch.app.service import Decider, DecisionFeed, make_service
from stillwatch.app.service.access.keys import EverybodyMay
from stillwatch.app.service.control import ControlSettings, Places, make_control
from stillwatch.app.service.settings import ServiceSettings
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.errors import LakeError, SettingError
from stillwatch.domain.tables import REGISTER
from stillwatch.store.ledger.nouns.decisions import Decision

PROBLEM = "application/problem+json"
POLICY = """
policy: house
language: 1
guards: {blast_radius: {accounts: 5%}, four_eyes: {above_accounts: 1}, cool_down: 30d}
rules:
  - {name: sure, when: {verdict: fraudulent}, then: suspend, for: 30d}
"""
DRY = POLICY.replace("guards: {", "guards: {dry_run: true, ").replace("house", "other")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service that these tests change, each in a corner of its own."""
    with controlled(tmp_path_factory.mktemp("control"), backtest_s=0.05) as found:
        yield found


def case_of(world: World, **said: Any) -> dict[str, Any]:  # noqa: ANN401
    """Open a case."""
    return dict(world.ask("ann", "/v1/cases", {"title": "Look at this", **said}).json())


def test_a_list_goes_on_where_its_cursor_says(world: World) -> None:
    """Pages of two meet every case once, the newest first, and the last has no cursor."""
    opened = []
    for _ in range(5):
        world.clock.now_s += 1
        opened.append(case_of(world)["case_id"])
    met, after = [], ""
    while True:
        page = world.ask("vera", f"/v1/cases?limit=2{after}").json()
        met += [one["case_id"] for one in page["rows"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert met[:5] == opened[::-1]
    assert len(set(met)) == len(met)


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "limit=0",
        "limit=1001",
        "limit=two",
        "limit=1&limit=2",
        "after=nowhere",
        "state=%00",
        "state=",
        "campaign_id=" + "x" * 300,
    ],
)
def test_a_list_refuses_what_it_does_not_know(world: World, query: str) -> None:
    """A misspelt filter that is passed over would show what was not asked for."""
    found = world.ask("vera", f"/v1/cases?{query}")
    assert (found.status_code, found.headers["content-type"]) == (422, PROBLEM)


def test_filters_are_those_of_the_ledger(world: World) -> None:
    """Cases by state and campaign; an id that nobody has gives an empty page."""
    own = case_of(world, campaign_id=CAMPAIGN)["case_id"]
    rows = world.ask("vera", f"/v1/cases?campaign_id={CAMPAIGN}&state=new").json()["rows"]
    assert own in [one["case_id"] for one in rows]
    assert world.ask("vera", "/v1/cases?campaign_id=c-none").json()["rows"] == []


def test_a_version_that_has_passed_is_refused(world: World) -> None:
    """`If-Match` with the `ETag` that was read: 412 after somebody else was there."""
    one = f"/v1/cases/{case_of(world)['case_id']}"
    seen = world.ask("vera", one).headers["etag"]
    assert seen == '"1"'
    assert world.ask("ann", f"{one}/assign", {"assignee": "ann"}).headers["etag"] == '"2"'
    late = world.ask("dora", f"{one}/close", {"outcome": "done"}, headers={"if-match": seen})
    assert (late.status_code, late.headers["content-type"]) == (412, PROBLEM)
    timely = world.ask("dora", f"{one}/close", {"outcome": "done"}, headers={"if-match": 'W/"2"'})
    assert timely.json()["state"] == "closed"
    broken = world.ask("dora", f"{one}/close", {"outcome": "done"}, headers={"if-match": "2"})
    assert broken.status_code == 422


def test_each_refusal_of_the_ledger_has_its_status(world: World) -> None:
    """Unknown 404, taken id 409, refused move 409, bad value 422, its own approval 403."""
    own = case_of(world, case_id="case-of-refusals")["case_id"]
    again = world.ask("ann", "/v1/cases", {"title": "Look at this", "case_id": own})
    assert (again.status_code, again.json()["version"]) == (201, 1)
    other = world.ask("ann", "/v1/cases", {"title": "Something else", "case_id": own})
    assert other.status_code == 409
    world.ask("ann", f"/v1/cases/{own}/close", {"outcome": "done"})
    assert world.ask("ann", f"/v1/cases/{own}/close", {"outcome": "done"}).status_code == 409
    assert world.ask("ann", f"/v1/cases/{own}/assign", {"assignee": "zoe"}).status_code == 404
    assert world.ask("ann", "/v1/cases", {"title": "a\u0000b"}).status_code == 422
    assert world.ask("ann", "/v1/cases", {"title": "a", "colour": "red"}).status_code == 422
    proposed = world.propose("ben")["decision_id"]
    found = world.ask("ben", f"/v1/interventions/{proposed}/approve", {})
    assert (found.status_code, found.headers["content-type"]) == (403, PROBLEM)


def test_a_service_without_a_ledger_says_so() -> None:
    """503, and no fault."""
    source = DecisionFeed(_Nothing(), clock=time.monotonic, on_event=tell)
    decider = Decider(source, ServiceSettings(), time.time)
    part = make_control(ControlSettings(), places=Places())
    app = make_service(decider, keys=EverybodyMay(), parts=[part])
    from starlette.testclient import TestClient  # noqa: PLC0415

    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.get("/v1/cases").status_code == 503
        assert client.post("/v1/cases", json={"title": "a"}).status_code == 503
        assert client.get("/appeals/anything").status_code == 503


class _Nothing:
    def read(self, since: int) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    "wrong", [{"appeal_days": 0}, {"appeal_url_base": "ftp://x"}, {"backtest_s": 10_000.0}]
)
def test_a_setting_outside_its_bounds_is_refused(wrong: dict[str, Any]) -> None:
    """At the start, with a hint."""
    with pytest.raises(SettingError):
        make_control(ControlSettings(**wrong), places=Places())


def test_the_last_approval_puts_in_force_at_once(world: World) -> None:
    """In the same transaction, on the channels that are set; before it nothing is queued."""
    decision_id = world.propose(effect="terminate")["decision_id"]
    one = f"/v1/interventions/{decision_id}"
    assert world.ask("vera", one).json()["approvals_needed"] == 2
    assert world.ask("ben", f"{one}/approve", {"note": "seen"}).json()["state"] == "proposed"
    assert world.ask("vera", f"{one}/progress").json()["counts"] == []
    assert world.ask("ben", f"{one}/approve", {}).status_code == 403
    done = world.ask("carl", f"{one}/approve", {}).json()
    assert (done["state"], done["changed_by"]) == ("in_force", "carl")
    (queued,) = world.ask("vera", f"{one}/progress").json()["counts"]
    assert queued == {"channel": "webhook", "operation": "apply", "state": "queued", "count": 2}
    names = [row["approver"] for row in world.ask("vera", f"{one}/approvals").json()["rows"]]
    assert names == ["ben", "carl"]


def test_what_takes_nothing_goes_to_no_channel(world: World) -> None:
    """A watch is kept inside: no account service hears of it."""
    one = world.put_in_force(effect="watch", account_ids=[HONEST[0]], campaign_id=None)
    assert world.ask("vera", f"/v1/interventions/{one}/effects").json()["rows"] == []


def test_what_was_called_innocent_since_is_left_to_enforcement(world: World) -> None:
    """An answer after the proposal: approved, and not in force until that account was let go."""
    proposed = world.propose(account_ids=list(HONEST[1:4]), campaign_id=None)["decision_id"]
    world.clock.now_s += 5
    answered = {
        "subject_kind": "account",
        "subject_id": HONEST[2],
        "answer": "innocent",
        "note": "A school.",
        "source_kind": "decision",
        "source_id": proposed,
    }
    assert world.ask("dora", "/v1/dispositions", answered).status_code == 201
    done = world.ask("ben", f"/v1/interventions/{proposed}/approve", {})
    assert done.json()["state"] == "approved"


def test_who_was_permitted_since_is_left_to_enforcement(world: World) -> None:
    """A permission after the proposal: approved, and not in force; one for another changes none."""
    others = world.propose(account_ids=[HONEST[5]], campaign_id=None)["decision_id"]
    proposed = world.propose(account_ids=list(HONEST[1:4]), campaign_id=None)["decision_id"]
    world.clock.now_s += 5
    granted = {"account_id": HONEST[3], "scope": "distillation", "granted_by": "adam"}
    assert world.ask("adam", "/v1/permissions", granted).status_code == 201
    done = [world.ask("ben", f"/v1/interventions/{one}/approve", {}) for one in (proposed, others)]
    assert [one.json()["state"] for one in done] == ["approved", "in_force"]


def test_a_register_that_cannot_be_read_leaves_it_to_enforcement(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows who is protected; and who is protected by now waits for it too."""
    knowledge = world.app.state.control.knowledge
    first = world.propose(account_ids=[HONEST[6]], campaign_id=None)["decision_id"]
    second = world.propose(account_ids=[HONEST[7]], campaign_id=None)["decision_id"]
    known = knowledge.read()
    row = {**dict.fromkeys(REGISTER.schema), "account_id": HONEST[7], "protected": True}
    register = pl.DataFrame([row], schema=REGISTER.schema)
    late = replace(known, known=replace(known.known, register=register))
    monkeypatch.setattr(type(knowledge), "read", lambda _self: late)
    assert world.ask("ben", f"/v1/interventions/{second}/approve", {}).json()["state"] == "approved"

    def fail(_self: object) -> None:
        message = "the lake is elsewhere"
        raise LakeError(message)

    monkeypatch.setattr(type(knowledge), "read", fail)
    assert world.ask("ben", f"/v1/interventions/{first}/approve", {}).json()["state"] == "approved"


def test_an_end_is_within_a_year(world: World) -> None:
    """No effect is for ever, none is over before it begins, and instants have a zone."""
    for wrong in (
        world.clock.later(days=367),
        world.clock.later(seconds=-1),
        "2026-12-24T00:00:00",
    ):
        body = {"effect": "watch", "expires_at": wrong, "account_ids": ["a"]}
        assert world.ask("ann", "/v1/interventions", body).status_code == 422


@pytest.mark.parametrize(
    ("effect", "parameters", "status"),
    [
        ("throttle", {}, 422),
        ("throttle", {"exchanges_per_hour": 20}, 200),
        ("throttle", {"exchanges_per_hour": 0}, 422),
        ("challenge", {"method": "payment_check"}, 200),
        ("challenge", {"method": "Card; drop"}, 422),
        ("degrade", {"measures": ["no_logprobs"]}, 200),
        ("degrade", {"measures": []}, 422),
        ("suspend", {"exchanges_per_hour": 20}, 422),
    ],
)
def test_an_effect_has_what_it_needs_and_no_more(
    world: World, effect: str, parameters: dict[str, Any], status: int
) -> None:
    """A throttle without a rate would refuse everything."""
    body = {
        "effect": effect,
        "parameters": parameters,
        "expires_at": world.clock.later(days=1),
        "account_ids": [HEADS[0]],
    }
    assert world.ask("ann", "/v1/interventions/dry-run", body).status_code == status


def test_terms_stand_with_the_intervention(world: World) -> None:
    """Rates, and the result from which the accounts were chosen."""
    made = world.propose(effect="throttle", parameters={"exchanges_per_hour": 20})
    terms = world.ask("vera", f"/v1/interventions/{made['decision_id']}/terms").json()
    assert terms["parameters"] == '{"exchanges_per_hour":20}'
    assert terms["result"] == "2026-11-30T080000Z"


def test_a_policy_is_refused_with_line_and_column(world: World) -> None:
    """All problems at once; nothing is published."""
    found = world.ask("adam", "/v1/policies", {"text": "policy: x\nrules: 3\n"})
    assert found.status_code == 422
    assert [(one["line"], one["column"]) for one in found.json()["problems"]][-1] == (2, 8)
    tried = world.ask("vera", "/v1/policies/validate", {"text": "policy: x\nrules: 3\n"}).json()
    assert (tried["is_valid"], tried["problems"]) == (False, found.json()["problems"])
    assert world.ask("vera", "/v1/policies?name=x").json()["rows"] == []


def test_a_backtest_that_takes_too_long_is_ended(world: World) -> None:
    """Within its seconds, with a word on what to do; and the next one may run."""
    for _ in range(2):
        found = world.ask("adam", "/v1/policies/backtest", {"text": POLICY})
        assert (found.status_code, "took longer" in found.json()["detail"]) == (503, True)
    neither = world.ask("adam", "/v1/policies/backtest", {})
    assert neither.status_code == 422


def test_the_guards_are_those_of_the_policy_that_rules(tmp_path: Path) -> None:
    """Four eyes above one account need two more people; a policy of another name rules nothing."""
    with controlled(tmp_path) as world:
        for text in (POLICY, DRY):
            made = world.ask("adam", "/v1/policies", {"text": text}).json()
            world.ask("adam", f"/v1/policies/{made['policy_id']}/activate", {})
        made = world.propose()
        assert made["approvals_needed"] == 2
        one = f"/v1/interventions/{made['decision_id']}"
        tried = world.ask("ben", f"{one}/dry-run", {}).json()
        assert tried["policy"] == "house@1"
        assert [one["guard"] for one in tried["guards"]] == ["blast_radius", "four_eyes"]
        taken = world.put_in_force(account_ids=[HEADS[2]])
        reverted = world.ask("ann", f"/v1/interventions/{taken}/revert", {"why": "wrong"}).json()
        assert (reverted["state"], reverted["why"]) == ("reverted", "wrong")
        world.clock.now_s += 60
        body = {
            "effect": "suspend",
            "expires_at": world.clock.later(days=1),
            "account_ids": [HEADS[2]],
        }
        again = world.ask("ann", "/v1/interventions/dry-run", body).json()
        assert "cool_down" in [one["guard"] for one in again["guards"]]
        with world.ledger.read() as view:
            assert view.find(Decision, taken).why == "wrong"


def test_verifying_says_what_is_whole_and_what_stood_aside(world: World) -> None:
    """With an anchor nothing stands aside; with one of a longer log it is cut."""
    from datetime import UTC, datetime  # noqa: PLC0415

    anchor = world.ledger.anchor(now=datetime.fromtimestamp(world.clock(), UTC))
    said = {name: getattr(anchor, name) for name in ("ledger_id", "entries", "at")}
    hashes = {"head_hash": anchor.head_hash, "head_mac": anchor.head_mac}
    whole = world.ask("vera", "/v1/audit/verify", {"anchor": {**said, **hashes}}).json()
    assert (whole["is_whole"], whole["stood_aside"]) == (True, [])
    longer = {**said, **hashes, "entries": anchor.entries + 1}
    cut = world.ask("vera", "/v1/audit/verify", {"anchor": longer}).json()
    assert (cut["is_whole"], cut["first_bad"]) == (False, anchor.entries + 1)
