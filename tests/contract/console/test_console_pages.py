"""Every page of the console through the same checks, found in its catalogue.

A page of the ledger is asked without one: it must say so. Its own tests are beside the ledger's.
"""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from asked_console import query_of, serve
from fastapi.testclient import TestClient
from made_for_console import HOSTILE

from stillwatch.app.console import CATALOGUE
from stillwatch.app.console.frame.page import Page

SHOWN = [page for page in CATALOGUE if "ledger" not in page.needs and page.section is not None]
ALONE = [page for page in CATALOGUE if "ledger" not in page.needs and page.section is None]
NO_SUCH = "no-such-thing"
DRAWN = [page for page in SHOWN + ALONE if not page.path.endswith((".json", "/alive"))]
DATA = [page for page in ALONE if page.path.endswith(".json")]
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:", re.IGNORECASE
)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"^[=+\-@|%\t]")


def by_path(pages: list[Page]) -> pytest.MarkDecorator:
    """Run a test once a page."""
    return pytest.mark.parametrize("page", pages, ids=[page.path for page in pages])


class Outline(HTMLParser):
    """What a page is made of, as a browser would read it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))

    def all_of(self, *names: str) -> list[dict[str, str | None]]:
        """Give the attributes of every element of some names."""
        return [attributes for tag, attributes in self.tags if tag in names]


def one_of_each(links: set[str]) -> list[str]:
    """Give one link for each page and each set of parameters; the others differ in values alone."""
    parts = {link: urlsplit(link) for link in sorted(links)}
    kinds = {(to.path, *sorted(parse_qs(to.query))): link for link, to in parts.items()}
    return sorted(kinds.values())


TEXTS: dict[str, str] = {}


def show(client: TestClient, page: Page) -> str:
    """Ask for a page as it makes sense, and give its text; once a page."""
    if page.path not in TEXTS:
        answer = client.get(page.address, params=query_of(page))
        assert answer.status_code == 200, answer.text[:500]
        TEXTS[page.path] = answer.text
    return TEXTS[page.path]


@by_path(DRAWN)
def test_a_page_has_landmarks_and_headings(client: TestClient, page: Page) -> None:
    """One main, one h1, a named navigation, a way past it, and no heading level left out."""
    outline = Outline(show(client, page))
    assert len(outline.all_of("main")) == 1
    assert len(outline.all_of("h1")) == 1
    assert all(nav.get("aria-label") or nav.get("aria-labelledby") for nav in outline.all_of("nav"))
    assert any(link.get("class") == "skip" for link in outline.all_of("a"))
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    inside = levels[levels.index(1) :]
    assert all(after - before <= 1 for before, after in pairwise(inside))


@by_path(DRAWN)
def test_ids_stand_once_and_labels_lead_somewhere(client: TestClient, page: Page) -> None:
    """What names another element names one that is there."""
    outline = Outline(show(client, page))
    ids = [attributes["id"] for _, attributes in outline.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in outline.tags:
        named = (attributes.get("aria-labelledby"), attributes.get("for"))
        assert all(name in ids for name in named if name)


@by_path(DRAWN)
def test_a_page_holds_no_script_and_no_style(client: TestClient, page: Page) -> None:
    """Nothing inline, whatever strangers call themselves: attributes are looked at, not text."""
    text = show(client, page)
    outline = Outline(text)
    assert all(
        script.get("src", "").startswith("/console/static/") for script in outline.all_of("script")
    )
    assert outline.all_of("style", "iframe", "object", "embed", "base") == []
    for tag, attributes in outline.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        assert not str(attributes.get("href") or "").lower().startswith(("javascript:", "data:"))
    assert {img.get("src", "").split("/")[-1] for img in outline.all_of("img")} == {"mark.svg"}


@by_path(DRAWN)
def test_a_page_shows_no_character_that_moves_or_turns_text(client: TestClient, page: Page) -> None:
    """Controls and marks of direction are spelt out."""
    assert CONTROLS.findall(show(client, page).replace("\r", "")) == []


@by_path(DRAWN)
def test_every_answer_has_the_policy(client: TestClient, page: Page) -> None:
    """Without any `unsafe`, and with nothing from elsewhere."""
    policy = client.get(page.address, params=query_of(page)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)


@by_path(DRAWN)
def test_links_of_a_page_lead_to_pages(client: TestClient, page: Page) -> None:
    """Every link below the console answers; hostile names come back as they went out."""
    outline = Outline(show(client, page))
    links = {str(link["href"]) for link in outline.all_of("a") if "href" in link}
    for link in one_of_each({link for link in links if link.startswith("/console")}):
        assert client.get(link).status_code in {200, 303, 308}, link


@by_path(DRAWN)
def test_a_table_is_exported_without_a_formula(client: TestClient, page: Page) -> None:
    """No cell of a CSV file begins as a spreadsheet's formula would, nor holds a control."""
    links = re.findall(r'href="([^"]*export=[^"]*\.csv)"', show(client, page))
    for link in links:
        answer = client.get(link.replace("&amp;", "&"))
        assert answer.headers["content-disposition"].startswith("attachment")
        rows = list(csv.reader(io.StringIO(answer.text)))
        texts = [cell for row in rows for cell in row if not re.fullmatch(r"-?[\d.e+-]+", cell)]
        assert len(rows) >= 1
        assert [text for text in texts if FORMULA.match(text)] == []
        assert CONTROLS.findall(answer.text.replace("\r\n", "\n")) == []


