"""What a look takes from its ledger: the policy in force and permissions, as of its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from committed import KEY, Place, exchange, ndjson

from stillwatch.app.ledger_of_run import RunLedger
from stillwatch.app.loops import detecting
from stillwatch.app.loops.beside_ledger import LookRules
from stillwatch.app.loops.detecting import Detector
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import Beforehand, ScanOutcome, WatchRequest
from stillwatch.app.steps.run import Run
from stillwatch.app.steps.watching import open_window
from stillwatch.app.steps.window import Window
from stillwatch.domain.errors import BadPolicy
from stillwatch.domain.settings import Settings
from stillwatch.store.lake import Lake
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger, open_ledger
from stillwatch.store.ledger.nouns.policies import NewPermission

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
HOUSE = """
policy: {name}
language: 1
guards: {{blast_radius: {{accounts: 5%}}, cool_down: 30d}}
rules:
  - {{name: sure, when: {{verdict: fraudulent}}, then: review, for: 30d}}
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    key = AuditKey(b"a key of a test, sixteen or more")
    made = make_ledger(tmp_path / "ledger.db", key=key, ledger_id="house", now=NOW)
    yield made
    made.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A lake of twenty exchanges, with three permissions that were ingested."""
    made = Place(tmp_path / "journal", tmp_path / "lake")
    granted = [
        {"account_id": "a0", "scope": "evaluation"},
        {"account_id": "a1", "scope": "evaluation"},
        {"account_id": "a2", "scope": "resale"},
    ]
    made.keep(ndjson([exchange(n) for n in range(20)]))
    made.keep(ndjson(granted), kind="permissions")
    made.committer().commit_waiting()
    return made


def permit(ledger: Ledger, permission_id: str, **said: object) -> None:
    """Grant a permission."""
    facts = {"scope": "evaluation", "granted_by": "adam", **said}
    with ledger.write(actor="adam", now=NOW) as change:
        change.grant_permission(NewPermission(permission_id=permission_id, **facts))  # type: ignore[arg-type]


def open_beside(lake: Path, rules: LookRules, *, now: datetime = NOW) -> tuple[Window, RunLedger]:
    """Open a window of a lake as a look under some rules does."""
    policy, beforehand = rules.read(now=now)
    told = RunLedger(Settings(), now)
    run = Run(Settings(), KEY, told, QuietProgress(), 0, policy, beforehand)
    request = WatchRequest(lake, lake, None, 0, policy, beforehand)
    return open_window(Lake(lake), request, run), told


def test_permissions_of_the_ledger_reach_detection(place: Place, ledger: Ledger) -> None:
    """All three scopes, joined with those of the lake; run.json says where each came from."""
    permit(ledger, "p-eval", account_id="a3")
    permit(ledger, "p-resale", org_id="o", scope="resale", budget_exchanges=7)
    window, told = open_beside(place.lake, LookRules(ledger=ledger))
    held = window.snapshot.grants.select("account_id", "org_id", "scope", "budget_exchanges")
    assert sorted(held.iter_rows(), key=str) == sorted(
        [
            ("a0", None, "evaluation", None),
            ("a1", None, "evaluation", None),
            ("a2", None, "resale", None),
            ("a3", None, "evaluation", None),
            (None, "o", "resale", 7),
        ],
        key=str,
    )
    assert told.permissions["counted"] == 5
    assert told.permissions["from"] == [
        {"from": "lake", "ingest": 1, "scope": "evaluation", "permissions": 2},
        {"from": "lake", "ingest": 1, "scope": "resale", "permissions": 1},
        {"from": "ledger", "permission_id": "p-eval", "scope": "evaluation"},
        {"from": "ledger", "permission_id": "p-resale", "scope": "resale"},
    ]
    assert "a0" not in str(told.permissions)


def test_what_ended_or_was_revoked_counts_no_more(place: Place, ledger: Ledger) -> None:
    """A revocation takes what was ingested with it; what ran out, or is to begin, takes nothing."""
    permit(ledger, "p-over", account_id="a1", valid_to=NOW - timedelta(seconds=1))
    permit(ledger, "p-later", account_id="a4", valid_from=NOW + timedelta(seconds=1))
    permit(ledger, "p-gone", account_id="a0")
    with ledger.write(actor="adam", now=NOW) as change:
        change.revoke_permission("p-gone")
    window, told = open_beside(place.lake, LookRules(ledger=ledger))
    assert sorted(window.snapshot.grants["account_id"]) == ["a1", "a2"]
    assert told.permissions["set_aside"] == 1
    later, _ = open_beside(place.lake, LookRules(ledger=ledger), now=NOW + timedelta(days=1))
    assert sorted(later.snapshot.grants["account_id"]) == ["a1", "a2", "a4"]


def test_without_a_ledger_the_lake_speaks(place: Place) -> None:
    """As before, and run.json says so."""
    window, told = open_beside(place.lake, LookRules())
    assert sorted(window.snapshot.grants["account_id"]) == ["a0", "a1", "a2"]
    assert (told.permissions["as_of_entry"], told.permissions["counted"]) == (None, 3)


def tell(rules: LookRules) -> dict[str, object]:
    """Say what run.json has of the policy."""
    policy, beforehand = rules.read(now=NOW)
    run = Run(Settings(), KEY, RunLedger(Settings(), NOW), QuietProgress(), 0, policy, beforehand)
    return run.tell_policy()


def publish(ledger: Ledger, text: str, name: str = "house", *, active: bool = True) -> None:
    """Publish a version of a policy, which rules or doesn't."""
    with ledger.write(actor="adam", now=NOW) as change:
        made = change.publish_policy(name, text=text)
        if active:
            change.activate_policy(made.policy_id)


