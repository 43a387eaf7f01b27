"""A policy replayed over looks made by hand: who is hit when, what it prevents, whom it harms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from stillwatch.decide.backtest import (
    ANSWER,
    TRAFFIC,
    Look,
    Outcome,
    replay_policy,
    weigh_outcome,
)
from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Policy
from stillwatch.decide.policy.subjects import SPARED, Known
from stillwatch.domain.errors import LimitExceeded
from stillwatch.domain.results import ACCOUNTS_OUT, CAMPAIGNS_OUT
from stillwatch.domain.settings import Settings

_START = datetime(2026, 11, 1, tzinfo=UTC)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SUSPEND = "  - {name: sure, when: {verdict: fraudulent}, then: suspend, for: 9d}\n"


def _policy(rules: str = _SUSPEND, *, guards: str = "accounts: 100%", top: str = "") -> Policy:
    text = (
        f"policy: p\nlanguage: 1\nguards: {{blast_radius: {{{guards}}}, cool_down: 30d}}\n"
        f"{top}\nrules:\n{rules}"
    )
    policy = parse_policy(text)
    assert isinstance(policy, Policy), [str(one) for one in policy]
    return policy


def _look(day: int, spared: pl.DataFrame | None = None, **verdicts: str) -> Look:
    """Give a look at the end of a day: verdicts by account, all of one campaign."""
    rows = [
        {
            "account_id": account,
            "verdict": verdict,
            "probability": 0.999,
            "q_value": 0.001,
            "campaign_id": "c" if verdict != "clear" else None,
            "exchanges": 1,
            "reasons": ["tied_content"],
            "explanation": "",
        }
        for account, verdict in verdicts.items()
    ]
    at = _START + day * _DAY
    campaign = {
        "campaign_id": "c", "kind": "distillation", "first_seen": _START, "last_seen": at,
        "accounts": len(rows), "exchanges": 1, "output_tokens": 1, "q_value": 0.001,
        "tactics": [], "capabilities": [], "channels": [], "summary": "",
    }  # fmt: skip
    schema = {n: c.dtype for n, c in CAMPAIGNS_OUT.columns.items() if n != "pivot_q_value"}
    campaigns = CAMPAIGNS_OUT.conform(pl.DataFrame([campaign], schema=schema))
    accounts = ACCOUNTS_OUT.conform(pl.DataFrame(rows, schema_overrides={"campaign_id": pl.String}))
    spared = pl.DataFrame(schema=SPARED) if spared is None else spared
    return Look(at, Known(accounts, campaigns, spared=spared), f"day {day}")


def _traffic(*accounts: str, days: int = 4, exchanges: int = 10) -> pl.DataFrame:
    """Give the same number of exchanges every hour of some days, 100 tokens each."""
    rows = [
        {
            "account_id": account,
            "from_at": _START + hour * _HOUR,
            "hours": 1.0,
            "exchanges": exchanges,
            "output_tokens": 100 * exchanges,
        }
        for account in accounts
        for hour in range(24 * days)
    ]
    return TRAFFIC.conform(
        pl.DataFrame(rows, schema_overrides={"from_at": TRAFFIC.schema["from_at"]})
    )


def _answers(**innocent: bool) -> pl.DataFrame:
    rows = [{"account_id": name, "is_innocent": is_so} for name, is_so in innocent.items()]
    return ANSWER.conform(
        pl.DataFrame(rows, schema={"account_id": pl.String, "is_innocent": pl.Boolean})
    )


def _run(
    policy: Policy,
    looks: list[Look],
    traffic: pl.DataFrame,
    *,
    answers: pl.DataFrame | None = None,
    is_approved: bool = False,
) -> Outcome:
    replayed = replay_policy(looks, policy=policy, settings=Settings(), is_approved=is_approved)
    known = ANSWER.empty() if answers is None else answers
    return weigh_outcome(replayed, looks=looks, traffic=traffic, answers=known)


def test_a_suspension_prevents_what_comes_after_it() -> None:
    """From the look on, until the history ends: two of four days, at 240 exchanges a day."""
    outcome = _run(_policy(), [_look(2, a="fraudulent", b="clear")], _traffic("a", "b"))
    assert outcome.totals["harvest_exchanges_prevented"] == 2 * 240
    assert outcome.totals["harvest_output_tokens_prevented"] == 2 * 24_000
    assert outcome.totals["harvest_exchanges_seen"] == 4 * 240
    (hit,) = outcome.hits
    assert (hit["account_id"], hit["rule"], hit["look"]) == ("a", "sure", 1)
    assert hit["at"].startswith("2026-11-03T00:00")


def test_an_effect_ends_with_its_expiry() -> None:
    """A suspension of an hour prevents an hour."""
    policy = _policy(_SUSPEND.replace("9d", "1h"))
    outcome = _run(policy, [_look(1, a="fraudulent")], _traffic("a"))
    assert outcome.totals["harvest_exchanges_prevented"] == 10


def test_a_later_look_takes_the_place_of_an_earlier_one() -> None:
    """Fraudulent on the first day, a suspect on the third: suspended for two days, then watched."""
    looks = [_look(1, a="fraudulent"), _look(3, a="suspect")]
    rules = _SUSPEND + "  - {name: unsure, when: {verdict: suspect}, then: watch, for: 9d}\n"
    outcome = _run(_policy(rules), looks, _traffic("a"))
    assert outcome.totals["harvest_exchanges_prevented"] == 2 * 240
    assert [one["accounts_hit"] for one in outcome.days] == [1, 0]


def test_a_look_that_says_nothing_leaves_an_effect_to_its_expiry() -> None:
    """An account that is clear again stays suspended until that ends."""
    looks = [_look(1, a="fraudulent"), _look(2, a="clear")]
    assert _run(_policy(), looks, _traffic("a")).totals["harvest_exchanges_prevented"] == 3 * 240


def test_a_throttle_prevents_what_is_over_its_rate() -> None:
    """Ten an hour are sent and four go through; tokens are cut likewise, by the tighter ceiling."""
    rule = "  - {name: slow, when: {verdict: fraudulent}, then: throttle, for: 9d, %s}\n"
    for rate, prevented in (
        ("exchanges_per_hour: 4", 6),
        ("exchanges_per_hour: 20", 0),
        ("output_tokens_per_hour: 100", 9),
        ("exchanges_per_hour: 4, output_tokens_per_hour: 100", 9),
    ):
        outcome = _run(_policy(rule % rate), [_look(3, a="fraudulent")], _traffic("a"))
        assert outcome.totals["harvest_exchanges_prevented"] == 24 * prevented, rate


@pytest.mark.parametrize(
    "then", ["challenge, method: m", "degrade, measures: [m]", "watch", "allow"]
)
def test_what_cannot_be_counted_is_not_counted(then: str) -> None:
    """Step-up, countermeasures and lists refuse nothing."""
    rule = f"  - {{name: r, when: {{verdict: fraudulent}}, for: 9d, then: {then}}}\n"
    outcome = _run(_policy(rule, top="measures: [m]"), [_look(1, a="fraudulent")], _traffic("a"))
    assert outcome.totals["harvest_exchanges_prevented"] == 0


def test_innocents_are_counted_as_harmed_and_not_as_prevented() -> None:
    """Whoever is known to be innocent; whoever is unknown is neither."""
    looks = [_look(3, a="fraudulent", b="fraudulent", c="fraudulent")]
    outcome = _run(_policy(), looks, _traffic("a", "b", "c"), answers=_answers(a=False, b=True))
    assert outcome.totals["accounts_hit"] == 3
    assert outcome.totals["innocents_hit"] == 1
    assert outcome.totals["innocent_exchanges_refused"] == 240
    assert outcome.totals["harvest_exchanges_prevented"] == 2 * 240
    assert outcome.totals["harvest_exchanges_seen"] == 2 * 4 * 240
    assert [one["is_innocent"] for one in outcome.hits] == [False, True, None]


def test_what_waits_for_people_prevents_nothing_unless_it_is_approved() -> None:
    """The same with `is_approved` as without people."""
    policy = _policy(_SUSPEND.replace("for:", "people: 1, for:"))
    looks, traffic = [_look(3, a="fraudulent")], _traffic("a")
    waiting, approved = (_run(policy, looks, traffic, is_approved=one) for one in (False, True))
    assert (waiting.totals["accounts_hit"], waiting.totals["accounts_waiting"]) == (0, 1)
    assert waiting.totals["harvest_exchanges_prevented"] == 0
    assert approved.totals["harvest_exchanges_prevented"] == 240


def test_guards_are_replayed_with_their_figures() -> None:
    """What they would have stopped, look by look; a dry run is no reason to see nothing."""
    looks = [_look(1, a="fraudulent", b="clear"), _look(2, a="fraudulent", b="fraudulent")]
    outcome = _run(_policy(guards="accounts: 50%"), looks, _traffic("a", "b"))
    (stopped,) = outcome.guards
    assert (stopped["look"], stopped["guard"], stopped["stopped"]) == (2, "blast_radius", 2)
    assert (stopped["measured"], stopped["bound"]) == (1.0, 0.5)
    dry = _policy(guards="accounts: 100%}, dry_run: true, four_eyes: {above_accounts: 9")
    assert _run(dry, looks, _traffic("a")).totals["accounts_hit"] == 2


def test_the_cool_down_sees_what_was_reverted_before_the_look() -> None:
    """Not what was reverted after it: nothing comes from the future."""
    at = [_START + 2 * _DAY]
    spared = pl.DataFrame({"account_id": ["a"], "at": at}, schema=SPARED)
    looks = [_look(1, spared, a="fraudulent"), _look(3, spared, a="fraudulent")]
    outcome = _run(_policy(), looks, _traffic("a"))
    assert [one["accounts_waiting"] for one in outcome.days] == [0, 1]
    assert [one["guard"] for one in outcome.guards] == ["cool_down"]


def test_a_budget_counts_all_accounts_of_a_campaign_together() -> None:
    """Five accounts of ten an hour under a ceiling of 20: three in five are over it."""
    top = "budgets: [{name: b, when: {kind: distillation}, exchanges_per_hour: 20, for: 9d}]"
    rule = "  - {name: w, when: {verdict: fraudulent}, then: watch, for: 9d}\n"
    names = "abcde"
    looks = [_look(3, **dict.fromkeys(names, "fraudulent"))]
    outcome = _run(_policy(rule, top=top), looks, _traffic(*names))
    assert outcome.totals["harvest_exchanges_prevented"] == 24 * 30
    (row,) = (one for one in outcome.rules if one["rule"] == "b")
    assert row["harvest_exchanges_prevented"] == 24 * 30


def test_a_budget_sees_what_effects_have_left() -> None:
    """With all of a campaign suspended nothing is over its budget."""
    top = "budgets: [{name: b, when: {kind: distillation}, exchanges_per_hour: 1, for: 9d}]"
    outcome = _run(_policy(top=top), [_look(3, a="fraudulent")], _traffic("a"))
    assert outcome.totals["harvest_exchanges_prevented"] == 240
    assert [one["rule"] for one in outcome.rules] == ["sure"]


def test_the_order_of_traffic_changes_nothing() -> None:
    """Parts are found by account and time."""
    looks, traffic = [_look(1, a="fraudulent", b="suspect")], _traffic("a", "b")
    first = _run(_policy(), looks, traffic)
    assert _run(_policy(), looks, traffic.reverse()) == first


def test_more_looks_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing partial."""
    monkeypatch.setattr("stillwatch.decide.backtest.replay.BACKTEST_LOOKS_MAX", 1)
    with pytest.raises(LimitExceeded):
        _run(_policy(), [_look(1, a="clear"), _look(2, a="clear")], _traffic("a"))
