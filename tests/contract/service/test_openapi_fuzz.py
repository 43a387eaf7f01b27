"""The OpenAPI schema, fuzzed: whatever is sent, no answer is a fault and each is as described."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from services import Running

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.mark.filterwarnings("ignore")
def test_no_operation_has_a_fault(service: Running) -> None:
    """Every operation, with what fits its schema and what doesn't, and a 200 for each."""
    schema = schemathesis.openapi.from_url(f"{service.url}/v1/openapi.json")
    good: dict[str, int] = {}
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def send(case: schemathesis.Case, label: str = operation.label) -> None:
            response = case.call(timeout=10)
            good[label] = good.get(label, 0) + (response.status_code == 200)
            case.validate_response(response, checks=CHECKS)

        send()
    assert len(good) >= 7
    assert [label for label, count in good.items() if not count] == []