def test_the_policy_in_force_is_the_one_of_the_look(ledger: Ledger, tmp_path: Path) -> None:
    """The active version before the file, the file before the shipped one; run.json says which."""
    file = tmp_path / "file.yaml"
    file.write_text(HOUSE.format(name="filed"))
    shipped = tell(LookRules(ledger=ledger))
    assert (shipped["from"], shipped["version"]) == ("shipped", None)
    of_file = tell(LookRules(file, ledger))
    assert (of_file["policy"], of_file["from"], of_file["version"]) == ("filed", "file", None)
    publish(ledger, file.read_text(), "filed", active=False)
    assert tell(LookRules(file, ledger))["version"] == "filed@1"
    publish(ledger, HOUSE.format(name="first"))
    publish(ledger, HOUSE.format(name="second"))
    publish(ledger, HOUSE.format(name="third"), active=False)
    ruling = tell(LookRules(file, ledger))
    assert (ruling["policy"], ruling["from"], ruling["version"]) == ("second", "ledger", "house@2")
    with ledger.read() as view:
        assert ruling["as_of_entry"] == view.find_head().entries
    assert tell(LookRules(file, ledger, "another-house"))["from"] == "file"


def test_a_policy_that_is_none_holds_up_no_look_beside_a_ledger(
    ledger: Ledger, place: Place, tmp_path: Path
) -> None:
    """The shipped one is reported, and it is said; without a ledger the look fails."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("rules: [")
    _, told = open_beside(place.lake, LookRules(broken, ledger))
    assert [one["check"] for one in told.stood_aside if "shipped" in one["reason"]] == ["policy"]
    assert tell(LookRules(broken, ledger))["from"] == "shipped"
    with pytest.raises(BadPolicy):
        LookRules(broken).read(now=NOW)


def test_each_look_of_the_loop_reads_the_rules_anew(
    place: Place, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is granted and activated between two looks counts in the second."""
    asked: list[WatchRequest] = []

    def look(request: WatchRequest, **_: object) -> ScanOutcome:
        asked.append(request)
        request.out.mkdir(parents=True)
        return ScanOutcome(request.out, {}, 0.0)

    monkeypatch.setattr(detecting, "run_watch", look)
    results = ResultsFolder(tmp_path / "results")
    # opened as the command does it: without the audit key
    with_rules = LookRules(ledger=open_ledger(tmp_path / "ledger.db"))
    detector = Detector(place.lake, results, KEY, Settings(), rules=with_rules)
    detector.look_if_new(QuietProgress())
    permit(ledger, "p-1", account_id="a9")
    publish(ledger, HOUSE.format(name="later"))
    detector.look_if_new(QuietProgress())
    first, second = (one.beforehand for one in asked)
    assert isinstance(first, Beforehand)
    assert isinstance(second, Beforehand)
    assert (len(first.said), len(second.said)) == (0, 1)
    assert second.said.filter(pl.col("is_in_force"))["account_id"].to_list() == ["a9"]
    assert [None if one.policy is None else one.policy.name for one in asked][1] == "later"
