"""The graph: few bundles whatever the number of accounts, every account in one of them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from stillwatch.act import deliver_effects
from stillwatch.app.console.reading.bundles import BUNDLES_MAX, TRAITS_MAX
from stillwatch.app.console.reading.graph import (
    ONE_BY_ONE_MAX,
    draw_together,
)
from stillwatch.app.console.reading.reading import Reading
from stillwatch.app.console.reading.values import say_value
from stillwatch.domain.lake_tables import TIE
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    QUARANTINE,
)
from stillwatch.store.results import draft_result, read_result

NAME = "c-one"


def make_reading(out: Path, *, accounts: int, ties: bool = True) -> Reading:
    """Write a result of one campaign: all share a template, each a third a payment."""
    names = [f"a{number:06d}" for number in range(accounts)]
    members = pl.DataFrame(
        {
            "account_id": names,
            "verdict": "fraudulent",
            "probability": 0.99,
            "q_value": 0.001,
            "campaign_id": NAME,
            "exchanges": 10,
            "reasons": [[] for _ in names],
            "explanation": "x",
        },
        schema_overrides={"reasons": pl.List(pl.String)},
    )
    held = [
        {"account_id": name, "channel": channel, "value": f"{value:016x}"}
        for number, name in enumerate(names)
        for channel, value in (
            ("template", 2**60),
            ("template", 2**60 + 1),
            ("payment", 2**61 + number % 3),
        )
    ]
    tied = pl.DataFrame(held).with_columns(
        group_id=pl.lit("g"),
        share=pl.lit(1.0),
        holders=pl.len().over("channel", "value"),
        holders_inside=pl.len().over("channel", "value"),
    )
    honest = [f"h{number}" for number in range(20 * accounts)]
    strangers = (
        members.clear()
        .vstack(members.head(1))
        .select(pl.exclude("account_id"))
        .join(pl.DataFrame({"account_id": honest}), how="cross")
    )
    others = strangers.with_columns(
        campaign_id=pl.lit(None, dtype=pl.String), verdict=pl.lit("clear")
    ).select(members.columns)
    with draft_result(out) as draft:
        draft.write_table(ACCOUNTS_OUT, ACCOUNTS_OUT.conform(pl.concat([members, others])))
        for table in (GROUPS_OUT, CAMPAIGNS_OUT, EVIDENCE, EXCHANGES_OUT, QUARANTINE):
            draft.write_table(table, table.empty())
        if ties:
            draft.write_table(TIE, TIE.conform(tied))
        deliver_effects(draft.place)
        draft.write_json("run.json", {})
        draft.write_bytes("decisions.jsonl", b"")
    return Reading(read_result(out))


@pytest.mark.parametrize("accounts", [10, 61, 300, 3_000])
def test_any_number_of_accounts_is_few_bundles(tmp_path: Path, accounts: int) -> None:
    """Every account is in one bundle; bundles and values stay few enough to be told apart."""
    graph = draw_together(make_reading(tmp_path / "r", accounts=accounts), NAME)
    assert sum(bundle["accounts"] for bundle in graph["bundles"]) == accounts
    assert len(graph["bundles"]) <= max(BUNDLES_MAX, ONE_BY_ONE_MAX if accounts <= 60 else 0)
    assert len(graph["traits"]) <= TRAITS_MAX


def test_bundles_follow_the_values_that_divide(tmp_path: Path) -> None:
    """Three payments make three bundles; the two templates of all are drawn as one."""
    graph = draw_together(make_reading(tmp_path / "r", accounts=300), NAME)
    assert [bundle["accounts"] for bundle in graph["bundles"]] == [100, 100, 100]
    assert sorted(t["channel"] for t in graph["traits"]) == ["payment"] * 3 + ["template"]
    assert next(t["values"] for t in graph["traits"] if t["channel"] == "template") == 2
    assert len(graph["edges"]) == 6


def test_a_bundle_opens_into_its_accounts(tmp_path: Path) -> None:
    """Those of the bundle alone; few enough of them are drawn one by one."""
    reading = make_reading(tmp_path / "r", accounts=150)
    opened = draw_together(reading, NAME, within="1")
    assert opened["accounts"] == 50
    names = [bundle["account_id"] for bundle in opened["bundles"]]
    assert len(set(names)) == 50
    assert None not in names


@pytest.mark.parametrize("within", ["99", "x", "0.0.0.0.0.0.0.0.0", "-1", "999999999999"])
def test_a_place_that_is_not_there_is_no_fault(tmp_path: Path, within: str) -> None:
    """The address may say anything."""
    graph = draw_together(make_reading(tmp_path / "r", accounts=70), NAME, within=within)
    assert graph["accounts"] >= 1


def test_an_older_result_has_a_graph_without_values(tmp_path: Path) -> None:
    """It kept no ties: one bundle, which the page explains."""
    graph = draw_together(make_reading(tmp_path / "r", accounts=80, ties=False), NAME)
    assert (graph["traits"], len(graph["bundles"])) == ([], 1)


@pytest.mark.parametrize(
    ("channel", "value", "said"),
    [
        ("active_hour", f"{493_000:016x}", "29 Mar, 16:00"),
        ("signup_day", f"{20_514:016x}", "2 Mar 2026"),
        ("payment", "8f31aabbccddeeff", "8f31aa"),
        ("payment", "not hexadecimal", "not he"),
        ("active_hour", "f" * 16, "ffffff"),
    ],
)
def test_a_value_is_written_as_people_read_it(channel: str, value: str, said: str) -> None:
    """Hours as hours, pseudonyms by their first digits."""
    assert say_value(channel, value) == said
