"""Appeals as customers meet them: what they see, never see, and can't exhaust."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from control_service import BASE, CAMPAIGN, HEADS, World, controlled

from stillwatch.app.service.control.appeals.buckets import Buckets
from stillwatch.domain.service_limits import (
    APPEAL_BURST,
    APPEAL_GUESSES_PER_S,
    APPEAL_PER_MINUTE,
)
from stillwatch.gateway.decision import Decision as Enforced

PAGE = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
HOSTILE = "<script>alert(1)</script>\u202e'\"&{{7*7}}\x1b[31m=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service whose decisions these tests make for themselves."""
    with controlled(tmp_path_factory.mktemp("appeals")) as found:
        yield found


@pytest.fixture
def link(world: World) -> str:
    """The path of the first head's link against a decision of its own."""
    world.clock.now_s += 1
    return f"/appeals/{world.reference(world.put_in_force())}"


def appeal_of(world: World, link: str) -> str:
    """Give the id of the appeal that was sent with a link."""
    held = link.rpartition("/")[2]
    with world.ledger.read() as view:
        found = view.find_appeal(held)
    assert found is not None
    return found.appeal_id


def test_a_customer_sees_the_sentence_and_nothing_else(world: World, link: str) -> None:
    """Neither another account, nor a campaign, a finding, a person, a figure or the evidence."""
    for headers in ({}, PAGE):
        text = world.client.get(link, headers=headers).text
        assert "This account is suspended until" in text
        secret = [CAMPAIGN, "f-one", *HEADS, "ann", "ben", "payment", "0.001", "six accounts"]
        assert [one for one in secret if re.search(rf"\b{re.escape(one)}\b", text)] == []
    assert set(world.client.get(link).json()) == {"sentence", "state", "may_appeal", "appeal"}


def test_the_sentence_carries_the_own_link(world: World, link: str) -> None:
    """Each account's, in the page, and in what a gateway tells the customer."""
    own = f"{BASE}/{link.rpartition('/')[2]}"
    assert f"You can appeal at {own};" in world.client.get(link).json()["sentence"]
    decision_id = world.put_in_force()
    shared = world.ask("vera", f"/v1/interventions/{decision_id}").json()["reason"]
    world.app.state.decider.feed.publish(_table(decision_id, shared))
    for account_id in HEADS[:2]:
        body = {"account_id": account_id}
        told = world.ask("service:edge", "/v1/decisions", body).json()["reason"]
        assert told == shared.replace(
            f"at {BASE};", f"at {BASE}/{world.reference(decision_id, account_id)};"
        )


def _table(decision_id: str, reason: str) -> Any:  # noqa: ANN401
    from stillwatch.gateway.deltas import Delta  # noqa: PLC0415

    rows = tuple(Enforced(one, "suspend", decision_id, reason, 4e9) for one in HEADS[:2])
    return Delta("mine", -1, 7, puts=rows, is_snapshot=True)


def test_every_reference_that_is_none_gets_the_same_answer(world: World, link: str) -> None:
    """Made up, cut, lengthened, of another account, of a decision that was never in force."""
    held = link.rpartition("/")[2]
    proposed = world.propose()["decision_id"]
    wrong = [
        "x",
        "A" * 64,
        held[:-2],
        held + "AA",
        world.reference("d-none"),
        world.reference(proposed),
        world.reference(world.put_in_force(), "somebody-else"),
    ]
    found = [world.client.get(f"/appeals/{one}") for one in wrong]
    assert {one.status_code for one in found} == {404}
    assert len({(one.content, str(sorted(one.headers.items()))) for one in found}) == 1
    posts = [world.client.post(f"/appeals/{one}", json={"statement": "x"}) for one in wrong]
    assert {(one.status_code, one.content) for one in posts} == {(404, found[0].content)}


def test_a_reference_that_is_none_is_looked_up_as_any_other(world: World, link: str) -> None:
    """The same statements go to the database, so that time doesn't tell what there is."""
    asked: list[str] = []

    def note(*given: Any) -> None:  # noqa: ANN401
        asked.append(str(given[2]))

    sa.event.listen(world.ledger._engine, "before_cursor_execute", note)
    try:
        lookups = []
        for path in (link, "/appeals/none", f"/appeals/{world.reference('d-none')}"):
            asked.clear()
            world.client.get(path)
            lookups.append([one for one in asked if one.startswith("SELECT")])
    finally:
        sa.event.remove(world.ledger._engine, "before_cursor_execute", note)
    assert len(lookups[0]) == 3
    assert lookups[0] == lookups[1] == lookups[2]


