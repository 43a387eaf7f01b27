"""Every endpoint of access, asked as every role, by key and by session; and what nobody may."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from people import ROLES, WAIT_S, Browser, House, house

from stillwatch.app.service.access.keys import (
    ROLE_SCOPES,
    SCOPES,
    HashedKeys,
    Principal,
    hash_key,
)

PEOPLE = frozenset({"viewer", "analyst", "approver", "admin"})
ADMIN = frozenset({"admin"})
ALL = frozenset(ROLES)
TABLE: tuple[tuple[str, str, Any, frozenset[str], int], ...] = (
    ("GET", "/v1/me", None, ALL, 200),
    ("GET", "/v1/users", None, PEOPLE, 200),
    ("POST", "/v1/users", {"user_id": "new", "roles": ["viewer"]}, ADMIN, 201),
    ("PATCH", "/v1/users/other", {"roles": ["analyst"]}, ADMIN, 200),
    ("PATCH", "/v1/users/other", {"is_active": False}, ADMIN, 200),
    ("PATCH", "/v1/users/other", {"is_active": True}, ADMIN, 200),
    ("POST", "/v1/users/other/invitations", None, ADMIN, 201),
    ("GET", "/v1/keys", None, ALL, 200),
    ("GET", "/v1/keys?user_id=other", None, ADMIN, 200),
    ("POST", "/v1/keys", {"user_id": "service:gate", "scopes": ["decide"]}, ADMIN, 201),
    ("POST", "/v1/keys", {"user_id": "other", "scopes": ["read"]}, frozenset(), 201),
    ("DELETE", "/v1/keys/k-of-other", None, ADMIN, 200),
    ("POST", "/v1/decisions", {"account_id": "a"}, frozenset({"gateway"}), 200),
    ("GET", "/metrics", None, ADMIN, 200),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service with a user of every role, and a key of each."""
    beside = HashedKeys([(hash_key("of-the-file"), Principal("edge", frozenset({"decide"})))])
    with house(tmp_path_factory.mktemp("house"), beside=beside) as found:
        for role in ROLES:
            found.add(role, role)
            found.issue(role, *SCOPES, key=f"key-{role}")
        found.add("other", "viewer")
        found.add("service:gate", "gateway")
        found.issue("other", "read", key="of-other")
        yield found


def with_key(port: int, key: str) -> Browser:
    """Give a program that has a key and no cookie."""
    return Browser(port, key=key)


@pytest.mark.parametrize("way", ["key", "session"])
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_its_row_says(place: House, role: str, way: str) -> None:
    """Allowed is the status of success, denied is 403 (or 404, where a key is another's)."""
    asks = with_key(place.port, f"key-{role}") if way == "key" else place.sign_in(role)
    place.access.door.rates._people._held.clear()
    place.access.door.rates._refusals._held.clear()
    for method, path, body, roles, status in TABLE:
        reply = asks.ask(path, method=method, body=body)
        allowed = role in roles and not (path == "/v1/keys/k-of-other" and reply.status == 404)
        wanted = {status} if allowed else {403, 404}
        assert reply.status in wanted, (role, method, path, reply.body)
    me = asks.ask("/v1/me").json
    assert (me["roles"], me["by"]) == ([role], way)
    assert set(me["scopes"]) == ROLE_SCOPES[role]


def test_nobody_known_may_nothing(place: House) -> None:
    """No key, an unknown one, or an unknown cookie: 401 everywhere."""
    place.access.door.rates._refusals._held.clear()
    for method, path, body, _, _ in TABLE:
        asks = place.browser()
        assert asks.ask(path, method=method, body=body).status == 401, path
    place.access.door.rates._refusals._held.clear()
    stranger = place.browser()
    stranger.cookies["stillwatch"] = "x" * 43
    assert stranger.ask("/v1/me").status == 401
    assert with_key(place.port, "unknown").ask("/v1/me").status == 401


