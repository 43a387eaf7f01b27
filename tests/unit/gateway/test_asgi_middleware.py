"""The ASGI middleware: refusals are answered, the rest passes on with headers of ours alone."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest

from stillwatch.gateway import DecisionMiddleware, GatewayClient, MiddlewareSettings
from stillwatch.gateway.answers import Answer
from stillwatch.gateway.asgi import Scope
from stillwatch.gateway.decision import Decision, Parameters
from stillwatch.gateway.deltas import Delta
from stillwatch.gateway.table import DecisionTable

TABLE = DecisionTable().after(
    Delta(
        "s",
        -1,
        1,
        (
            Decision("sus", "suspend", "d-1", "Sorry."),
            Decision("ter", "terminate", "d-2", "Sorry."),
            Decision("den", "deny", "d-3", "Sorry."),
            Decision("thr", "throttle", "d-4", "Slow.", parameters=Parameters(0)),
            Decision("cha", "challenge", "d-5", "Who?", parameters=Parameters(method="card")),
            Decision("deg", "degrade", "d-6", parameters=Parameters(measures=("no_logprobs",))),
            Decision("wat", "watch", "d-7"),
        ),
        is_snapshot=True,
    )
)


def client_with(table: DecisionTable, on_stale: Any = "allow", *, is_fresh: bool = True) -> Any:  # noqa: ANN401
    """Make a client that has heard its service, or has not."""
    client = GatewayClient("http://127.0.0.1:1", on_stale=on_stale)
    client.table = table
    client._heard_at_s = math.inf if is_fresh else -math.inf
    return client


def send(
    app: Any,  # noqa: ANN401
    *headers: tuple[bytes, bytes],
    kind: str = "http",
) -> tuple[list[dict[str, Any]], list[Scope]]:
    """Send one request through; give what was answered, and what the application saw."""
    seen: list[Scope] = []
    sent: list[dict[str, Any]] = []

    async def inner(scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401
        del receive
        seen.append(scope)
        await send({"type": "inner"})

    async def put(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    async def nothing() -> Any:  # noqa: ANN401
        return {"type": "http.request"}

    middleware = app(inner)
    asyncio.run(middleware({"type": kind, "headers": list(headers)}, nothing, put))
    return sent, seen


def wrap(client: Any, **said: Any) -> Any:  # noqa: ANN401
    """Make the middleware of an application."""
    return lambda app: DecisionMiddleware(app, client, settings=MiddlewareSettings(**said))


@pytest.mark.parametrize(
    ("account", "status", "header"),
    [
        (b"sus", 403, (b"x-stillwatch-decision", b"d-1")),
        (b"ter", 403, (b"x-stillwatch-effect", b"terminate")),
        (b"den", 403, (b"content-type", b"application/problem+json")),
        (b"thr", 429, (b"retry-after", b"60")),
        (b"cha", 401, (b"x-stillwatch-challenge", b"card")),
    ],
)
def test_a_refusal_is_answered_here(
    account: bytes, status: int, header: tuple[bytes, bytes]
) -> None:
    """The application never sees the request."""
    sent, seen = send(wrap(client_with(TABLE)), (b"x-account-id", account))
    assert seen == []
    assert sent[0]["status"] == status
    assert header in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["status"] == status


def test_what_goes_on_carries_its_measures_and_no_forgery() -> None:
    """A caller's own headers of that name are gone; the caller hears nothing."""
    forged = (b"X-Stillwatch-Measures", b"none")
    sent, seen = send(wrap(client_with(TABLE)), (b"x-account-id", b"deg"), forged)
    assert sent == [{"type": "inner"}]
    headers = dict(seen[0]["headers"])
    assert headers[b"x-stillwatch-measures"] == b"no_logprobs"
    assert headers[b"x-stillwatch-effect"] == b"degrade"
    assert forged not in seen[0]["headers"]


def test_a_dry_run_lets_everything_pass_and_tells_what_would_have_been() -> None:
    """Nothing is added that an application could act on."""
    heard: list[Answer] = []
    settings = {"dry_run": True, "on_answer": heard.append}
    sent, seen = send(wrap(client_with(TABLE), **settings), (b"x-account-id", b"sus"))
    assert sent == [{"type": "inner"}]
    assert [one.status for one in heard] == [403]
    assert not [name for name, _ in seen[0]["headers"] if name.startswith(b"x-stillwatch")]


def test_a_websocket_is_closed() -> None:
    """With the code of RFC 6455 for a policy, before it was accepted."""
    sent, seen = send(wrap(client_with(TABLE)), (b"x-account-id", b"sus"), kind="websocket")
    assert (sent[0]["type"], sent[0]["code"], seen) == ("websocket.close", 1008, [])


@pytest.mark.parametrize(("word", "status"), [("allow", None), ("deny", 503)])
def test_a_request_without_an_account_meets_on_missing(word: str, status: int | None) -> None:
    """None named, or two: nobody guesses which."""
    app = wrap(client_with(TABLE), on_missing=word)
    for headers in ((), ((b"x-account-id", b"a"), (b"x-account-id", b"sus"))):
        sent, _ = send(app, *headers)
        assert sent[0].get("status") == status


def test_the_account_may_come_from_a_function() -> None:
    """Of the scope: a path, a verified token."""
    sent, _ = send(wrap(client_with(TABLE), account=lambda _: "sus"))
    assert sent[0]["status"] == 403


@pytest.mark.parametrize(("word", "status"), [("allow", None), ("deny", 503)])
def test_a_stale_table_goes_on_refusing_and_for_others_the_setting_holds(
    word: str, status: int | None
) -> None:
    """It never forgets whom it knows."""
    app = wrap(client_with(TABLE, word, is_fresh=False))
    assert send(app, (b"x-account-id", b"sus"))[0][0]["status"] == 403
    sent, seen = send(app, (b"x-account-id", b"unknown"))
    assert sent[0].get("status") == status
    if seen:
        assert dict(seen[0]["headers"])[b"x-stillwatch-stale"] == b"true"


def test_the_lifespan_passes_through() -> None:
    """What is no request is none of our business."""
    sent, seen = send(wrap(client_with(TABLE)), kind="lifespan")
    assert (len(sent), len(seen)) == (1, 1)


def test_settings_that_say_nothing_are_refused() -> None:
    """`on_stale` has no default, and no third word; an address needs a scheme."""
    with pytest.raises(ValueError, match="on_stale"):
        GatewayClient("http://127.0.0.1:1", on_stale="maybe")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no address"):
        GatewayClient("127.0.0.1:1", on_stale="allow")
    with pytest.raises(TypeError):
        GatewayClient("http://127.0.0.1:1")  # type: ignore[call-arg]


def test_lookup_says_what_rules_an_account() -> None:
    """Without counting: a throttle is named, not applied."""
    client = client_with(TABLE)
    assert client.lookup("thr").effect == "throttle"
    assert client.lookup("nobody").effect == "allow"
    assert client_with(TABLE, "deny", is_fresh=False).lookup("nobody").effect == "deny"
    assert client_with(TABLE, "deny", is_fresh=False).lookup("wat").effect == "watch"
