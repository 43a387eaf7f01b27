"""Text of strangers on the desk: statements, comments, names, ids and errors stay inert."""

from __future__ import annotations

import csv
import io
import re

import pytest
from control_service import CAMPAIGN, HEADS
from desks import Desk

from stillwatch.store.ledger.nouns.policies import NewPermission

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>"
FORMULA = '=HYPERLINK("http://evil.example","open")'
TURNED = "\u202egnp.exe\u2066"
PAYLOADS = (SCRIPT, FORMULA, TURNED, "{{ 7 * 7 }}{% raw %}", "javascript:alert(4)")
_ALIVE = re.compile(r"<script>alert|<img src=x|<svg/onload|href=\"javascript:|[\u202e\u2066\x1b]")
POLICY = """policy: house
language: 1
guards:
  blast_radius: {accounts: 100%}
  cool_down: 30d
rules:
  - name: sure
    when: {verdict: fraudulent}
    then: suspend
    for: 30d
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, founded) -> Desk:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """A desk with a payload in every field that people or traffic write."""
    import shutil  # noqa: PLC0415  one fixture alone

    from desks import desk_at  # noqa: PLC0415  likewise

    place = tmp_path_factory.mktemp("planted") / "desk"
    shutil.copytree(founded, place)
    with desk_at(place) as desk:
        text = " ".join(PAYLOADS)
        hostile = f"acct-{SCRIPT}"
        desk.ids["decision"] = desk.put_in_force(
            accounts="\n".join((HEADS[0], hostile, FORMULA)), basis=text
        )
        desk.ids["appeal"] = desk.appeal(desk.ids["decision"], text)
        ann = desk.person("ann")
        fields = {"title": text, "campaign": CAMPAIGN, "own_id": "case-" + "b2" * 10}
        ann.send("/cases/open", fields)
        desk.ids["case"] = fields["own_id"]
        ann.send("/case/comment", {"id": desk.ids["case"], "text": text})
        ann.send(
            "/case/close",
            {"id": desk.ids["case"], "version": "1", "answer": "innocent", "outcome": text},
        )
        ann.send("/decision/release", {"id": desk.ids["decision"], "account": FORMULA, "why": text})
        with desk.write("adam") as change:
            change.publish_policy("house", text=POLICY + f"# {text}\n")
            change.grant_permission(
                NewPermission(
                    permission_id=f"p-{FORMULA}",
                    account_id=hostile,
                    scope="resale",
                    granted_by=SCRIPT[:60],
                )
            )
        desk.ids |= {"policy": "house@1", "permission": f"p-{FORMULA}", "account": hostile}
        yield desk


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/decisions", {"state": "all"}),
        ("/decision", {"id": "decision"}),
        ("/decide", {"accounts": "account"}),
        ("/cases", {"state": "all"}),
        ("/case", {"id": "case"}),
        ("/appeals", {}),
        ("/appeal", {"id": "appeal"}),
        ("/policy", {"id": "policy"}),
        ("/policies/edit", {"id": "policy"}),
        ("/permissions", {}),
        ("/permission", {"id": "permission"}),
        ("/audit", {"subject": "permission"}),
        ("/audit", {}),
    ],
)
def test_nothing_that_strangers_wrote_is_alive(
    path: str, query: dict[str, str], planted: Desk
) -> None:
    """No page holds a tag, a handler, a scheme or a turned line of theirs; templates stay text."""
    asked = {name: planted.ids.get(value, value) for name, value in query.items()}
    for name in ("carl", "adam"):
        found = planted.person(name).look(path, **asked)
        assert found.status_code == 200
        assert not _ALIVE.search(found.text)
        assert "49{" not in found.text
        assert "script-src 'self'" in found.headers["content-security-policy"]


def test_what_is_typed_comes_back_inert(planted: Desk) -> None:
    """Forms that are shown again, refusals and problems at their lines escape what was sent."""
    ann, adam = planted.person("ann"), planted.person("adam")
    text = " ".join(PAYLOADS)
    shown = [
        ann.send("/decide", {"accounts": text, "basis": text, "campaign": SCRIPT, "step": "try"}),
        adam.send("/policies/validate", {"text": f"policy: {SCRIPT}\n{text}: ["}),
        adam.send("/permissions/grant", {"account": SCRIPT, "org": SCRIPT}),
        adam.send("/users/add", {"name": SCRIPT, "role": "viewer"}),
        ann.send("/case/close", {"id": SCRIPT, "outcome": "x"}),
        ann.look("/case", id=SCRIPT),
        ann.look("/audit", actor=SCRIPT, subject=TURNED),
    ]
    for found in shown:
        assert found.status_code < 500
        assert not _ALIVE.search(found.text)


@pytest.mark.parametrize(
    ("path", "name"),
    [("/cases?state=all", "cases"), ("/appeals", "appeals"), ("/permissions", "permissions")],
)
def test_no_spreadsheet_runs_and_no_terminal_obeys_an_export(
    path: str, name: str, planted: Desk
) -> None:
    """A cell of CSV never begins as a formula; no file holds a turning or colouring character."""
    where, _, state = path.partition("?state=")
    asked = {"state": state} if state else {}
    found = planted.person("ann").look(where, **asked, export=f"{name}.csv")
    rows = list(csv.reader(io.StringIO(found.text)))
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@|%\t" and cell]
    told = planted.person("ann").look(where, **asked, export=f"{name}.json")
    assert not re.search("[\u202e\u2066\x1b]", found.text + told.text)


def test_the_public_page_of_an_appeal_is_inert_too(planted: Desk) -> None:
    """What a reviewer answers is text at the customer's link."""
    carl = planted.person("carl")
    appeal_id = planted.ids["appeal"]
    carl.send("/appeal/take", {"id": appeal_id, "version": "1"})
    fields = {"outcome": "upheld", "disposition": "unsure", "answer": SCRIPT, "version": "2"}
    assert carl.send("/appeal/resolve", {"id": appeal_id, **fields}).status_code == 303
    reference = planted.reference(planted.ids["decision"])
    page = carl.client.get(f"/appeals/{reference}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert not _ALIVE.search(page.text)