def test_a_page_loads_nothing_and_tells_nobody_its_address(world: World, link: str) -> None:
    """A strict policy, no referrer, no cache, no search engine, no frame; on problems too."""
    for path, status in ((link, 200), ("/appeals/none", 404)):
        found = world.client.get(path, headers=PAGE)
        assert found.status_code == status
        assert found.headers["content-type"] == "text/html; charset=utf-8"
        policy = found.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        wanted = {"referrer-policy": "no-referrer", "cache-control": "no-store"}
        assert wanted.items() <= dict(found.headers).items()
        tags = re.findall(r"<(\w+)", found.text)
        assert not {"script", "img", "link", "iframe", "a"} & set(tags)
        assert "://" not in found.text.replace(BASE, "")


def test_the_style_is_the_one_that_the_policy_names(world: World, link: str) -> None:
    """Else a browser shows the page without it."""
    import base64  # noqa: PLC0415
    import hashlib  # noqa: PLC0415

    found = world.client.get(link, headers=PAGE)
    style = re.search(r"<style>(.*?)</style>", found.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in found.headers["content-security-policy"]


class _Labels(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Give the elements of a kind."""
        return [attributes for name, attributes in self.found if name == tag]


def test_the_form_works_without_script_and_with_a_reader(world: World, link: str) -> None:
    """A language, one heading above others, a label and a description for the one field."""
    read = _Labels()
    read.feed(world.client.get(link, headers=PAGE).text)
    assert read.all("html") == [{"lang": "en"}]
    assert (len(read.all("h1")), len(read.all("main"))) == (1, 1)
    (field,) = read.all("textarea")
    assert {"for": field["id"]} in read.all("label")
    assert field["aria-describedby"] in [one.get("id") for one in read.all("p")]
    assert [one["method"] for one in read.all("form")] == ["post"]


def test_a_form_is_sent_and_shown_again(world: World, link: str) -> None:
    """To the page by 303, where it waits; what was sent is masked and not shown to anybody."""
    sent = world.client.post(
        link,
        data={"statement": "We are a school.\r\nWrite to head@school.example or 10.1.2.3"},
        headers=PAGE,
        follow_redirects=False,
    )
    assert (sent.status_code, sent.headers["location"]) == (303, link)
    shown = world.client.get(link, headers=PAGE).text
    assert "It waits for a person to read it." in shown
    assert "<form" not in shown
    assert "school" not in shown
    again = world.client.post(
        link, data={"statement": "Once more."}, headers=PAGE, follow_redirects=False
    )
    assert again.status_code == 303
    row = world.ask("vera", f"/v1/appeals/{appeal_of(world, link)}").json()
    assert row["statement"] == "We are a school.\nWrite to [e-mail] or [address]"
    assert "reference_hash" not in row


def test_there_is_one_appeal(world: World, link: str) -> None:
    """As JSON: 201 once, then 409, upheld or not."""
    first = world.client.post(link, json={"statement": "We are a school."})
    assert (first.status_code, first.json()["appeal"]["state"]) == (201, "open")
    assert world.client.post(link, json={"statement": "Again."}).status_code == 409
    one = f"/v1/appeals/{appeal_of(world, link)}"
    world.ask("dora", f"{one}/review", {})
    resolved = {"outcome": "upheld", "answer": "It stands.", "disposition": "distillation"}
    assert world.ask("dora", f"{one}/resolve", resolved).status_code == 200
    assert world.client.post(link, json={"statement": "Again."}).status_code == 409
    seen = world.client.get(link).json()
    assert (seen["may_appeal"], seen["appeal"]["answer"]) == (False, "It stands.")


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 422),
        (b'{"statement":""}', "application/json", 422),
        (b'{"statement":"\\u0000 \\n"}', "application/json", 422),
        (b'{"statement":"x","account_id":"other"}', "application/json", 422),
        (b"statement=", "application/x-www-form-urlencoded", 422),
        (b"statement=%20%0d%0a", "application/x-www-form-urlencoded", 422),
        (b"statement=" + b"x" * 2_001, "application/x-www-form-urlencoded", 422),
        (b"\xff=\xff", "application/x-www-form-urlencoded", 422),
        (b"a=1&" * 20, "application/x-www-form-urlencoded", 422),
        (b"x" * 32_769, "application/json", 413),
        (b"statement=x", "text/plain", 415),
        (b"statement=x", "multipart/form-data; boundary=x", 415),
    ],
)
def test_what_is_no_statement_is_refused(
    world: World, content: bytes, media: str, status: int
) -> None:
    """As a problem or as a page, and nothing is filed."""
    path = f"/appeals/{world.reference(world.put_in_force())}"
    for accept in ("application/json", "text/html"):
        headers = {"content-type": media, "accept": accept}
        assert world.client.post(path, content=content, headers=headers).status_code == status
    assert world.client.get(path).json()["appeal"] is None


def test_hostile_text_is_inert(world: World, link: str) -> None:
    """In the answer on the page, and in the form that is shown again; controls are gone."""
    long = HOSTILE + "x" * 2_000
    again = world.client.post(link, data={"statement": long}, headers=PAGE)
    assert (again.status_code, "<script" in again.text) == (422, False)
    world.client.post(link, json={"statement": HOSTILE})
    one = f"/v1/appeals/{appeal_of(world, link)}"
    assert "\x1b" not in world.ask("vera", one).json()["statement"]
    world.ask("dora", f"{one}/review", {})
    answer = HOSTILE.replace("\x1b", "")
    resolved = {"outcome": "upheld", "answer": answer, "disposition": "unsure"}
    assert world.ask("dora", f"{one}/resolve", resolved).status_code == 200
    shown = world.client.get(link, headers=PAGE).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "{{7*7}}" in shown


def test_an_appeal_that_wins_releases_the_account_and_no_other(world: World, link: str) -> None:
    """With a disposition, in one transaction; the customer reads it, and evidence led there."""
    world.client.post(link, json={"statement": "We are a school."})
    one = f"/v1/appeals/{appeal_of(world, link)}"
    seen = world.ask("vera", f"{one}/evidence").json()
    assert seen["finding"]["finding_id"] == "f-one"
    assert seen["campaign"]["campaign_id"] == CAMPAIGN
    assert seen["account"]["evidence"][0]["channels"][0]["channel"] == "payment"
    assert world.ask("ann", f"{one}/review", {}).status_code == 403
    assert world.ask("ben", f"{one}/review", {}).status_code == 403
    assert world.ask("dora", f"{one}/review", {}).json()["state"] == "in_review"
    for leak in (f"You are in {CAMPAIGN}.", f"As {HEADS[1]} did.", "See f-one."):
        body = {"outcome": "overturned", "answer": leak, "disposition": "innocent"}
        assert world.ask("dora", f"{one}/resolve", body).status_code == 422
    body = {"outcome": "overturned", "answer": "We were wrong.", "disposition": "innocent"}
    decision_id = world.ask("dora", f"{one}/resolve", body).json()["decision_id"]
    rows = world.ask("vera", f"/v1/interventions/{decision_id}/accounts").json()["rows"]
    assert [row["released_at"] is not None for row in rows] == [True, False]
    answers = world.ask("vera", f"/v1/dispositions?subject_id={HEADS[0]}").json()["rows"]
    assert [(row["answer"], row["source_kind"]) for row in answers][:1] == [("innocent", "appeal")]
    assert "This was taken back." in world.client.get(link, headers=PAGE).text


def test_who_waits_too_long_is_listed(world: World, link: str) -> None:
    """The day after the deadline, and no more once it is answered."""
    world.client.post(link, json={"statement": "We are a school."})
    own = appeal_of(world, link)

    def overdue() -> list[str]:
        rows = world.ask("vera", "/v1/appeals/overdue").json()["rows"]
        return [row["appeal_id"] for row in rows]

    assert own not in overdue()
    world.clock.now_s += 14 * 86_400
    assert own in overdue()
    world.ask("dora", f"/v1/appeals/{own}/review", {})
    body = {"outcome": "upheld", "answer": "It stands.", "disposition": "unsure"}
    world.ask("dora", f"/v1/appeals/{own}/resolve", body)
    assert own not in overdue()


def test_one_who_asks_too_often_keeps_nobody_else_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond its burst a reference waits; guesses run dry and held references still answer."""
    control = replace(world.app.state.control, buckets=Buckets(clock_s=lambda: 0.0))
    monkeypatch.setattr(world.app.state, "control", control)
    decision_id = world.put_in_force()
    mine, other = (f"/appeals/{world.reference(decision_id, one)}" for one in HEADS[:2])
    found = [world.client.get(mine).status_code for _ in range(APPEAL_BURST + 1)]
    assert found == [200] * APPEAL_BURST + [429]
    late = world.client.get(mine)
    assert int(late.headers["retry-after"]) == 60 // APPEAL_PER_MINUTE
    assert world.client.get(mine, headers=PAGE).status_code == 429
    guesses = [world.client.get("/appeals/guess") for _ in range(2 * APPEAL_GUESSES_PER_S)]
    assert [one.status_code for one in guesses].count(404) == APPEAL_GUESSES_PER_S
    assert world.client.get(other).status_code == 200
