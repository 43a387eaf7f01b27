"""Properties of policies: any text is answered, order decides, tighter guards let less through."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stillwatch.decide import decide
from stillwatch.decide.policy.budgets import Meter
from stillwatch.decide.policy.conditions import Within, covers
from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Guards, Policy, Rate, Rule
from stillwatch.decide.policy.ruling import rule_accounts
from stillwatch.decide.policy.shipped import shipped_text
from stillwatch.decide.policy.subjects import SPARED, Known
from stillwatch.domain.limits import POLICY_BYTES_MAX
from stillwatch.domain.results import ACCOUNTS_OUT, TAKING, VERDICTS
from stillwatch.domain.settings import PolicySettings, Settings
from stillwatch.domain.tables import REGISTER

_NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
_SECONDS_MAX = 5.0
"""Of CPU, for any text up to the bound; the slowest that is known takes under two."""
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_PIECES = st.sampled_from(
    [
        "policy:", "language: 1", "guards:", "rules:", "- name: a", "when:", "then: deny", "for:",
        "{", "}", "[", "]", ": ", "- ", "\n", "\n  ", "\n    ", "&a ", "*a", "!!set ", "? ", "| ",
        ">-\n", '"', "'", "#", "---\n", "...\n", "%YAML 1.1\n", "1e999", "0x_", "089", "1:60",
        "2026-99-99", "=", "<<", ".nan", "~", "\t", "\r", "\u2028", "\ufeff", "\x00", "30d", "5%",
        "verdict: [fraudulent]", "q_value: {at_most: 1%}", "blast_radius: {accounts: 5%}", "\ud800",
    ]
)  # fmt: skip


def _assert_answered(text: str) -> None:
    began = time.process_time()
    answer = parse_policy(text)
    assert time.process_time() - began < _SECONDS_MAX
    if isinstance(answer, Policy):
        return
    lines = _BREAK.split(text)
    assert answer
    for one in answer:
        assert 1 <= one.place.line <= len(lines)
        assert 1 <= one.place.column <= len(lines[one.place.line - 1]) + 1
        assert one.what
        assert one.hint


@given(text=st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=40).map("".join)))
@settings(max_examples=400)
@example(text="a: 0o8")
@example(text="? [a]\n: b")
@example(text="policy: x\r\rrules: [\r")
def test_any_text_gives_a_policy_or_problems_with_a_place_inside_it(text: str) -> None:
    """Never an exception, within the time."""
    _assert_answered(text)


@given(
    at=st.integers(0, len(shipped_text())),
    cut=st.integers(0, 30),
    put=st.one_of(st.text(max_size=8), _PIECES),
)
@settings(max_examples=300)
def test_a_damaged_policy_gives_a_policy_or_problems(at: int, cut: int, put: str) -> None:
    """The shipped one, with a piece cut out and another put in."""
    text = shipped_text()
    _assert_answered(text[:at] + put + text[at + cut :])


@given(unit=st.one_of(_PIECES, st.text(min_size=1, max_size=3)))
@settings(max_examples=25)
def test_a_text_as_large_as_allowed_is_answered_in_time(unit: str) -> None:
    """One piece, again and again, up to the bound in bytes."""
    size = max(len(unit.encode("utf-8", "surrogatepass")), 1)
    _assert_answered(unit * (POLICY_BYTES_MAX // size))


_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "verdict": st.sampled_from(VERDICTS),
            "probability": st.floats(0, 1),
            "q_value": st.sampled_from([0.0, 0.004, 0.01, 0.03, 0.2, float("nan")]),
            "campaign_id": st.sampled_from(["c-0", "c-1", None]),
            "protected": st.sampled_from([True, False, None]),
            "revenue_30d": st.sampled_from([None, 0.0, 10.0, 500.0]),
            "spared_days": st.sampled_from([None, 1, 20, 60]),
        }
    ),
    min_size=1,
    max_size=12,
)
_THEN = st.sampled_from(["allow", "watch", *TAKING, "review"])
_RULES = st.lists(
    st.tuples(_THEN, st.floats(0, 1), st.floats(0, 1), st.integers(0, 2)), min_size=1, max_size=4
)
_GUARDS = st.builds(
    Guards,
    dry_run=st.booleans(),
    accounts_share_max=st.sampled_from([0.0, 0.1, 0.3, 0.6, 1.0]),
    revenue_share_max=st.sampled_from([0.0, 0.2, 0.9, 1.0]),
    four_eyes_above=st.sampled_from([None, 0, 1, 2, 5]),
    four_eyes_from=st.sampled_from(TAKING),
    cool_down=st.sampled_from([timedelta(0), timedelta(days=10), timedelta(days=90)]),
)


def _known(rows: list[dict[str, object]]) -> Known:
    named = [{"account_id": f"acct-{n}", **row} for n, row in enumerate(rows)]
    schema = {
        "account_id": pl.String,
        "verdict": pl.String,
        "probability": pl.Float64,
        "q_value": pl.Float64,
        "campaign_id": pl.String,
        "protected": pl.Boolean,
        "revenue_30d": pl.Float64,
        "spared_days": pl.Int64,
    }
    frame = pl.DataFrame(named, schema=schema).with_columns(
        exchanges=pl.lit(1),
        reasons=pl.lit(["tied_content"], dtype=pl.List(pl.String)),
        explanation=pl.lit(""),
    )
    ago = pl.lit(_NOW) - pl.duration(days=pl.col("spared_days"))
    spared = frame.drop_nulls("spared_days").select("account_id", ago.alias("at"))
    register = REGISTER.conform(frame.select("account_id", "protected", "revenue_30d"))
    accounts = ACCOUNTS_OUT.conform(frame)
    return Known(accounts, register=register, spared=spared.cast(dict(SPARED)))


def _policy(drawn: list[tuple[str, float, float, int]], guards: Guards = Guards()) -> Policy:  # noqa: B008  frozen
    rules = tuple(
        Rule(
            f"r{n}",
            {"probability": Within(min(low, high), max(low, high))},
            then,
            timedelta(days=1),
            people=people,
        )
        for n, (then, low, high, people) in enumerate(drawn)
    )
    return Policy("drawn", rules, guards)


def _in_force(known: Known, policy: Policy) -> set[tuple[str, str]]:
    ruled = rule_accounts(known, policy=policy, settings=PolicySettings(), now=_NOW).rulings
    taken = ruled.filter(pl.col("effect_now").is_in(TAKING))
    return set(taken.select("account_id", "effect_now").iter_rows())


def _tighter(one: Guards, two: Guards) -> Guards:
    """Give guards of which each is as tight as the tighter of both."""
    above = [n for n in (one.four_eyes_above, two.four_eyes_above) if n is not None]
    return Guards(
        dry_run=one.dry_run or two.dry_run,
        accounts_share_max=min(one.accounts_share_max, two.accounts_share_max),
        revenue_share_max=min(one.revenue_share_max, two.revenue_share_max),
        four_eyes_above=min(above, default=None),
        four_eyes_from=min(one.four_eyes_from, two.four_eyes_from, key=TAKING.index),
        cool_down=max(one.cool_down, two.cool_down),
    )


@given(rows=_ROWS, drawn=_RULES, guards=_GUARDS, others=_GUARDS)
@settings(max_examples=150)
def test_a_tighter_guard_never_lets_more_through(
    rows: list[dict[str, object]],
    drawn: list[tuple[str, float, float, int]],
    guards: Guards,
    others: Guards,
) -> None:
    """Whatever is in force under tighter guards is in force under the looser ones, too."""
    known = _known(rows)
    tight = _in_force(known, _policy(drawn, _tighter(guards, others)))
    assert tight <= _in_force(known, _policy(drawn, guards))


@given(rows=_ROWS, drawn=_RULES)
@settings(max_examples=100)
def test_the_first_rule_that_matches_is_the_rule(
    rows: list[dict[str, object]], drawn: list[tuple[str, float, float, int]]
) -> None:
    """As a person would go through the list; rules after it change nothing."""
    known, policy = _known(rows), _policy(drawn)
    ruled = rule_accounts(known, policy=policy, settings=PolicySettings(), now=_NOW).rulings
    found = dict(ruled.select("account_id", "rule").iter_rows())
    for account, probability in known.accounts.select("account_id", "probability").iter_rows():
        tests = [(rule.name, rule.when["probability"]) for rule in policy.rules]
        expected = [
            name for name, t in tests if isinstance(t, Within) and t.low <= probability <= t.high
        ]
        assert found.get(account) == (expected or [None])[0]


@given(low=st.floats(0, 1), high=st.floats(0, 1), inner=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_cover_is_never_claimed_that_is_not(
    low: float, high: float, inner: tuple[float, float]
) -> None:
    """Whatever lies within a covered range lies within the covering one."""
    wide, narrow = Within(low, high), Within(*inner)
    if covers({"q_value": wide}, {"q_value": narrow}) and inner[0] <= inner[1]:
        assert all(low <= value <= high for value in inner)


def _as_before(known: Known) -> dict[str, str]:
    """Give the effect that the code gave before there were policies."""
    rows = known.accounts.to_dicts()
    protected = set(known.register.filter("protected")["account_id"])
    errors = [1 - row["probability"] for row in rows if row["verdict"] == "fraudulent"]
    is_sure = not errors or sum(errors) / len(errors) <= 0.01 + 1e-9
    effects = {}
    for row in rows:
        if row["verdict"] == "fraudulent":
            holds = row["campaign_id"] and row["q_value"] <= 0.01 and is_sure
            taken = "suspend" if row["account_id"] not in protected else "review"
            effects[row["account_id"]] = taken if holds else "review"
        elif row["verdict"] == "suspect":
            effects[row["account_id"]] = "review"
    return effects


@given(rows=_ROWS, sure=st.booleans())
@settings(max_examples=150)
def test_the_shipped_policy_gives_what_was_given_before(
    rows: list[dict[str, object]], *, sure: bool
) -> None:
    """The same effects, for as long."""
    known = _known([{**row, "probability": 0.999 if sure else row["probability"]} for row in rows])
    decided = decide(known.accounts, register=known.register, settings=Settings(), now=_NOW)
    assert dict(decided.select("account_id", "effect").iter_rows()) == _as_before(known)
    days = {"suspend": 30, "review": 14}
    for effect, ends in decided.select("effect", "expires_at").iter_rows():
        assert ends == _NOW + timedelta(days=days[effect])


@given(
    gaps=st.lists(st.floats(0, 900), min_size=1, max_size=80),
    tokens=st.integers(0, 40),
    rate=st.builds(Rate, st.integers(0, 12), st.one_of(st.none(), st.integers(0, 200))),
)
@settings(max_examples=200)
def test_no_hour_ever_holds_more_than_the_budget(
    gaps: list[float], tokens: int, rate: Rate
) -> None:
    """Any window of 3,600 s, wherever it begins; and what is refused would have been too much."""
    meter, at, admitted = Meter(rate), 0.0, list[float]()
    for gap in gaps:
        at += gap
        if meter.admit(at_s=at, output_tokens=tokens):
            admitted.append(at)
    assert len(meter.parts) <= 61
    for start in admitted:
        inside = sum(start <= one < start + 3600 for one in admitted)
        assert inside <= (rate.exchanges_per_hour or 0)
        if rate.output_tokens_per_hour is not None:
            assert inside * tokens <= rate.output_tokens_per_hour
