"""Policies, permissions, users, keys and the audit log by the pages."""

from __future__ import annotations

import re

import pytest
from desks import HOUSE_POLICY, Desk, plain

from stillwatch.store.ledger.nouns.policies import Permission, Policy


def test_a_problem_stands_at_its_line(desk: Desk) -> None:
    """Line and column are told, the line is marked, and the text stays in the form."""
    text = HOUSE_POLICY.replace("then: suspend", "then: explode")
    found = desk.person("vera").send("/policies/validate", {"text": text})
    assert found.status_code == 422
    line = next(n for n, one in enumerate(text.splitlines(), start=1) if "explode" in one)
    assert f'id="line-{line}"' in found.text
    assert f"Line {line}, column" in plain(found.text)
    assert "explode</mark>" in found.text
    assert "then: explode" in found.text.partition("<textarea")[2]


def test_a_policy_from_text_to_ruling(desk: Desk) -> None:
    """Published once, whatever is sent twice; activated, it rules and the other one is retired."""
    adam = desk.person("adam")
    for text in (HOUSE_POLICY, HOUSE_POLICY, HOUSE_POLICY + "# more\n"):
        done = adam.send("/policies/publish", {"text": text})
        assert done.status_code == 303, plain(done.text)
    for policy_id in ("house@1", "house@2"):
        for _ in "12":
            fields = {"id": policy_id, "version": "1"}
            assert adam.send("/policy/activate", fields).status_code == 303
    with desk.ledger.read() as view:
        states = {one.policy_id: one.state for one in view.list(Policy).rows}
    assert states == {"house@1": "retired", "house@2": "active"}
    assert "house@2 rules since" in plain(adam.look("/policies").text)
    refused = adam.send("/policies/publish", {"text": "policy: house\n"})
    assert (refused.status_code, "It has problems" in plain(refused.text)) == (422, True)
    other = HOUSE_POLICY.replace("policy: house", "policy: spare")
    kept = adam.follow(adam.send("/policies/publish", {"text": other}))
    assert "A policy of this name rules nothing" in plain(kept.text)


def test_a_permission_from_its_grant_to_its_end(desk: Desk) -> None:
    """What is missing is told beside the form; granted twice it is one; revoked it stays so."""
    adam = desk.person("adam")
    good = {"account": "user-3", "scope": "evaluation", "granted_by": "a contract"}
    for lacking in ("account", "scope", "granted_by"):
        found = adam.send("/permissions/grant", {**good, lacking: ""})
        assert found.status_code == 422
    for wrong in ({"valid_to": "soon"}, {"budget": "many"}, {"org": "o-1"}):
        assert adam.send("/permissions/grant", {**good, **wrong}).status_code == 422
    own = {"own_id": "permission-" + "c3" * 10, "budget": "1,000", "valid_to": "2099-01-01"}
    leads = {adam.send("/permissions/grant", {**good, **own}).headers["location"] for _ in "12"}
    assert len(leads) == 1
    for _ in "12":
        done = adam.send("/permission/revoke", {"id": own["own_id"], "version": "1"})
        assert done.status_code == 303
    with desk.ledger.read() as view:
        rows = view.list(Permission).rows
    assert [(one.budget_exchanges, one.revoked_at is not None) for one in rows] == [(1_000, True)]
    assert own["own_id"] in adam.look("/permissions", state="revoked").text


def test_a_person_from_their_name_to_their_first_page(desk: Desk) -> None:
    """Added, given roles, invited with a code that is shown once; nobody raises themselves."""
    adam = desk.person("adam")
    for _ in "12":
        assert adam.send("/users/add", {"name": "eve", "role": "viewer"}).status_code == 303
    roles = {"id": "eve", "version": "1", "role": ["viewer", "analyst"]}
    assert adam.send("/user/roles", roles).status_code == 303
    made = adam.send("/user/invite", {"id": "eve"})
    code = re.search(r'class="secret"><code>([^<]+)', made.text)
    assert code is not None
    assert code[1] not in adam.look("/user", id="eve").text
    assert desk.person("eve").look("/cases").status_code == 200
    own = adam.send("/user/roles", {"id": "adam", "version": "1", "role": "approver"})
    assert (own.status_code, "Somebody else has to do this" in own.text) == (403, True)
    assert (
        adam.send("/user/state", {"id": "eve", "version": "2", "active": "no"}).status_code == 303
    )
    assert desk.person("eve").look("/cases").headers["location"] == "/console/sign-in"
    wrong = adam.send("/users/add", {"name": "No Name", "role": "viewer"})
    assert (wrong.status_code, "does not fit" in wrong.text) == (422, True)


def test_the_log_is_verified_and_a_change_behind_its_back_is_found(desk: Desk) -> None:
    """Whole, with its own anchor too; a row that was changed in the database is told."""
    vera = desk.person("vera")
    anchor = vera.look("/audit/anchor")
    whole = vera.send("/audit/verify", {"anchor": anchor.text})
    assert "The log is whole" in plain(whole.text)
    assert "the anchor is in it" in plain(whole.text)
    assert vera.send("/audit/verify", {"anchor": "{}"}).status_code == 422
    import sqlite3  # noqa: PLC0415  what somebody with the file would do

    with sqlite3.connect(desk.place / "ledger.db") as behind:
        behind.execute("UPDATE users SET roles = '[\"approver\"]' WHERE user_id = 'ann'")
    behind.close()
    broken = plain(vera.send("/audit/verify", {}).text)
    assert "The log is not whole" in broken
    assert "ann" in broken


def test_the_log_is_filtered_by_its_address(filled: Desk) -> None:
    """By who, by what and by day, and what makes no sense is left out."""
    vera = filled.person("vera")
    mine = plain(vera.look("/audit", actor="dora").text).partition("Entries")[2]
    assert "dora" in mine
    assert "ben" not in mine.partition("Keyboard")[0]
    one = plain(vera.look("/audit", kind="decision", subject=filled.ids["decision"]).text)
    assert "In force" in one
    assert "No entry is like that" in plain(vera.look("/audit", until="2001-01-01").text)
    assert vera.look("/audit", since="x", before="y", kind="z").status_code == 200


@pytest.mark.long
def test_a_backtest_has_a_picture_and_an_address(desk: Desk) -> None:
    """Who would have been hit, when, and what an analyst said; sent twice it runs once."""
    adam = desk.person("adam")
    fields = {"text": HOUSE_POLICY, "own_id": "backtest-" + "d4" * 10, "newest": "5"}
    for _ in "12":
        done = adam.send("/policies/backtest", fields)
        assert done.status_code == 303, plain(done.text)
    page = adam.follow(done)
    words = plain(page.text)
    assert "5 accounts would have been hit over 1 look" in words or "4 accounts" in words
    assert '<svg class="plot"' in page.text
    assert "head-1" in words
    where = {"run": fields["own_id"]}
    csv = adam.look("/policies/backtest", **where, export="hits.csv")
    assert csv.text.startswith('"account_id"')
    other = desk.person("vera").look("/policies/backtest", **where)
    assert (other.status_code, "not kept any more" in plain(other.text)) == (404, True)