@by_path(DRAWN)
def test_a_table_is_exported_as_json_that_a_terminal_does_not_obey(
    client: TestClient, page: Page
) -> None:
    """The values are the true ones, written in escapes."""
    for link in re.findall(r'href="([^"]*export=[^"]*\.json)"', show(client, page)):
        answer = client.get(link.replace("&amp;", "&"))
        assert CONTROLS.findall(answer.text) == []
        assert isinstance(json.loads(answer.text), list)


@by_path(DATA)
def test_data_is_no_page(client: TestClient, page: Page) -> None:
    """What scripts read is JSON that no browser takes for a page."""
    answer = client.get(page.address, params=query_of(page))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert CONTROLS.findall(answer.text) == []
    assert json.loads(answer.text)


def test_hostile_accounts_come_through_whole(client: TestClient) -> None:
    """Each of them has a page of its own, found by its very name."""
    for name in HOSTILE:
        assert client.get("/console/account", params={"id": name}).status_code == 200
        found = client.get("/console/search", params={"q": name})
        assert (found.status_code, found.headers["location"][:20]) == (303, "/console/account?id=")


@by_path([page for page in SHOWN + ALONE if page.needs])
def test_before_the_first_result_a_page_says_what_to_do(page: Page) -> None:
    """No look has finished: 503, a page with an advice, nothing broken."""
    answer = serve(None).get(page.address, params=query_of(page))
    assert answer.status_code == 503
    assert "No look has finished yet" in answer.text


@by_path(SHOWN)
def test_a_result_without_findings_is_a_page_too(empty: Path, page: Page) -> None:
    """Nothing found: every page of the navigation is there, and says what that means."""
    answer = serve(empty).get(page.address, params=query_of(page))
    assert answer.status_code == 200, answer.text[:300]


@by_path([page for page in DRAWN if "id" in page.example])
def test_a_name_that_is_not_there_is_a_page_that_says_so(client: TestClient, page: Page) -> None:
    """404, with a way on; without a name too."""
    for query in ({"id": NO_SUCH}, {}):
        answer = client.get(page.address, params=query)
        assert answer.status_code == 404 or page.path == "/members"
        assert "Outline" not in answer.text


@by_path([page for page in CATALOGUE if "ledger" in page.needs])
def test_a_page_of_the_ledger_says_that_there_is_none(client: TestClient, page: Page) -> None:
    """A finished result is read-only."""
    answer = client.get(page.address, params=query_of(page))
    assert answer.status_code == 404
    assert "ledger" in answer.text


def test_a_page_that_is_none_says_so(client: TestClient) -> None:
    """And keeps the policy."""
    answer = client.get("/console/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "content-security-policy" in answer.headers
    assert "<script>alert" not in answer.text


def test_what_a_page_loads_is_kept_for_ever(client: TestClient) -> None:
    """Scripts and styles stand under their hash, immutable; another hash is nothing."""
    links = re.findall(r'(?:src|href)="(/console/static/[^"]+)"', show(client, SHOWN[0]))
    assert len(links) >= 4
    for link in links:
        answer = client.get(link)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/console/static/0000000000000000/console.css").status_code == 404
