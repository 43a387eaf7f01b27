"""Envoy's ext_authz v3 over gRPC, asked as Envoy asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from envoy.service.auth.v3 import external_auth_pb2, external_auth_pb2_grpc
from services import HandSource, Running, one_of_each, running
from test_service_endpoints import STATUS_OF

from stillwatch.app.service.access.keys import HashedKeys, Principal, hash_key


@pytest.fixture(scope="module")
def stub(service: Running) -> Iterator[Any]:
    """A client of the service."""
    with grpc.insecure_channel(f"127.0.0.1:{service.grpc_port}") as channel:
        yield external_auth_pb2_grpc.AuthorizationStub(channel)


def asked(account: str, **extensions: str) -> Any:  # noqa: ANN401
    """Word a question as Envoy does."""
    request = external_auth_pb2.CheckRequest()
    if account:
        request.attributes.request.http.headers["x-account-id"] = account
    request.attributes.context_extensions.update(extensions)
    return request


@pytest.mark.parametrize(("effect", "status"), STATUS_OF.items())
def test_envoy_gets_the_answer_of_everybody_else(stub: Any, effect: str, status: int) -> None:  # noqa: ANN401
    """A code that is 0 or not, the status, the headers and the body for the customer."""
    said = stub.Check(asked(f"acct-{effect}"), timeout=10)
    assert (said.status.code == 0) == (status == 200)
    if status == 200:
        headers = said.ok_response.headers
    else:
        headers = said.denied_response.headers
        assert said.denied_response.status.code == status
        assert f"The sentence of {effect}." in said.denied_response.body
    assert {one.header.key: one.header.value for one in headers}["x-stillwatch-effect"] == effect


def test_the_account_may_stand_in_the_routes_extensions(stub: Any) -> None:  # noqa: ANN401
    """Which come from Envoy's configuration, and so before a header."""
    said = stub.Check(asked("nobody", account_id="acct-deny"), timeout=10)
    assert said.denied_response.status.code == 403


def test_without_a_key_nothing_passes() -> None:
    """The key is metadata of the call, or a header that Envoy adds; a wrong one is fail-closed."""
    ring = HashedKeys([(hash_key("good"), Principal("envoy", frozenset({"decide"})))])
    with (
        running(HandSource(one_of_each()), keys=ring, grpc=True) as service,
        grpc.insecure_channel(f"127.0.0.1:{service.grpc_port}") as channel,
    ):
        stub = external_auth_pb2_grpc.AuthorizationStub(channel)
        assert stub.Check(asked("a"), timeout=10).status.code == 7
        good = (("x-stillwatch-key", "good"),)
        assert stub.Check(asked("a"), timeout=10, metadata=good).status.code == 0
