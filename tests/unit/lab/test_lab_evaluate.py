"""Counts on results made by hand, against figures worked out by hand."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from stillwatch.domain.errors import InputError, NotAResult
from stillwatch_lab.evaluate import Evaluation, evaluate
from stillwatch_lab.show import render_evaluation

TRUTH = """account_id,role,campaign,replaces,exchanges
a1,fraud,alpha,,9
a2,fraud,alpha,,9
a3,fraud,alpha,,9
a4,fraud,alpha,,9
b1,fraud,beta,,9
b2,fraud,beta,a1,9
b3,fraud,beta,,0
h1,benign-app,,,9
h2,benign-class,,,9
h3,benign-class,,,9
p1,benign-partner,,,9
"""
VERDICTS = {
    "a1": ("fraudulent", "c1"),
    "a2": ("fraudulent", "c1"),
    "a3": ("fraudulent", "c2"),
    "a4": ("suspect", "c1"),
    "b1": ("watch", "c3"),
    "h1": ("clear", None),
    "h2": ("fraudulent", "c1"),
    "h3": ("suspect", "c1"),
    "p1": ("permitted", "c4"),
}
MEMBERSHIP = {"x1": 0.9, "x2": 0.5, "x3": 0.49, "y1": 0.7, "y2": 0.99}
HARVEST = "exchange_id,campaign\nx1,alpha\nx2,alpha\nx3,alpha\nx4,alpha\nx5,beta\n"


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Seven guilty accounts, one of which sent nothing, and four honest ones."""
    place = tmp_path / "truth"
    place.mkdir()
    (place / "accounts.csv").write_text(TRUTH)
    (place / "exchanges.csv").write_text(HARVEST)
    return place


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A result that finds three of alpha, in two pieces, and accuses a pupil."""
    place = tmp_path / "result"
    place.mkdir()
    verdict, campaign = zip(*VERDICTS.values(), strict=True)
    accounts = {"account_id": list(VERDICTS), "verdict": verdict, "campaign_id": campaign}
    pl.DataFrame(accounts).write_parquet(place / "accounts.parquet")
    exchanges = {"exchange_id": list(MEMBERSHIP), "membership": list(MEMBERSHIP.values())}
    pl.DataFrame(exchanges).write_parquet(place / "exchanges.parquet")
    return place


@pytest.fixture
def scored(result: Path, truth: Path) -> Evaluation:
    """The evaluation of the two."""
    return evaluate(result, truth=truth)


def test_account_recall_is_over_guilty_accounts_that_sent_anything(scored: Evaluation) -> None:
    """Six sent something (b2 is in no result and counts as missed), three were found."""
    assert scored.fraud_accounts == 6
    assert scored.account_recall == pytest.approx(3 / 6)
    assert scored.account_recall_at_suspect == pytest.approx(4 / 6)


def test_false_accounts_are_counted_by_role(scored: Evaluation) -> None:
    """One of four called fraudulent is a pupil; suspects and permitted ones don't count."""
    assert scored.called_fraudulent == 4
    assert scored.false_accounts == 1
    assert scored.false_share == pytest.approx(1 / 4)
    assert scored.false_by_role == {"benign-class": 1}


def test_exchanges_count_from_membership_one_half(scored: Evaluation) -> None:
    """x1 and x2 of five harvested; y1 and y2 are not harvest."""
    assert scored.exchange_recall == pytest.approx(2 / 5)
    assert scored.exchange_precision == pytest.approx(2 / 4)


def test_a_campaign_has_recall_purity_and_pieces(scored: Evaluation) -> None:
    """Alpha: 3 of 4 found, 2 of them under c1, which a pupil is under too."""
    alpha, beta = scored.campaigns
    assert (alpha.campaign, alpha.heads, alpha.found, alpha.pieces) == ("alpha", 4, 3, 2)
    assert alpha.recall == pytest.approx(3 / 4)
    assert alpha.recall_at_suspect == pytest.approx(1.0)
    assert alpha.purity == pytest.approx(2 / 3)
    assert alpha.in_one_piece == pytest.approx(2 / 3)
    assert alpha.exchange_recall == pytest.approx(2 / 4)
    assert (beta.heads, beta.found, beta.pieces) == (2, 0, 0)
    assert (beta.recall, beta.purity, beta.in_one_piece, beta.exchange_recall) == (0, None, None, 0)


