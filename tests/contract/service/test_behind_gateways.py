"""Behind real gateways: nginx, Caddy and Envoy, each configured as docs/operate/gateway.md says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from gateways import configuration, found, free_port, fronted
from services import Running, ask, running
from test_service_endpoints import STATUS_OF, HandSource, one_of_each

FILES = {"nginx": "nginx.conf", "caddy": "Caddyfile", "envoy": "envoy.yaml"}
SEEN: list[dict[str, str]] = []


class Api(BaseHTTPRequestHandler):
    """The API behind a gateway: says yes, and remembers the headers that it saw."""

    def answer(self) -> None:
        """Answer."""
        SEEN.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"done")

    do_GET = answer  # noqa: N815  the name that the base class asks for

    def log_message(self, *_: Any) -> None:  # noqa: ANN401
        """Say nothing."""


@pytest.fixture(scope="module")
def api() -> Iterator[int]:
    """Port of the API behind."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def own_service() -> Iterator[Running]:
    """A service whose meters nobody has touched."""
    with running(HandSource(one_of_each()), grpc=True) as service:
        yield service


@contextmanager
def behind(name: str, folder: Path, service: Running, api: int) -> Iterator[int]:
    """Run a gateway as the page configures it."""
    front = free_port()
    ports = {"port_8080": front, "port_9000": api}
    if name == "envoy":
        program = found("envoy")
        ports["port_8788"] = service.grpc_port
        command = [program, "-c", FILES[name], "--use-dynamic-base-id", "--concurrency", "1"]
    else:
        program = found(name)
        ports["port_8787"] = service.port
        command = {
            "nginx": [
                program,
                "-p",
                str(folder),
                "-c",
                FILES[name],
                "-g",
                f"daemon off; pid {folder}/pid;",
            ],
            "caddy": [program, "run", "--adapter", "caddyfile", "--config", FILES[name]],
        }[name]
    (folder / FILES[name]).write_text(configuration(name, **ports))
    with fronted(folder, front, *command) as port:
        yield port


@pytest.mark.parametrize("name", ["nginx", "caddy", "envoy"])
def test_a_real_gateway_acts_on_decisions(
    name: str, tmp_path: Path, own_service: Running, api: int
) -> None:
    """Statuses, sentences and Retry-After reach the customer; measures the service behind."""
    with behind(name, tmp_path, own_service, api) as port:

        def reply(account: str, **headers: str) -> Any:  # noqa: ANN401
            return ask(port, "/v1/chat", headers={"x-account-id": account, **headers})

        for effect, status in STATUS_OF.items():
            found_one = reply(f"acct-{effect}")
            assert found_one.status == status, effect
            if status == 200:
                assert found_one.body == b"done"
            else:
                assert f"The sentence of {effect}." in found_one.body.decode()
        assert reply("nobody").status == 200
        SEEN.clear()
        assert reply("acct-degrade", **{"X-Stillwatch-Measures": "forged"}).status == 200
        assert SEEN[0]["x-stillwatch-measures"] == "no_logprobs,no_reasoning"
        SEEN.clear()
        assert reply("nobody", **{"X-Stillwatch-Measures": "forged"}).status == 200
        assert SEEN[0].get("x-stillwatch-measures", "") == ""
        throttled = [reply("acct-throttle") for _ in range(3)]
        assert [one.status for one in throttled] == [200, 200, 429]
        assert 3500 < int(throttled[2].headers["retry-after"]) <= 3660


@pytest.mark.parametrize(("name", "status"), [("nginx", 200), ("caddy", 502), ("envoy", 200)])
def test_what_a_gateway_does_without_the_service(
    name: str, status: int, tmp_path: Path, api: int
) -> None:
    """As the page says: nginx and Envoy are configured to fail open, Caddy fails closed."""
    with running(HandSource(one_of_each()), grpc=True) as gone:
        pass
    with behind(name, tmp_path, gone, api) as port:
        assert ask(port, "/v1/chat", headers={"x-account-id": "acct-deny"}).status == status
