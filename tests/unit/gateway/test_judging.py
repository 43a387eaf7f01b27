"""From a table to an answer: severity, throttles, budgets, headers, and what is never said."""

from __future__ import annotations

import json

import pytest

from stillwatch.gateway.answers import Answer, unchecked
from stillwatch.gateway.decision import (
    CampaignBudget,
    Decision,
    Parameters,
    known_effect,
    read_parameters,
    write_parameters,
)
from stillwatch.gateway.deltas import Delta, GapInChangesError, TableFullError, merge_deltas
from stillwatch.gateway.judge import Asked, judge, spend_tokens
from stillwatch.gateway.meters import Ceiling, Meter, Meters
from stillwatch.gateway.table import DecisionTable
from stillwatch.gateway.wire import BadReplyError, read_delta, write_delta

HOUR_S = 3600.0


def table_of(*puts: Decision, budgets: tuple[CampaignBudget, ...] = ()) -> DecisionTable:
    """Make a table."""
    return DecisionTable().after(Delta("s", -1, 1, puts, budgets=budgets, is_snapshot=True))


def ask(table: DecisionTable, meters: Meters, name: str, at_s: float = 0.0, **said: int) -> int:
    """Give the status that a request meets."""
    answer = judge(table, Asked(name, at_s, **said), meters=meters)  # type: ignore[arg-type]
    return answer.status if answer else 200


def test_nobody_s_request_has_no_answer() -> None:
    """The fast path: nothing is said, and nothing counted."""
    assert judge(table_of(), Asked("a", 0.0), meters=Meters()) is None


def test_a_throttle_with_room_lets_milder_decisions_speak() -> None:
    """It does not hide the countermeasures of a degrade, and a denial hides it."""
    rate = Parameters(exchanges_per_hour=1)
    measures = Parameters(measures=("m",))
    both = table_of(
        Decision("a", "throttle", "t", parameters=rate),
        Decision("a", "degrade", "g", parameters=measures),
    )
    meters = Meters()
    first = judge(both, Asked("a", 0.0), meters=meters)
    assert first is not None
    assert (first.status, first.measures) == (200, ("m",))
    assert ask(both, meters, "a") == 429
    denied = both.after(Delta("s", 1, 2, (Decision("a", "deny", "x"),)))
    assert ask(denied, meters, "a") == 403


def test_a_throttle_counts_any_hour_and_gives_back_within_a_minute() -> None:
    """Whenever the hour begins, no more than the ceiling passes in it."""
    table = table_of(Decision("a", "throttle", "t", parameters=Parameters(exchanges_per_hour=10)))
    meters = Meters()
    passed = [at_s for at_s in range(0, 4 * 3600, 30) if ask(table, meters, "a", at_s) == 200]
    assert len(passed) >= 30
    for first in passed:
        assert len([at for at in passed if first <= at < first + HOUR_S]) <= 10


def test_tokens_are_counted_before_and_after() -> None:
    """A request that would take too many is refused; what a stream took is counted at its end."""
    said = Parameters(output_tokens_per_hour=100)
    table, meters = table_of(Decision("a", "throttle", "t", parameters=said)), Meters()
    assert ask(table, meters, "a", output_tokens=101) == 429
    assert ask(table, meters, "a", output_tokens=60) == 200
    assert ask(table, meters, "a", output_tokens=60) == 429
    spend_tokens(table, Asked("a", 0.0, output_tokens=40), meters=meters)
    assert ask(table, meters, "a") == 429


def test_a_throttle_without_a_rate_refuses() -> None:
    """Nothing says how much may pass."""
    assert ask(table_of(Decision("a", "limit", "t")), Meters(), "a") == 429


def test_a_budget_is_spent_by_all_accounts_together() -> None:
    """Spreading over accounts doesn't raise it; who is outside spends nothing; it ends."""
    budget = CampaignBudget("c", ("a", "b", "d"), exchanges_per_hour=4, expires_at_s=50.0)
    table, meters = table_of(budgets=(budget,)), Meters()
    found = [ask(table, meters, name) for name in ("a", "b", "d", "a", "b", "z")]
    assert found == [200, 200, 200, 200, 429, 200]
    assert ask(table, meters, "b", 50.0) == 200


