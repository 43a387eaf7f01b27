"""The OpenAPI schema, fuzzed: whatever is sent, no answer is a fault and each is as described."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

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


def send_all(operation: Any) -> int:  # noqa: ANN401  an operation of the schema
    """Send what fits an operation and what doesn't; count the answers that were 200."""
    good = 0

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: schemathesis.Case) -> None:
        nonlocal good
        response = case.call(timeout=10)
        good += response.status_code == HTTPStatus.OK
        case.validate_response(response, checks=CHECKS)

    send()
    return good


@pytest.mark.filterwarnings("ignore")
def test_no_operation_has_a_fault(service: Running) -> None:
    """Every operation, with what fits its schema and what doesn't, and a 200 for each."""
    schema = schemathesis.openapi.from_url(f"{service.url}/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 7
    good = {operation.label: send_all(operation) for operation in operations}
    assert [label for label, count in good.items() if not count] == []
