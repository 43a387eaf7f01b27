"""Coming in: the first code, invitations, keys; and what a session is worth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from people import Browser, House, house

from stillwatch.app.service.access.first import CODE_S
from stillwatch.app.service.access.rates import Buckets
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.domain.service_limits import SESSIONS_PER_USER_MAX, SIGN_IN_ATTEMPTS_MAX


@pytest.fixture
def place(tmp_path: Path) -> Iterator[House]:
    """A service over an empty ledger."""
    with house(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service for what changes neither its clock nor who administers."""
    with house(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture
def shared(standing: House) -> House:
    """That service, with all buckets full."""
    for one in vars(standing.access.door.rates).values():
        if isinstance(one, Buckets):
            one._held.clear()
    return standing


def show_code(place: House) -> str:
    """Read the first code off the terminal."""
    shown: list[str] = []
    assert place.access.tell_first_code(shown.append, url="http://127.0.0.1")
    return next(line.strip() for line in shown[0].splitlines() if line.count("-") == 3)


def enter(browser: Browser, code: str, name: str = "ann") -> int:
    """Show the terminal's code; give the status."""
    return browser.ask("/v1/session/first", body={"code": code, "user_id": name}).status


def test_the_terminals_code_makes_the_first_administrator(
    place: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Once; then it opens nothing, nobody else becomes one in that way, and no log has it."""
    code, ann = show_code(place), place.browser()
    reply = ann.ask("/v1/session/first", body={"code": code.lower(), "user_id": "ann"})
    assert reply.status == 200, reply.body
    assert reply.json["scopes"] == ["administer", "metrics", "read"]
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie
    assert ann.ask("/v1/me").json["by"] == "session"
    assert enter(place.browser(), code, "eve") == 403
    assert not place.access.tell_first_code(print, url="")
    assert code not in caplog.text
    assert code.replace("-", "") not in caplog.text


def test_a_first_code_that_is_wrong_late_or_tried_too_often_opens_nothing(place: House) -> None:
    """A bad name costs nothing; after ten wrong codes the right one is void too."""
    code = show_code(place)
    for name in ("Ann", "an n", "service:ann"):
        assert enter(place.browser(), code, name) == 422
    place.clock.ahead_s = CODE_S + 1
    assert enter(place.browser(), code) == 403
    place.clock.ahead_s += 600
    code = show_code(place)
    for _ in range(SIGN_IN_ATTEMPTS_MAX):
        place.clock.ahead_s += 10
        assert enter(place.browser(), "0000-0000-0000-0000") == 403
    assert enter(place.browser(), code) == 403


def test_who_tries_to_come_in_too_often_has_to_wait(shared: House) -> None:
    """429 with Retry-After, for that client; whoever is in stays in."""
    shared.add("ann", "viewer")
    ann = shared.sign_in("ann")
    replies = [
        shared.browser().ask("/v1/session/invitation", body={"code": f"guess-{n}"})
        for n in range(12)
    ]
    assert [one.status for one in replies[:9]] == [403] * 9
    assert replies[-1].status == 429
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 6
    assert ann.ask("/v1/me").status == 200


def test_strangers_with_wrong_keys_are_slowed_down_and_gateways_are_not(shared: House) -> None:
    """A client that keeps on failing gets 429; a good key of the same client goes on."""
    shared.add("gate", "gateway")
    gate = Browser(shared.port, key=shared.issue("gate", "decide", key="gate-key"))
    stranger = Browser(shared.port, key="wrong")
    statuses = [stranger.ask("/v1/me").status for _ in range(35)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    body = {"account_id": "a"}
    assert {gate.ask("/v1/decisions", body=body).status for _ in range(50)} == {200}


def test_an_invitation_lets_one_person_in_once(place: House) -> None:
    """Made by an administrator, shown once; used, replaced or late it opens nothing."""
    place.add("root", "admin")
    root = place.sign_in("root")
    person = {"user_id": "ben", "roles": ["analyst"]}
    assert root.ask("/v1/users", body=person).status == 201
    made = [root.ask("/v1/users/ben/invitations", method="POST") for _ in range(2)]
    assert {one.status for one in made} == {201}
    assert made[0].headers["cache-control"] == "no-store"
    old, new = (one.json["code"] for one in made)
    ben = place.browser()
    path = "/v1/session/invitation"
    assert ben.ask(path, body={"code": old}).status == 403
    assert ben.ask(path, body={"code": new}).json["scopes"] == ["read", "work"]
    assert place.browser().ask(path, body={"code": new}).status == 403
    assert root.ask("/v1/users/service:x/invitations", method="POST").status == 422
    late = root.ask("/v1/users/ben/invitations", method="POST").json["code"]
    place.clock.ahead_s = 86_401
    assert place.browser().ask(path, body={"code": late}).status == 403


def test_a_planted_session_becomes_nobodys(shared: House) -> None:
    """Fixation: the cookie that was there before a sign-in is another after it, and is ended."""
    shared.add("ann", "viewer")
    shared.add("eve", "viewer")
    eve = shared.sign_in("eve")
    planted = dict(eve.cookies)
    victim = shared.browser()
    victim.cookies = dict(planted)
    code = shared.invite("ann")
    assert victim.ask("/v1/session/invitation", body={"code": code}).json["user_id"] == "ann"
    assert victim.cookies != planted
    assert eve.cookies == planted
    assert eve.ask("/v1/me").status == 401
    assert victim.ask("/v1/me").json["user_id"] == "ann"


def test_a_session_changes_something_with_its_token_alone(shared: House) -> None:
    """Without, with another's, or from another site: 403, and the session goes on."""
    for name in ("ann", "ben"):
        shared.add(name, "viewer")
    ann, ben = shared.sign_in("ann"), shared.sign_in("ben")
    assert len(ben.csrf) == 43
    for wrong in (
        {"x-stillwatch-csrf": None},
        {"x-stillwatch-csrf": "0" * 43},
        {"x-stillwatch-csrf": "ä"},
        {"x-stillwatch-csrf": ben.csrf},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": None, "sec-fetch-site": None},
    ):
        assert ann.ask("/v1/session/end", method="POST", headers=wrong).status == 403, wrong
    assert ann.ask("/v1/me").status == 200
    assert ann.ask("/v1/session/end", method="POST").json == {"ended": 1}
    assert ann.ask("/v1/me").status == 401


def test_a_form_carries_its_token_in_a_field(shared: House) -> None:
    """As a page without scripts sends it; the answer sends the browser on."""
    shared.add("ann", "viewer")
    ann = shared.sign_in("ann")
    form = {"content-type": "application/x-www-form-urlencoded", "x-stillwatch-csrf": None}
    wrong = f"csrf_token={'0' * 43}".encode()
    assert ann.ask("/v1/session/end", body=wrong, headers=form).status == 403
    reply = ann.ask("/v1/session/end", body=f"csrf_token={ann.csrf}".encode(), headers=form)
    assert (reply.status, reply.headers["location"]) == (303, "/")
    code = shared.invite("ann")
    reply = ann.ask("/v1/session/invitation", body=f"code={code}".encode(), headers=form)
    assert reply.status == 303
    assert ann.ask("/v1/me").status == 200


def test_another_site_signs_nobody_in(shared: House) -> None:
    """Login by forgery: a page elsewhere can't make a browser somebody's."""
    shared.add("eve", "viewer")
    code = shared.invite("eve")
    for wrong in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        reply = shared.browser().ask("/v1/session/invitation", body={"code": code}, headers=wrong)
        assert reply.status == 403


def test_a_session_is_over_when_idle_and_at_its_end(place: House) -> None:
    """An hour without a request, or twelve in any case; and a person has ten at most."""
    place.add("ann", "viewer")
    idle, busy = place.sign_in("ann"), place.sign_in("ann")
    for _ in range(12):
        assert busy.ask("/v1/me").status == 200
        place.put_forward(3_590)
    assert idle.ask("/v1/me").status == 401
    assert busy.ask("/v1/me").status == 200
    place.put_forward(3_590)
    assert busy.ask("/v1/me").status == 401
    many = [place.sign_in("ann") for _ in range(SESSIONS_PER_USER_MAX + 1)]
    assert many[0].ask("/v1/me").status == 401
    assert many[-1].ask("/v1/session/end-all", method="POST").json["ended"] >= 9
    assert many[-2].ask("/v1/me").status == 401


def test_a_cookie_travels_over_tls_or_on_this_machine(tmp_path: Path) -> None:
    """Behind TLS it is a __Host- cookie, Secure; in the clear to another host there is none."""
    settings = AccessSettings(public_url="https://stillwatch.example")
    with house(tmp_path, settings=settings) as found:
        found.add("ann", "viewer")
        ann = found.browser()
        mine = {"host": "stillwatch.example", "origin": "https://stillwatch.example"}
        body = {"code": found.invite("ann")}
        reply = ann.ask("/v1/session/invitation", body=body, headers=mine)
        cookie = reply.headers["set-cookie"]
        assert cookie.startswith("__Host-stillwatch=")
        assert "; Secure" in cookie
        assert "max-age" in reply.headers["strict-transport-security"]
        assert ann.ask("/v1/me", headers={"host": "stillwatch.example"}).status == 200
        assert ann.ask("/v1/me", headers={"host": "elsewhere.example"}).status == 421
        forged = {**mine, "origin": "http://stillwatch.example"}
        assert ann.ask("/v1/session/end", method="POST", headers=forged).status == 403
        assert ann.ask("/v1/session/end", method="POST", headers=mine).status == 200


def test_in_the_clear_nobody_signs_in_from_elsewhere(shared: House) -> None:
    """A service that is reached by another name without TLS begins no session."""
    shared.add("ann", "viewer")
    elsewhere = {"host": "stillwatch.example", "origin": "http://stillwatch.example"}
    body = {"code": shared.invite("ann")}
    reply = shared.browser().ask("/v1/session/invitation", body=body, headers=elsewhere)
    assert reply.status == 400


def test_a_ledger_that_is_away_lets_no_person_in_for_long(place: House) -> None:
    """Machines go on with the keys they have; people are believed for half a minute."""
    place.add("gate", "gateway")
    place.add("ann", "viewer")
    gate = Browser(place.port, key=place.issue("gate", "decide", key="gate-key"))
    reader = Browser(place.port, key=place.issue("ann", "read", key="ann-key"))
    ann = place.sign_in("ann")
    place.stop_reading()
    place.clock.ahead_s = 29
    assert ann.ask("/v1/me").status == 200
    place.clock.ahead_s = 40
    assert ann.ask("/v1/me").status == 503
    assert reader.ask("/v1/users").status == 403
    assert gate.ask("/v1/decisions", body={"account_id": "a"}).status == 200