def test_what_other_gateways_spent_counts_too_for_an_hour() -> None:
    """Reports take what is ours once, and give it back when they fail."""
    budget = CampaignBudget("c", ("a",), exchanges_per_hour=4)
    table, here, there = table_of(budgets=(budget,)), Meters(), Meters()
    assert [ask(table, here, "a") for _ in range(2)] == [200, 200]
    report = here.take_unreported()
    assert report == {"c": (2, 0)}
    assert here.take_unreported() == {}
    here.give_back(report)
    assert here.take_unreported() == {"c": (2, 0)}
    there.learn_elsewhere({"c": (2, 0)}, now_s=0.0)
    assert [ask(table, there, "a") for _ in range(3)] == [200, 200, 429]
    there.learn_elsewhere({"c": (2, 0)}, now_s=1.0)
    assert there.take_unreported() == {"c": (2, 0)}
    assert ask(table, there, "a", 2 * HOUR_S) == 200


def test_a_meter_forgets_what_is_older_than_an_hour() -> None:
    """A part leaves when all of it is an hour old, and `retry_after_s` says when."""
    meter = Meter()
    meter.add((1, 5), now_s=30.0)
    assert meter.spent(30.0 + HOUR_S) == (1, 5)
    assert meter.spent(30.0 + meter.retry_after_s(30.0)) == (0, 0)
    assert Ceiling(None, None).has_room((10**9, 10**9), 5)


@pytest.mark.parametrize(("fallback", "status"), [("allow", 200), ("deny", 503)])
def test_what_nobody_could_check_is_told_apart_from_a_refusal(fallback: str, status: int) -> None:
    """Fail-closed is 503 and no accusation."""
    answer = unchecked("a", fallback)  # type: ignore[arg-type]
    assert (answer.status, answer.is_stale) == (status, True)
    assert "terms" not in answer.body().decode()


def test_headers_cannot_be_split_by_an_id() -> None:
    """Line ends and other scripts are percent-encoded."""
    strange = Decision("a", "challenge", "d\r\nx: y", parameters=Parameters(method="ü\n"))
    for name, value in Answer(strange, 401).headers():
        assert f"{name}{value}".isascii()
        assert f"{name}{value}".isprintable()


def test_a_body_says_the_sentence_and_the_decision() -> None:
    """And what clients of model APIs show: error.message."""
    said = json.loads(Answer(Decision("a", "suspend", "d-1", "Sorry."), 403).body())
    assert (said["detail"], said["decision_id"]) == ("Sorry.", "d-1")
    assert said["error"] == {"message": "Sorry.", "type": "account_suspend", "code": 403}


@pytest.mark.parametrize("word", ["explode", "", None, 3, ["deny"]])
def test_an_unknown_effect_lets_pass_until_a_person_has_looked(word: object) -> None:
    """A newer word never takes anything away by accident."""
    assert known_effect(word) == "review"


def test_parameters_survive_the_wire_and_nonsense_is_none() -> None:
    """What has another type than it should have counts as not said."""
    said = {"exchanges_per_hour": 3, "method": "card", "measures": ["m"]}
    assert write_parameters(read_parameters(said)) == said
    wrong = {"exchanges_per_hour": True, "output_tokens_per_hour": -1, "method": 7, "measures": 1}
    assert read_parameters(wrong) == Parameters()


def test_a_gap_is_noticed_and_a_full_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table that was there stays as it was."""
    table = table_of(Decision("a", "deny", "d"))
    with pytest.raises(GapInChangesError):
        table.after(Delta("s", 7, 8))
    with pytest.raises(GapInChangesError):
        table.after(Delta("other", 1, 2))
    monkeypatch.setattr("stillwatch.gateway.table.ENTRIES_MAX", 1)
    with pytest.raises(TableFullError):
        table.after(Delta("s", 1, 2, (Decision("b", "deny", "d"),)))
    assert table.lookup("b", now_s=0) is None


def test_a_snapshot_among_deltas_forgets_what_was_before() -> None:
    """Merged with what follows it is a snapshot still."""
    merged = merge_deltas(
        [
            Delta("s", 0, 1, (Decision("a", "deny", "d"),)),
            Delta("s", -1, 2, (Decision("b", "deny", "d"),), is_snapshot=True),
        ]
    )
    assert merged.is_snapshot
    assert [one.account_id for one in merged.puts] == ["b"]


@pytest.mark.parametrize(
    "change",
    [
        {"put": [["a"]]},
        {"put": [["a", "d", None, 9]]},
        {"terms": 3},
        {"version": "x"},
        {"remove": [["a", "d"]]},
        {"budgets": [{}]},
        {"series": None, "since": None},
    ],
)
def test_a_reply_that_is_no_delta_is_refused(change: dict[str, object]) -> None:
    """Whatever a service or something in its place says."""
    with pytest.raises(BadReplyError):
        read_delta(write_delta(Delta("s", 0, 1)) | change)