def test_verdicts_stand_by_role(scored: Evaluation) -> None:
    """Every account of the truth that sent something is in the table once."""
    assert scored.verdicts_by_role == {
        "benign-app": {"clear": 1},
        "benign-class": {"suspect": 1, "fraudulent": 1},
        "benign-partner": {"permitted": 1},
        "fraud": {"clear": 1, "watch": 1, "suspect": 1, "fraudulent": 3},
    }


def test_without_counts_the_result_says_who_sent_anything(result: Path, truth: Path) -> None:
    """The contract's bare columns are enough: b2 and b3 are in no result and drop out."""
    bare = pl.read_csv(truth / "accounts.csv").drop("exchanges", "replaces")
    bare.write_csv(truth / "accounts.csv")
    assert evaluate(result, truth=truth).fraud_accounts == 5


def test_a_truth_that_quotes_nothing_says_nothing(result: Path, truth: Path) -> None:
    """`""` names no predecessor and no campaign, as an empty field doesn't."""
    plain = evaluate(result, truth=truth)
    (truth / "accounts.csv").write_text(TRUTH.replace(",,,", ',"","",').replace(",,", ',"",'))
    assert evaluate(result, truth=truth) == plain


def test_an_account_that_the_truth_does_not_name_is_false(result: Path, truth: Path) -> None:
    """Accusing somebody unknown is no discovery."""
    accounts = pl.read_parquet(result / "accounts.parquet")
    stranger = pl.DataFrame(
        {"account_id": ["z9"], "verdict": ["fraudulent"], "campaign_id": ["c1"]}
    )
    pl.concat([accounts, stranger]).write_parquet(result / "accounts.parquet")
    assert evaluate(result, truth=truth).false_by_role == {"benign-class": 1, "unknown": 1}


def test_nothing_found_in_innocent_traffic_gives_no_ratio(result: Path, truth: Path) -> None:
    """Ratios of nothing are null, not zero and not an error."""
    lines = [line for line in TRUTH.splitlines() if "fraud" not in line]
    (truth / "accounts.csv").write_text("\n".join(lines) + "\n")
    (truth / "exchanges.csv").write_text("exchange_id,campaign\n")
    clear = pl.read_parquet(result / "accounts.parquet").filter(pl.col("verdict") == "clear")
    clear.write_parquet(result / "accounts.parquet")
    pl.read_parquet(result / "exchanges.parquet").clear().write_parquet(
        result / "exchanges.parquet"
    )
    scored = evaluate(result, truth=truth)
    assert (scored.account_recall, scored.false_share, scored.exchange_recall) == (None, None, None)
    assert scored.campaigns == ()


def test_json_and_table_say_the_same(scored: Evaluation) -> None:
    """JSON holds every figure; the table shows the chief ones."""
    as_json = json.loads(scored.to_json())
    assert as_json["account_recall"] == 0.5
    assert as_json["campaigns"][0]["campaign"] == "alpha"
    console = Console(width=140, record=True, file=StringIO())
    console.print(render_evaluation(scored))
    shown = console.export_text()
    assert "50.0%" in shown
    assert "false: benign-class" in shown
    assert "alpha" in shown


def test_what_is_missing_is_named(result: Path, truth: Path, tmp_path: Path) -> None:
    """A result or a truth that isn't one is refused by name."""
    with pytest.raises(NotAResult, match=r"accounts\.parquet"):
        evaluate(tmp_path, truth=truth)
    with pytest.raises(InputError, match=r"accounts\.csv"):
        evaluate(result, truth=tmp_path)


def test_what_campaigns_did_is_read_where_the_truth_has_it(result: Path, truth: Path) -> None:
    """`truth/campaigns.csv` and `campaigns.parquet`: alpha turned, and c1 says so."""
    found = {"campaign_id": ["c1", "c2"], "pivot_q_value": [1e-9, None]}
    pl.DataFrame(found).write_parquet(result / "campaigns.parquet")
    assert not evaluate(result, truth=truth).pivots.is_in_truth
    (truth / "campaigns.csv").write_text("campaign,pivots\nalpha,true\nbeta,false\n")
    pivots = evaluate(result, truth=truth).pivots
    assert (pivots.turned, pivots.turned_named, pivots.stayed, pivots.stayed_named) == (1, 1, 1, 0)
    assert [row.campaign for row in pivots.campaigns] == ["alpha"]


@pytest.mark.parametrize(
    ("text", "said"), [("account_id,role\na,fraud\n", "no column campaign"), ("", "no CSV table")]
)
def test_a_truth_that_is_no_such_table_is_refused(
    text: str, said: str, result: Path, truth: Path
) -> None:
    """A column that is missing is named; an empty file is no table."""
    (truth / "accounts.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        evaluate(result, truth=truth)
