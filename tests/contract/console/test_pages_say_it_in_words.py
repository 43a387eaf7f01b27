"""What a manager reads in ten seconds: shares, chances and what is left to do, in words."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from asked_console import serve
from fastapi.testclient import TestClient
from made_for_console import CAMPAIGN, make_wide_result

from stillwatch.app.console.frame.render import write_odds
from stillwatch.app.console.reading.values import TACTIC_WORDS
from stillwatch.domain.results import TACTICS


def words_of(client: TestClient, path: str) -> str:
    """Give the words of a page."""
    body = client.get(f"/console{path}").text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_overview_says_how_much_and_what_is_left(client: TestClient) -> None:
    """Shares of all traffic, a chance as a frequency, effects by kind, accounts not yet stopped."""
    said = words_of(client, "")
    assert said.startswith('id="main" tabindex="-1"> 1 campaign found, 1 more group to look at')
    assert "4,800 exchanges, 38.4 % of all, and 5.4 M output tokens were harvested between" in said
    assert "nobody of it is called fraudulent: 90 exchanges, 0.7 % of all, and" in said
    assert "Of findings this strong, about 1 in 10,000 is a group that harvests no more" in said
    assert "52 suspend" in said
    assert re.search(r"54 accounts are stopped or limited, 6 not", said)
    assert "1 new, 1 regrown" in said
    assert "q =" not in said.partition("Traffic by day")[0]


@pytest.mark.parametrize("verdict", ["suspect", "watch"])
def test_the_overview_finds_no_campaign_where_nobody_is_called(
    tmp_path: Path, verdict: str
) -> None:
    """Headline, tiles and what to do say what may be, and the campaign's own page too."""
    place = make_wide_result(tmp_path / "handless")
    path = place / "accounts.parquet"
    said = pl.when(pl.col("campaign_id").is_null()).then("verdict").otherwise(pl.lit(verdict))
    pl.read_parquet(path).with_columns(verdict=said).write_parquet(path)
    client = serve(place)
    overview = words_of(client, "")
    assert "> No campaign found, 2 groups to look at" in overview
    assert "exchanges harvested 0 0 % of all exchanges; perhaps 4,890 " in overview
    assert "60 accounts, 4,800 exchanges perhaps harvested, 38.4 % of all" in overview
    assert "perhaps 4,890 more" not in overview
    assert "were harvested" not in overview
    assert "Groups to look at 2 rows" in overview
    assert "Perhaps harvested 4,800 exchanges" in words_of(client, f"/campaign?id={CAMPAIGN}")


def test_the_overview_says_of_the_permitted_that_they_are_not_counted(tmp_path: Path) -> None:
    """The link leads to them, where nothing else was found too."""
    place = make_wide_result(tmp_path / "permitted")
    for name in ("accounts", "campaigns"):
        frame = pl.read_parquet(place / f"{name}.parquet")
        of_it = pl.col("campaign_id") == CAMPAIGN
        changed = (
            frame.filter(of_it)
            if name == "campaigns"
            else frame.with_columns(
                verdict=pl.when(of_it).then(pl.lit("permitted")).otherwise("verdict")
            )
        )
        changed.write_parquet(place / f"{name}.parquet")
    said = words_of(serve(place), "")
    assert "> No campaign found, 1 permitted" in said
    assert "honest tied groups are, but for those that a permission covers. 1 is permitted" in said


def test_the_strongest_evidence_stands_as_a_sentence(client: TestClient) -> None:
    """Before any drawing: what is shared, how often, and what chance explains."""
    said = words_of(client, f"/campaign?id={CAMPAIGN}")
    tie = "Strongest: they share the same prompt template . Seen: 0.980; chance explains 0.00400."
    assert tie in said
    assert "60 times as likely in a group as by chance (5.9 bits)" in said
    assert TACTIC_WORDS["rubric_grading"] in said


def test_every_way_of_asking_is_explained() -> None:
    """No tactic of the contract is without its clause, and none is explained that is not one."""
    assert set(TACTIC_WORDS) == set(TACTICS)


@pytest.mark.parametrize(
    ("times", "said"), [(2_521.4, "2,500"), (60.0, "60"), (2.0**40, "1,100 bn"), (1.4, "1")]
)
def test_odds_have_two_digits(times: float, said: str) -> None:
    """More would promise what no test measures."""
    assert write_odds(times) == said


def test_data_and_scripts_are_packed_and_pages_never(client: TestClient) -> None:
    """A page holds tokens beside strangers' text, and its length would tell of them (BREACH)."""
    page = client.get(f"/console/campaign?id={CAMPAIGN}", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in page.headers
    script = re.search(r'src="([^"]+/grid\.js)"', page.text)
    assert script is not None
    for path in (script[1], f"/console/members.json?id={CAMPAIGN}"):
        packed = client.get(path, headers={"accept-encoding": "gzip"})
        plain = client.get(path, headers={"accept-encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content


def test_a_file_that_is_cut_off_is_said_by_name(tmp_path: Path) -> None:
    """It is no fault of the program, and pages that do not need it go on."""
    place = make_wide_result(tmp_path / "cut")
    whole = (place / "evidence.parquet").read_bytes()
    (place / "evidence.parquet").write_bytes(whole[:200])
    client = serve(place)
    found = client.get(f"/console/campaign?id={CAMPAIGN}")
    assert found.status_code == 503
    assert "it has no readable evidence.parquet" in found.text
    assert client.get("/console/search?q=none").status_code == 200
