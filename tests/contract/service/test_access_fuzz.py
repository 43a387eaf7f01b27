"""The routes of access, fuzzed as every role: no fault, and each answer as the schema describes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from people import ROLES, House, house
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from stillwatch.app.service.access.keys import SCOPES

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


def send_all(operation: Any, place: House, *, role: str, examples: int) -> set[int]:  # noqa: ANN401
    """Send what fits an operation and what doesn't; give the statuses."""
    seen: set[int] = set()
    key = {"authorization": f"Bearer key-{role}"}

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: schemathesis.Case) -> None:
        for one in vars(place.access.door.rates).values():
            if hasattr(one, "_held"):
                one._held.clear()
        response = case.call(headers=key, timeout=10)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    send()
    return seen


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("role", ROLES)
def test_no_route_of_access_has_a_fault(role: str, tmp_path: Path) -> None:
    """Whatever is sent; an administrator succeeds with all that needs no code."""
    with house(tmp_path) as place:
        for name in ROLES:
            place.add(name, name)
            place.issue(name, *SCOPES, key=f"key-{name}")
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{place.port}/v1/openapi.json")
        mine = [
            one
            for one in (found.ok() for found in schema.get_all_operations())
            if "access" in (one.definition.raw.get("tags") or ())
        ]
        assert len(mine) >= 14
        seen = {one.label: send_all(one, place, role=role, examples=15) for one in mine}
    good = {label for label, statuses in seen.items() if statuses & {200, 201, 303}}
    if role == "admin":
        assert {"GET /v1/me", "GET /v1/users", "POST /v1/users", "GET /v1/keys"} <= good
    assert "GET /v1/me" in good
