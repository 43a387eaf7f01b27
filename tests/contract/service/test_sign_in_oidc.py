"""Signing in at an identity provider: `oidc-provider-mock`, a real one on loopback.

The mock signs with RS256, publishes a discovery document and keys, and keeps codes for one use; it
doesn't check PKCE, so that the unit tests look at what is sent.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from people import Browser, House, house
from services import ask, free_port

from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.store.ledger.nouns.people import NewUser, User

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the mock's own affair
    oidc_provider_mock = pytest.importorskip("oidc_provider_mock")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its thread is in ours
START = "/v1/session/oidc/start"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """An identity provider that knows three people."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    user = oidc_provider_mock.User
    people = [
        user(sub="1", claims={"preferred_username": "Ann@example.org", "groups": ["soc"]}),
        user(sub="2", claims={"preferred_username": "ben", "groups": ["leads", "soc", "x"]}),
        user(sub="3", claims={"preferred_username": "cora", "groups": ["sales"]}),
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@contextmanager
def place(issuer: str, folder: Path, **said: str) -> Iterator[House]:
    """A service that sends people there."""
    port = free_port()
    settings = AccessSettings(
        public_url=f"http://127.0.0.1:{port}",
        oidc_issuer=issuer,
        oidc_client_id="stillwatch",
        oidc_client_secret="secret",  # noqa: S106  the mock takes any
    )
    with house(folder, settings=replace(settings, **said), port=port) as found:
        found.add("root", "admin")
        yield found


def consent(where: str, sub: str) -> str:
    """Say yes at the identity provider; give the way back."""
    split = urlsplit(where)
    form = {"content-type": "application/x-www-form-urlencoded"}
    path = f"{split.path}?{split.query}"
    reply = ask(split.port or 0, path, body=urlencode({"sub": sub}).encode(), headers=form)
    assert reply.status == 302, reply.body
    back = urlsplit(reply.headers["location"])
    return f"{back.path}?{back.query}"


def sign_in(browser: Browser, sub: str, *, to: str = "/campaigns") -> str:
    """Go there and as far as the way back; give it."""
    reply = browser.ask(f"{START}?{urlencode({'to': to})}")
    assert reply.status == 303, reply.body
    return consent(reply.headers["location"], sub)


def test_a_person_with_a_mapped_group_comes_in(issuer: str, tmp_path: Path) -> None:
    """With the roles of their groups; the name is their user name without what follows an @."""
    with place(issuer, tmp_path, oidc_roles="soc=analyst, leads=approver+viewer") as found:
        ann = found.browser()
        reply = ann.ask(sign_in(ann, "1"))
        assert (reply.status, reply.headers["location"]) == (303, "/campaigns"), reply.body
        me = ann.ask("/v1/me").json
        assert (me["user_id"], me["roles"]) == ("ann", ["analyst"])
        ben = found.browser()
        assert ben.ask(sign_in(ben, "2", to="//elsewhere.example")).headers["location"] == "/"
        assert ben.ask("/v1/me").json["roles"] == ["analyst", "approver", "viewer"]
        cora = found.browser()
        assert cora.ask(sign_in(cora, "3")).status == 403
        assert cora.ask("/v1/me").status == 401
        with found.ledger.read() as view:
            assert view.find(User, "ann").identity == f"{issuer} 1"
            assert {one.actor for one in view.list_audit_entries() if one.verb == "user.add"} == {
                "service:test",
                "service:oidc",
            }


def test_roles_follow_the_identity_provider(issuer: str, tmp_path: Path) -> None:
    """At the next sign-in: other roles, or none, and then whoever had some is out."""
    with place(issuer, tmp_path, oidc_roles="soc=analyst") as found:
        with found.write() as change:
            for name, sub in (("ann", "1"), ("cora", "3")):
                change.add_user(
                    NewUser(user_id=name, roles=("approver",), identity=f"{issuer} {sub}")
                )
        cora = found.sign_in("cora")
        assert cora.ask("/v1/me").status == 200
        ann, other = found.browser(), found.browser()
        assert ann.ask(sign_in(ann, "1")).status == 303
        assert ann.ask("/v1/me").json["roles"] == ["analyst"]
        assert other.ask(sign_in(other, "3")).status == 403
        assert cora.ask("/v1/me").status == 401


def test_without_a_map_only_the_listed_come_in(issuer: str, tmp_path: Path) -> None:
    """Listed by issuer and subject; a name that the ledger knows makes nobody that user."""
    with place(issuer, tmp_path) as found:
        with found.write() as change:
            listed = NewUser(user_id="benedict", roles=("approver",), identity=f"{issuer} 2")
            change.add_user(listed)
        found.add("ann", "admin")
        ben, ann = found.browser(), found.browser()
        assert ben.ask(sign_in(ben, "2")).status == 303
        assert ben.ask("/v1/me").json["user_id"] == "benedict"
        assert ann.ask(sign_in(ann, "1")).status == 403
        with found.write() as change:
            change.deactivate_user("benedict")
        assert ben.ask(sign_in(found.browser(), "2")).status == 403


def test_a_name_that_is_taken_lets_nobody_in(issuer: str, tmp_path: Path) -> None:
    """Whoever chooses an administrator's name over there is not the administrator here."""
    with place(issuer, tmp_path, oidc_roles="soc=analyst") as found:
        found.add("ann", "admin")
        eve = found.browser()
        assert eve.ask(sign_in(eve, "1")).status == 409
        assert eve.ask("/v1/me").status == 401


def test_a_way_back_opens_once_and_for_its_browser(issuer: str, tmp_path: Path) -> None:
    """Replayed, begun by somebody else, with another state or code, or late: nobody comes in."""
    with place(issuer, tmp_path, oidc_roles="soc=analyst") as found:
        ann, eve = found.browser(), found.browser()
        way = sign_in(ann, "1")
        assert eve.ask(way).status == 403, "another browser"
        assert ann.ask(way).status == 403, "and it is used up by that"
        assert ann.ask(sign_in(ann, "1")).status == 303
        way = sign_in(eve, "1")
        assert eve.ask(way).status == 303
        assert eve.ask(way).status == 403
        found.access.door.rates._sign_ins._held.clear()
        for wrong in ("?state=x&code=y", "?code=y", "", "?error=access_denied&state=x"):
            assert eve.ask(f"/v1/session/oidc/callback{wrong}").status == 403
        way = sign_in(eve, "1")
        forged = way.replace("code=", "code=x")
        assert eve.ask(forged).status == 502
        way = sign_in(eve, "1")
        found.clock.ahead_s = 601
        assert eve.ask(way).status == 403


def test_a_provider_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    """502, and everything else goes on."""
    with place(f"http://localhost:{free_port()}", tmp_path) as found:
        assert found.browser().ask(START).status == 502
        found.add("ann", "viewer")
        assert found.sign_in("ann").ask("/v1/me").status == 200


def test_without_a_provider_there_is_no_way_there(tmp_path: Path) -> None:
    """404, and no fault."""
    with house(tmp_path) as found:
        assert found.browser().ask(START).status == 404
