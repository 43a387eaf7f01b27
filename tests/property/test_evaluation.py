"""Counts of any small incident agree with a loop that a reader can check by eye."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.domain.results import VERDICTS
from stillwatch_lab.evaluate import Evaluation, Study, combine, evaluate_case
from stillwatch_lab.evaluation.case import make_case
from stillwatch_lab.evaluation.json_form import read_json

NAMES = [f"a{n}" for n in range(12)]
EXCHANGES = [f"x{n}" for n in range(12)]
TRUTH = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(["fraud", "benign-class", "benign-partner"]), st.sampled_from("pq")),
)
SAID = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from(VERDICTS), st.sampled_from(["c1", "c2", None]), st.floats(0, 1)),
)
HARVEST = st.dictionaries(st.sampled_from(EXCHANGES), st.sampled_from("pq"))
FOUND = st.dictionaries(
    st.sampled_from(EXCHANGES),
    st.tuples(st.sampled_from(NAMES), st.sampled_from([0.0, 0.49, 0.5, 1.0])),
)


def evaluate(
    truth: dict[str, Any], said: dict[str, Any], harvest: dict[str, str], found: dict[str, Any]
) -> Evaluation:
    """Evaluate dictionaries."""

    def table(rows: list[tuple[Any, ...]], **schema: type[pl.DataType]) -> pl.DataFrame:
        return pl.DataFrame(rows, schema=schema, orient="row")

    text, number = pl.String, pl.Float64
    roles = [(name, role, c if role == "fraud" else None) for name, (role, c) in truth.items()]
    return evaluate_case(
        make_case(
            "any",
            roles=table(roles, account_id=text, role=text, campaign=text),
            accounts=table(
                [(name, *row) for name, row in said.items()],
                account_id=text, verdict=text, campaign_id=text, probability=number,
            ),
            harvest=table(list(harvest.items()), exchange_id=text, campaign=text),
            exchanges=table(
                [(name, *row) for name, row in found.items()],
                exchange_id=text, account_id=text, membership=number,
            ),
        )
    )  # fmt: skip


@given(truth=TRUTH, said=SAID)
def test_accounts_are_counted_as_a_loop_counts_them(
    truth: dict[str, Any], said: dict[str, Any]
) -> None:
    """Recall, false accounts and every campaign's figures, account by account."""
    scored = evaluate(truth, said, {}, {})
    heads = found = suspected = false = 0
    squares: list[float] = []
    pieces: dict[str, dict[str, int]] = {}
    for name, (verdict, piece, probability) in said.items():
        role, campaign = truth.get(name, ("unknown", ""))
        is_guilty = role == "fraud"
        heads += is_guilty
        found += is_guilty and verdict == "fraudulent"
        suspected += is_guilty and verdict in {"fraudulent", "suspect"}
        false += not is_guilty and verdict == "fraudulent"
        if is_guilty or verdict != "permitted":
            squares.append((probability - is_guilty) ** 2)
        if is_guilty and verdict == "fraudulent" and piece:
            held = pieces.setdefault(campaign, {})
            held[piece] = held.get(piece, 0) + 1
    assert scored.fraud_accounts == heads
    assert abs((scored.account_recall or 0.0) * heads - found) < 1e-9
    assert abs((scored.account_recall_at_suspect or 0.0) * heads - suspected) < 1e-9
    assert (scored.false_accounts, scored.called_fraudulent) == (false, false + found)
    assert scored.calibration.accounts == len(squares)
    assert abs((scored.calibration.brier or 0.0) * len(squares) - sum(squares)) < 1e-9
    assert {c.campaign: c.pieces for c in scored.campaigns if c.pieces} == {
        name: len(held) for name, held in pieces.items()
    }
    for one in scored.campaigns:
        largest = max(pieces.get(one.campaign, {}).values(), default=0)
        assert abs((one.in_one_piece or 0.0) * one.found - largest) < 1e-9


@given(truth=TRUTH, said=SAID, harvest=HARVEST, found=FOUND)
def test_exchanges_are_counted_as_a_loop_counts_them(
    truth: dict[str, Any], said: dict[str, Any], harvest: dict[str, str], found: dict[str, Any]
) -> None:
    """Found, right and set apart, exchange by exchange; campaigns add up to the whole."""
    scored = evaluate(truth, said, harvest, found)
    taken = right = apart = 0
    for name, (account, membership) in found.items():
        if membership < 0.5:
            continue
        taken += 1
        right += name in harvest
        is_guilty = truth.get(account, ("unknown",))[0] == "fraud"
        is_permitted = account in said and said[account][0] == "permitted"
        apart += is_permitted and not is_guilty and name not in harvest
    counted = (scored.exchanges_found, scored.exchanges_right, scored.exchanges_apart)
    assert counted == (taken, right, apart)
    assert scored.exchanges == len(harvest)
    shares = (scored.exchange_recall, scored.exchange_precision, scored.exchange_precision_apart)
    for share, whole in zip(shares, (len(harvest), taken, taken - apart), strict=True):
        assert share == (right / whole if whole else None)


@given(truth=TRUTH, said=SAID, harvest=HARVEST, found=FOUND)
def test_any_evaluation_survives_json_and_its_intervals_hold_its_figures(
    truth: dict[str, Any], said: dict[str, Any], harvest: dict[str, str], found: dict[str, Any]
) -> None:
    """Read back, it is the same; no figure is outside 0 to 1, or outside its interval."""
    scored = evaluate(truth, said, harvest, found)
    study = combine([scored, scored])
    assert read_json(Evaluation, scored.to_json()) == scored
    assert read_json(Study, study.to_json()) == study
    sure = scored.intervals
    for figure in (sure.account_recall, sure.false_discovery, sure.exchange_precision):
        if figure and figure.low is not None and figure.high is not None:
            assert -1e-9 <= figure.low <= figure.estimate + 1e-9
            assert figure.estimate - 1e-9 <= figure.high <= 1 + 1e-9
