"""The whole API as each role: no fault, each answer as described, and a walk that meets a 2xx.

Schemathesis sends what fits each operation and what doesn't; the walk calls each with what people
would send. The short part runs with every build, the long one with `-m long`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from control_service import NOBODY, ROLE_OF, World, controlled, key_of, listening
from control_walk import walk
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
WHO = ("vera", "ann", "ben", "adam", "service:collector", "service:edge", NOBODY)
"""Somebody of each role, and nobody."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service whose answers nobody of this module counts."""
    with controlled(tmp_path_factory.mktemp("roles"), backtest_s=0.01) as found:
        found.put_in_force()
        yield found


@pytest.fixture(scope="module")
def operations(world: World) -> Iterator[list[Any]]:
    """Every operation of the schema, of a service that listens."""
    with listening(world) as url:
        schema = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")
        yield [found.ok() for found in schema.get_all_operations()]


def send_as_each(operation: Any, *, examples: int) -> None:  # noqa: ANN401
    """Send what fits an operation and what doesn't, each with everybody's key."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: schemathesis.Case) -> None:
        for who in WHO:
            response = case.call(headers=key_of(who), timeout=20)
            case.validate_response(response, checks=CHECKS)

    send()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_no_operation_has_a_fault_for_any_role(operations: list[Any]) -> None:
    """Whatever is sent by whomever: no 500, and answers that the schema describes."""
    assert len(operations) >= 60
    for operation in operations:
        send_as_each(operation, examples=2)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_no_operation_has_a_fault_however_much_is_sent(operations: list[Any]) -> None:
    """The same, more of it."""
    for operation in operations:
        send_as_each(operation, examples=15)


def test_every_operation_answers_with_success(tmp_path: Path) -> None:
    """A walk through the service, as people and programs use it, meets every operation once."""
    with controlled(tmp_path) as world:
        schema = world.client.get("/v1/openapi.json").json()
        known = {
            f"{method.upper()} {path}" for path, of in schema["paths"].items() for method in of
        }
        met = walk(world)
        assert known - met == set()
        assert world.ledger.verify().is_whole


def test_nobody_comes_in_without_a_key(world: World) -> None:
    """Every operation of the management API answers 401 without one; appeals alone are open."""
    schema = world.client.get("/v1/openapi.json").json()
    open_to_all = set()
    for path, of in schema["paths"].items():
        for method in of:
            where = path.replace("{row_id}", "x").replace("{account_id}", "x")
            found = world.ask(NOBODY, where.replace("{reference}", "x"), method=method.upper())
            if found.status_code != 401:
                open_to_all.add(f"{method.upper()} {path}")
    assert open_to_all == {
        "GET /appeals/{reference}",
        "POST /appeals/{reference}",
        "GET /healthz",
        "GET /readyz",
    }


@pytest.mark.parametrize("who", [name for name in WHO if name != NOBODY])
def test_a_role_may_what_its_scopes_say(world: World, who: str) -> None:
    """Reading, working, approving, administering: one call of each, refused or not with 403."""
    may = {
        "read": ("GET", "/v1/cases"),
        "work": ("POST", "/v1/cases"),
        "approve": ("POST", "/v1/interventions/none/approve"),
        "administer": ("POST", "/v1/policies"),
    }
    scopes = {
        "viewer": {"read"},
        "analyst": {"read", "work"},
        "approver": {"read", "work", "approve"},
        "admin": {"read", "administer"},
    }.get(ROLE_OF[who], set())
    for scope, (method, path) in may.items():
        refused = world.ask(who, path, method=method).status_code == 403
        assert refused == (scope not in scopes), scope


def test_every_operation_of_the_management_api_is_documented(
    world: World, repository: Path
) -> None:
    """By method and path, on one of the two pages."""
    pages = "".join(
        (repository / "docs/operate" / name).read_text() for name in ("control.md", "appeals.md")
    )
    schema = world.client.get("/v1/openapi.json").json()
    tags = {"reading", "working", "interventions", "policies", "permissions", "audit", "appeals"}
    wanted = {
        f"`{method.upper()} {path.replace('{row_id}', '{id}')}`"
        for path, of in schema["paths"].items()
        for method, about in of.items()
        if tags & set(about.get("tags", ())) or path.startswith("/appeals")
    }
    assert len(wanted) >= 45
    assert sorted(one for one in wanted if one not in pages) == []
