"""A service with one account under every effect, shared by the tests that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services import HandSource, Running, one_of_each, running


@pytest.fixture(scope="session")
def service() -> Iterator[Running]:
    """A service that everybody may ask, over HTTP and gRPC."""
    with running(HandSource(one_of_each()), grpc=True) as found:
        yield found
