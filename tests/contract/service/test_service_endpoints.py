"""Every endpoint: what it takes, what it answers, who may ask, and what it does when it can't."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from services import HandSource, Running, decided, one_of_each, running

from stillwatch.app.service.access.keys import HashedKeys, Principal, hash_key
from stillwatch.app.service.settings import ServiceSettings
from stillwatch.gateway.decision import CampaignBudget

STATUS_OF = {
    "none": 200,
    "allow": 200,
    "watch": 200,
    "review": 200,
    "degrade": 200,
    "challenge": 401,
    "deny": 403,
    "suspend": 403,
    "terminate": 403,
}
PROBLEM = "application/problem+json"
AUTHZ = ("/v1/authz", "/authz", "/v1/authz/v1/chat", "/authz/any/path?x=1")


@pytest.mark.parametrize(("effect", "status"), STATUS_OF.items())
def test_one_question_has_one_ruling(service: Running, effect: str, status: int) -> None:
    """The effect, the status to refuse with, the customer's sentence and the decision's id."""
    said = service.ask("/v1/decisions", body={"account_id": f"acct-{effect}"}).json
    assert (said["effect"], said["status"]) == (effect, status)
    assert said["reason"] == f"The sentence of {effect}."
    assert said["decision_id"] == f"d-acct-{effect}"
    assert said["expires_at"].endswith("+00:00")


def test_many_questions_have_as_many_rulings_in_their_order(service: Running) -> None:
    """An account that nobody has decided on is allowed, and has no decision."""
    names = ["acct-deny", "nobody", "acct-review"]
    body = {"accounts": [{"account_id": name, "counts": False} for name in names]}
    said = service.ask("/v1/decisions", body=body).json
    assert [one["account_id"] for one in said["decisions"]] == names
    assert [one["effect"] for one in said["decisions"]] == ["deny", "allow", "review"]
    assert said["decisions"][1]["decision_id"] == ""


@pytest.mark.parametrize("path", AUTHZ)
@pytest.mark.parametrize(("effect", "status"), STATUS_OF.items())
def test_forward_auth_answers_by_status_and_headers(
    service: Running, path: str, effect: str, status: int
) -> None:
    """Any path below, as some gateways append the request's own."""
    found = service.ask(path, headers={"x-account-id": f"acct-{effect}"})
    assert found.status == status
    assert found.headers["x-stillwatch-effect"] == effect
    assert found.headers["cache-control"] == "no-store"
    if status != 200:
        assert found.headers["content-type"] == PROBLEM
        assert found.json["detail"] == f"The sentence of {effect}."
        assert found.json["error"]["message"] == f"The sentence of {effect}."


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_forward_auth_takes_the_method_of_the_request(service: Running, method: str) -> None:
    """Envoy sends the request's own, without its body."""
    found = service.ask("/v1/authz", method=method, headers={"x-account-id": "acct-deny"})
    assert found.status == 403


def test_countermeasures_and_challenges_are_in_headers(service: Running) -> None:
    """A degrade names its measures to what is behind, a challenge its method to the customer."""
    degraded = service.ask("/v1/authz", headers={"x-account-id": "acct-degrade"})
    assert degraded.headers["x-stillwatch-measures"] == "no_logprobs,no_reasoning"
    challenged = service.ask("/v1/authz", headers={"x-account-id": "acct-challenge"})
    assert challenged.headers["x-stillwatch-challenge"] == "card"
    assert challenged.headers["www-authenticate"] == 'Stillwatch method="card"'


def test_a_throttle_lets_its_rate_pass_and_then_says_when() -> None:
    """Two an hour: the third is refused with 429 and Retry-After, and asking alone spends none."""
    with running(HandSource(one_of_each())) as service:
        look = {"account_id": "acct-throttle", "counts": False}
        for _ in range(5):
            assert service.ask("/v1/decisions", body=look).json["status"] == 200
        name = {"x-account-id": "acct-throttle"}
        found = [service.ask("/v1/authz", headers=name) for _ in range(3)]
        assert [one.status for one in found] == [200, 200, 429]
        assert 3500 < int(found[2].headers["retry-after"]) <= 3660
        flat = service.ask("/v1/authz?refuse_with=403", headers=name)
        assert (flat.status, flat.headers["x-stillwatch-status"]) == (403, "429")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"\xff\xfe", 422),
        ({"account_id": 7}, 422),
        ({"account_id": ""}, 422),
        ({"account_id": "a" * 257}, 422),
        ({"account_id": "a", "unheard_of": 1}, 422),
        ({"account_id": "a", "output_tokens": -1}, 422),
        ({"accounts": []}, 422),
        ({"accounts": [{"account_id": "a"}] * 10_001}, 422),
        (b" " * (4 * 2**20 + 1), 413),
    ],
)
def test_a_body_that_is_wrong_is_a_problem(service: Running, body: Any, status: int) -> None:  # noqa: ANN401
    """With where the fault is, and never with what was sent."""
    found = service.ask("/v1/decisions", body=body)
    assert (found.status, found.headers["content-type"]) == (status, PROBLEM)
    assert found.json["status"] == status


def test_the_guardrail_refuses_in_its_own_words(service: Running) -> None:
    """The team is the account, else the key's hash; answers and unknown accounts pass."""
    path = "/beta/litellm_basic_guardrail_api"

    def action(**said: Any) -> dict[str, Any]:  # noqa: ANN401
        body = {"texts": ["a prompt"], "litellm_call_id": "c-1", "images": None, **said}
        found: dict[str, Any] = service.ask(path, body=body).json
        return found

    team = {"user_api_key_team_id": "acct-suspend", "user_api_key_hash": "k"}
    refused = {"action": "BLOCKED", "blocked_reason": "The sentence of suspend."}
    assert action(input_type="request", request_data=team) == refused
    by_key = {"user_api_key_team_id": None, "user_api_key_hash": "acct-deny"}
    assert action(input_type="request", request_data=by_key)["action"] == "BLOCKED"
    assert action(input_type="response", request_data=team) == {"action": "NONE"}
    assert action(input_type="request", request_data={}) == {"action": "NONE"}
    degraded = {"user_api_key_team_id": "acct-degrade"}
    assert action(input_type="request", request_data=degraded) == {"action": "NONE"}


