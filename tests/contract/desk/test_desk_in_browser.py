"""The whole path in a browser as five people and a customer; every page with axe-core, twice.

It needs Chromium (the build installs Debian's), Playwright and axe; where one is missing it skips,
and says which.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from control_service import CAMPAIGN, HEADS
from desks import HERE, Desk, desk_at, listening, query_of
from services import ask, free_port

from stillwatch.app.console.desk import PAGES

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed"),
]
SHOWN = [page for page in PAGES if page.act is None and page.path != "/audit/anchor"]
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 380, "height": 800}
FOLLOWED_MS = 10_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = """async (only) => {
  const found = await axe.run(document, { runOnly: only });
  return found.violations.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html)]);
}"""
FOUR_EYES = "  four_eyes: {above_accounts: 1, from: suspend}\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give Debian's Chromium."""
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


class Seat:
    """One person at a browser of their own, and everything that it complained of."""

    def __init__(self, browser: Any, base: str, **how: Any) -> None:  # noqa: ANN401  Playwright's
        self.base = base
        self.complaints: list[str] = []
        self.context = browser.new_context(**{"viewport": WIDE, **how})
        self.page = self.context.new_page()
        self.page.set_default_timeout(FOLLOWED_MS)
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda fault: self._note("error", str(fault)))
        self.page.on("dialog", lambda dialog: self._note("error", f"dialog {dialog.message}"))

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and not re.search("status of (4|503)", text):
            self.complaints.append(text)

    def go(self, path: str, **query: str) -> None:
        """Open a page of the console."""
        self.page.goto(f"{self.base}/console{path}" + (f"?{urlencode(query)}" if query else ""))

    def sign_in(self, code: str) -> None:
        """Come in by an invitation, as a person does."""
        self.go("/decisions")
        self.page.get_by_label("Code of the invitation").fill(code)
        self.page.get_by_role("button", name="Sign in").first.click()
        self.page.wait_for_url("**/console")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def reads(self, *sentences: str) -> None:
        """Wait until sentences stand on the page."""
        for one in sentences:
            self.page.locator("main").get_by_text(one).first.wait_for()

    def violations(self) -> list[Any]:
        """Ask axe-core in the light, and for contrast in the dark: nothing else differs there."""
        axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        self.page.evaluate(axe)
        found = list(self.page.evaluate(AXE, RULES))
        self.page.emulate_media(color_scheme="dark")
        found += self.page.evaluate(AXE, ["color-contrast"])
        self.page.emulate_media(color_scheme="light")
        return found

    def come_as(self, desk: Desk, name: str) -> None:
        """Sit down as somebody who has signed in."""
        jar = desk.person(name).client.cookies
        cookies = [{"name": k, "value": v, "url": self.base} for k, v in jar.items()]
        self.context.add_cookies(cookies)


def test_from_a_new_campaign_to_its_suspension_to_an_appeal_and_back(
    browser: Any,  # noqa: ANN401  Playwright's
    tmp_path: Path,
) -> None:
    """An administrator, an analyst, two approvers, a customer and another analyst, one by one."""
    port = free_port()
    base = f"{HERE}:{port}/appeals"
    with desk_at(tmp_path, appeal_url_base=base) as desk, listening(desk, port) as here:
        seats = {name: Seat(browser, here) for name in ("adam", "ann", "ben", "carl", "dora")}
        for name, seat in seats.items():
            desk.access.door.rates._sign_ins._held.clear()
            seat.sign_in(desk.invite(name))
        key = let_two_people_approve(seats["adam"])

        def met() -> tuple[str, str]:
            body = {"account_id": HEADS[0]}
            said = ask(port, "/v1/decisions", body=body, headers={"x-stillwatch-key": key}).json
            return said["effect"], said["reason"] or ""

        decision = propose(seats["ann"])
        assert met()[0] == "allow"
        approve(seats["ben"], decision)
        seats["ben"].reads("It waits for one more person")
        assert met()[0] == "allow"
        approve(seats["carl"], decision)
        seats["carl"].reads("Approved, and in force", "4 of 4 accounts")
        effect, reason = met()
        assert effect == "suspend"
        customer = Seat(browser, here)
        appeal(customer, re.search(r"http://\S+/appeals/[A-Za-z0-9_-]+", reason)[0])  # type: ignore[index]
        overturn(seats["dora"])
        seats["dora"].go("/decision", id=decision)
        seats["dora"].reads("3 of 3 accounts")
        assert met()[0] == "allow"
        customer.page.reload()
        customer.reads("This was taken back.", "You were right. We are sorry.")
        seats["ann"].go("/audit")
        seats["ann"].press("Verify now")
        seats["ann"].reads("The log is whole")
        for seat in (*seats.values(), customer):
            assert seat.complaints == []


def let_two_people_approve(adam: Seat) -> str:
    """Publish a policy with four eyes, let it rule, and make the gateway's key; give the key."""
    adam.go("/policies/edit")
    area = adam.page.get_by_label("Text", exact=True)
    text = area.input_value()
    area.fill(text.replace("guards:\n", "guards:\n  four_eyes: wrong\n"))
    adam.press("Validate")
    adam.page.locator("li.faulty").first.wait_for()
    area.fill(text.replace("guards:\n", "guards:\n" + FOUR_EYES))
    adam.press("Validate")
    adam.reads("It is valid")
    adam.press("Publish a version")
    adam.reads("It does not rule yet")
    adam.press("Let it rule")
    adam.reads("It rules from now on")
    adam.go("/keys")
    adam.page.get_by_text("Make a key for a program").click()
    adam.page.get_by_label("Program").select_option("service:edge")
    adam.page.get_by_label("decide", exact=True).check()
    adam.page.get_by_role("button", name="Make it").last.click()
    return str(adam.page.locator(".secret code").inner_text())


