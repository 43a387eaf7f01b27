"""What a manager reads in ten seconds: shares, chances and what is left to do, in words."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

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
    assert re.search(r"took 4,890 exchanges, 39\.1 % of all, and", said)
    assert "Of findings this strong, about 1 in 10,000 is a group that harvests no more" in said
    assert "52 suspend" in said
    assert re.search(r"54 accounts are stopped or limited, 6 not", said)
    assert "1 new, 1 regrown" in said
    assert "q =" not in said.partition("Traffic by day")[0]


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