def test_keys_of_the_file_go_on_to_hold(place: House) -> None:
    """They are nobody's session, and list no key of the ledger."""
    edge = with_key(place.port, "of-the-file")
    assert edge.ask("/v1/decisions", body={"account_id": "a"}).status == 200
    assert edge.ask("/v1/me").json["roles"] == []
    assert edge.ask("/v1/keys").json == {"keys": [], "next": None}
    assert edge.ask("/v1/session/key", method="POST").status == 403


def test_an_administrator_gives_no_roles_to_themselves(place: House) -> None:
    """Nor is the last one lost: not by role, not by being let in no more."""
    place.add("second", "admin")
    second, admin = place.sign_in("second"), place.sign_in("admin")
    assert admin.ask("/v1/users/admin", method="PATCH", body={"roles": ["approver"]}).status == 403
    change = {"is_active": False}
    assert admin.ask("/v1/users/second", method="PATCH", body=change).status == 200
    assert second.ask("/v1/me").status == 401
    assert admin.ask("/v1/users/admin", method="PATCH", body=change).status == 409
    assert admin.ask("/v1/me").status == 200


def test_a_key_may_no_more_than_its_maker(place: House) -> None:
    """Beyond the owner's roles, or by a key that may less than its owner: refused."""
    analyst = place.sign_in("analyst")
    made = analyst.ask("/v1/keys", body={"scopes": ["read"]})
    assert made.status == 201, made.body
    assert made.json["expires_at"] is not None
    assert analyst.ask("/v1/keys", body={"scopes": ["approve"]}).status == 403
    narrow = with_key(place.port, made.json["key"])
    assert narrow.ask("/v1/me").json["scopes"] == ["read"]
    assert narrow.ask("/v1/keys", body={"scopes": ["work"]}).status == 403
    listed = analyst.ask("/v1/keys").json["keys"]
    assert made.json["key_id"] in [one["key_id"] for one in listed]
    assert "key" not in listed[0]
    assert narrow.ask("/v1/session/key", method="POST").status == 200
    assert narrow.ask(f"/v1/keys/{made.json['key_id']}", method="DELETE").status == 200
    assert narrow.ask("/v1/me").status == 401


@pytest.mark.parametrize(
    ("what", "end"),
    [
        ("key", lambda change: change.revoke_key("k-brief")),
        ("key", lambda change: change.set_roles("brief", roles=["viewer"])),
        ("session", lambda change: change.deactivate_user("brief")),
        ("session", lambda change: change.end_sessions("brief")),
    ],
)
def test_what_another_process_takes_away_is_gone_in_two_seconds(
    what: str, end: Callable[[Any], object], tmp_path: Path
) -> None:
    """A revoked key, a role, a deactivated user, an ended session: written by somebody else."""
    with house(tmp_path) as other:
        other.add("brief", "gateway")
        key = other.issue("brief", "decide", key="brief")
        asks = with_key(other.port, key) if what == "key" else other.sign_in("brief")
        body = {"account_id": "a"} if what == "key" else None
        path = "/v1/decisions" if what == "key" else "/v1/me"
        assert asks.ask(path, body=body).status == 200
        with other.write() as change:
            end(change)
        begun = time.monotonic()
        while asks.ask(path, body=body).status == 200:
            assert time.monotonic() - begun < WAIT_S
            time.sleep(0.02)
        assert time.monotonic() - begun < 2.0


def test_every_change_is_in_the_audit_log(place: House) -> None:
    """Under the name of whoever made it; and the log is whole."""
    with place.ledger.read() as view:
        entries = view.list_audit_entries()
    verbs = {one.verb for one in entries if one.actor == "admin"}
    assert {"user.add", "user.roles", "user.deactivate", "invitation.make", "key.issue"} <= verbs
    assert any(one.verb == "session.begin" and one.actor == "analyst" for one in entries)
    assert place.ledger.verify().is_whole