@pytest.mark.parametrize(("word", "status"), [("allow", 200), ("deny", 503)])
def test_what_nobody_can_judge_meets_the_routes_setting(word: str, status: int) -> None:
    """No account named, and a table that nobody could read: fail-open or fail-closed, as set."""
    source = HandSource(one_of_each(), fault=OSError("gone"))
    settings = ServiceSettings(authz_on_failure=word, stale_after_s=0.2)
    with running(source, settings=settings) as service:
        assert service.ask("/v1/authz").status == status
        found = service.ask("/v1/authz", headers={"x-account-id": "nobody"})
        assert found.status == status
        assert found.headers["x-stillwatch-stale"] == "true"
        assert service.ask("/readyz").status == 503
        assert service.ask("/v1/decisions/changes").status == 503
        assert service.ask("/healthz").status == 200


def test_a_slow_body_meets_the_budget_of_its_route() -> None:
    """Half a body, and then nothing: 408 within the budget, and others are answered meanwhile."""
    with (
        running(HandSource(one_of_each())) as service,
        socket.create_connection(("127.0.0.1", service.port), 5) as slow,
    ):
        slow.sendall(b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        begun = time.monotonic()
        assert service.ask("/v1/authz").status == 200
        assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - begun < 3


def test_a_key_opens_what_its_scopes_name() -> None:
    """No key is 401, another scope 403; the gateway's header comes before a customer's bearer."""
    ring = HashedKeys(
        [
            (hash_key("gate"), Principal("gate", frozenset({"decide", "changes"}))),
            (hash_key("watch"), Principal("watch", frozenset({"metrics"}))),
        ]
    )
    with running(HandSource(one_of_each()), keys=ring) as service:
        gate = {"x-stillwatch-key": "gate", "authorization": "Bearer of-the-customer"}
        assert service.ask("/v1/authz", headers=gate).status == 200
        assert service.ask("/v1/authz").status == 401
        assert service.ask("/v1/authz", headers={"authorization": "Bearer gates"}).status == 401
        assert service.ask("/v1/authz", headers={"authorization": "Bearer gate"}).status == 200
        assert service.ask("/metrics", headers=gate).status == 403
        watch = {"authorization": "bearer watch"}
        assert service.ask("/metrics", headers=watch).status == 200
        assert service.ask("/v1/decisions", body={"account_id": "a"}, headers=watch).status == 403
        assert service.ask("/v1/decisions/changes", headers=watch).status == 403
        assert service.ask("/v1/usage", body={"spent": []}, headers=gate).status == 403
        assert service.ask("/healthz").status == 200


def test_metrics_count_and_name_no_account(service: Running) -> None:
    """By route and effect; no id is a label."""
    service.ask("/v1/authz", headers={"x-account-id": "acct-deny"})
    text = service.ask("/metrics").body.decode()
    assert 'stillwatch_answers_total{effect="deny",route="authz"}' in text
    assert "stillwatch_table_version 1.0" in text
    assert "acct-" not in text


def test_a_refusal_tells_of_nobody_else() -> None:
    """An exhausted budget says a fixed sentence and time: no campaign, ceiling or member."""
    budget = CampaignBudget("camp-7", ("a-1", "a-2"), exchanges_per_hour=3, decision_id="d-9")
    with running(HandSource(budgets=(budget,))) as service:
        found = [
            service.ask("/v1/authz", headers={"x-account-id": name})
            for name in ("a-1", "a-2", "a-1", "a-2")
        ]
        assert [one.status for one in found] == [200, 200, 200, 429]
        assert found[3].headers["retry-after"] == "60"
        said = (str(found[3].headers) + found[3].body.decode()).lower()
        assert not [word for word in ("camp", "a-1", "3600", "hour") if word in said]


def test_an_id_in_another_script_is_the_same_id() -> None:
    """Sent as UTF-8 bytes in a header, as Latin-1, and as text in a body."""
    with running(HandSource((decided("konto-ä", "deny"),))) as service:
        for raw in ("konto-ä".encode().decode("latin-1"), "konto-ä"):
            assert service.ask("/v1/authz", headers={"x-account-id": raw}).status == 403
        body = {"account_id": "konto-ä"}
        assert service.ask("/v1/decisions", body=body).json["status"] == 403


def test_errors_without_a_route_are_problems_too(service: Running) -> None:
    """An unknown path and a method that a path doesn't take."""
    for path, method, status in (("/nowhere", "GET", 404), ("/v1/decisions", "DELETE", 405)):
        found = service.ask(path, method=method)
        assert (found.status, found.headers["content-type"]) == (status, PROBLEM)


def test_the_most_severe_of_several_decisions_rules() -> None:
    """A key's own decision counts for that key; expired ones for nobody."""
    puts = (
        decided("a", "watch", decision_id="1"),
        decided("a", "suspend", decision_id="2", api_key_id="k-1"),
        decided("a", "terminate", decision_id="3", expires_at_s=1.0),
    )
    with running(HandSource(puts)) as service:
        for key, effect in (("k-1", "suspend"), ("k-2", "watch"), (None, "watch")):
            body = {"account_id": "a", "api_key_id": key}
            assert service.ask("/v1/decisions", body=body).json["effect"] == effect