def propose(ann: Seat) -> str:
    """See the campaign, try a suspension out, leave out whom the register protects, propose."""
    ann.go("/campaigns")
    ann.page.get_by_role("link", name=CAMPAIGN).first.click()
    ann.reads("six accounts, one card")
    ann.go("/decide", campaign=CAMPAIGN)
    ann.page.get_by_role("radio", name="Suspend").check()
    ann.press("See what it would do")
    ann.reads("This cannot be proposed with protected accounts in it")
    ann.page.get_by_label("Leave out accounts that the register protects").check()
    ann.press("Look again")
    ann.reads("people who must approve", "Four eyes")
    ann.press("Ask for approval: suspend 4 accounts")
    ann.reads("It waits for approval; nothing is in force yet")
    return str(re.search(r"id=(d-[0-9a-f]+)", ann.page.url)[1])  # type: ignore[index]


def approve(who: Seat, decision: str) -> None:
    """Find it in the queue, and approve it."""
    who.go("/decisions")
    who.page.get_by_role("link", name=decision).click()
    who.page.get_by_role("button", name="Approve: suspend 4 accounts").click()


def appeal(customer: Seat, link: str) -> None:
    """Appeal as the customer does, by the link in what they were told."""
    customer.page.goto(link)
    customer.page.get_by_label("Say why").fill("I am a teacher; this is my class.")
    customer.page.get_by_role("button", name="Send the appeal").click()
    customer.reads("It waits for a person to read it")


def overturn(dora: Seat) -> None:
    """Take the appeal, read the evidence beside the statement, and give the customer right."""
    dora.go("/appeals")
    dora.page.locator("#sheet-appeals tbody a").first.click()
    dora.reads("I am a teacher; this is my class.", "one payment instrument")
    dora.press("Review it")
    dora.page.get_by_role("radio", name="Overturned").check()
    dora.page.get_by_label("The sentence for the customer").fill("You were right. We are sorry.")
    dora.page.get_by_label("What the account was").select_option("innocent")
    dora.press("Answer the appeal")
    dora.reads("Answered: the account is released")


def test_axe_finds_nothing_on_any_page(browser: Any, filled: Desk) -> None:  # noqa: ANN401
    """Populated, as an administrator and as an approver, wide and narrow, light and dark."""
    with listening(filled, free_port()) as here:
        for name, size in (("adam", WIDE), ("ben", NARROW)):
            seat = Seat(browser, here, viewport=size)
            seat.come_as(filled, name)
            for page in SHOWN:
                seat.go(page.path, **query_of(page, filled))
                if page.path not in ("/decisions/waiting", "/decision/rollout"):
                    assert seat.violations() == [], (page.path, name)
                    width = seat.page.evaluate("document.documentElement.scrollWidth")
                    assert width <= size["width"], page.path
            for path, query in (
                ("/decide", {"campaign": CAMPAIGN, "effect": "suspend"}),
                ("/decision", {"id": filled.ids["waiting"]}),
                ("/decision", {"id": "no-such-decision"}),
                ("/appeals", {"state": "upheld"}),
            ):
                seat.go(path, **query)
                assert seat.violations() == [], (path, query)
            assert seat.complaints == []
            seat.context.close()


def test_axe_finds_nothing_where_nothing_is(browser: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """A fresh ledger before the first look: each list is empty and says what to do."""
    with desk_at(tmp_path, has_result=False) as desk, listening(desk, free_port()) as here:
        seat = Seat(browser, here)
        seat.come_as(desk, "adam")
        for path in ("/", *(page.path for page in PAGES if page.section)):
            seat.go(path)
            assert seat.violations() == [], path
            assert seat.page.locator("main h1").count() == 1, path
        assert seat.complaints == []
        seat.context.close()


def test_axe_finds_nothing_on_refusals(browser: Any, filled: Desk) -> None:  # noqa: ANN401
    """Without the right, with an id of nothing, with a form of another session, and signed out."""
    with listening(filled, free_port()) as here:
        seat = Seat(browser, here)
        seat.come_as(filled, "vera")
        seat.go("/audit")
        form = "document.querySelector('form[action$=verify]')"
        seat.page.evaluate(f"{form}.action = '/console/users/add'")
        seat.press("Verify now")
        seat.reads("Ask an administrator")
        assert seat.violations() == []
        for path in ("/case", "/appeal", "/policy", "/permission"):
            seat.go(path, id="no-such-id")
            assert seat.violations() == [], path
        seat.come_as(filled, "ann")
        seat.go("/case", id=filled.ids["case"])
        seat.page.evaluate("document.querySelectorAll('[name=csrf]').forEach((f) => f.value = 'x')")
        seat.page.locator("main form[method=post] button").first.click()
        seat.reads("This form was not accepted")
        assert seat.violations() == []
        seat.context.clear_cookies()
        seat.go("/decisions")
        assert seat.violations() == []
        seat.page.get_by_label("Code of the invitation").wait_for()
        seat.context.close()
