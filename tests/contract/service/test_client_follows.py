"""The client against a real service: it follows, it misses nothing, and it outlives the service."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from services import (
    HandSource,
    ask,
    decided,
    free_port,
    one_of_each,
    running,
    serving,
)

from stillwatch.act import revert_effect
from stillwatch.app.service.access.keys import HashedKeys, Principal, hash_key
from stillwatch.gateway import GatewayClient, Service
from stillwatch.gateway.decision import CampaignBudget

WAIT_S = 15
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def write_result(place: Path, *accounts: str, effect: str = "suspend") -> Path:
    """Write the gateway's table of a result."""
    place.mkdir(exist_ok=True)
    rows = [
        {
            "decision_id": f"d-{name}",
            "account_id": name,
            "effect": effect,
            "reason": "Sorry.",
            "expires_at": "2096-01-01T00:00:00Z",
        }
        for name in sorted(accounts)
    ]
    (place / "decisions.jsonl").write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in rows))
    return place


def test_a_change_reaches_a_waiting_client() -> None:
    """By long poll: within a second, and versions only grow."""
    source = HandSource(one_of_each())
    with running(source) as service, GatewayClient(service.url, on_stale="allow") as client:
        assert client.wait_for(lambda table: table.version == 1, timeout_s=WAIT_S)
        assert client.lookup("acct-suspend").effect == "suspend"
        assert client.staleness().failure == ""
        wanted = source.change(
            decided("new", "deny"), removals=(("acct-suspend", "d-acct-suspend", None),)
        )
        assert client.wait_for(lambda table: table.version == wanted, timeout_s=WAIT_S)
        assert client.lookup("new").effect == "deny"
        assert client.lookup("acct-suspend").effect == "allow"


def test_a_gateway_needs_the_scope_for_changes() -> None:
    """Another key is refused, and the client says so and keeps trying."""
    ring = HashedKeys([(hash_key("good"), Principal("gate", frozenset({"changes"})))])
    with running(HandSource(one_of_each()), keys=ring) as service:
        with GatewayClient(Service(service.url, key="bad"), on_stale="deny") as refused:
            assert not refused.wait_for(lambda table: table.version > 0, timeout_s=1)
            assert "401" in refused.staleness().failure
            assert refused.judge("anybody").status == 503
        with GatewayClient(Service(service.url, key="good"), on_stale="deny") as client:
            assert client.wait_for(lambda table: table.version == 1, timeout_s=WAIT_S)
            assert client.judge("anybody").status == 200


def test_two_gateways_share_a_campaigns_budget() -> None:
    """What one has spent the other hears of; together they stay near the ceiling."""
    budget = CampaignBudget("c", ("a", "b"), exchanges_per_hour=10)
    with (
        running(HandSource(budgets=(budget,))) as service,
        GatewayClient(service.url, on_stale="allow") as one,
        GatewayClient(service.url, on_stale="allow") as two,
    ):
        for client in (one, two):
            assert client.wait_for(lambda table: "c" in table.budgets, timeout_s=WAIT_S)
        assert [one.judge("a").status for _ in range(8)] == [200] * 8
        end = time.monotonic() + WAIT_S
        while service.decider.meters.spent("c", now_s=time.time()) < (8, 0):
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(2.5)
        found = [two.judge("b").status for _ in range(4)]
        assert found == [200, 200, 429, 429]


@pytest.mark.long
def test_a_client_outlives_its_service_and_hears_the_next_one(tmp_path: Path) -> None:
    """`kill -9`: it goes on deciding, says that it is stale, and then takes the new table whole."""
    result, port = write_result(tmp_path / "run", "acct-1", "acct-2"), free_port()
    url = f"http://127.0.0.1:{port}"
    with GatewayClient(url, on_stale="deny", stale_after_s=2.0) as client:
        with serving(result, port) as process:
            assert client.wait_for(lambda table: table.version > 0, timeout_s=WAIT_S)
            first = client.table.series
            assert client.judge("nobody").status == 200
            process.kill()
            process.wait()
        end = time.monotonic() + WAIT_S
        while not client.staleness().is_stale:
            assert client.lookup("acct-1").effect == "suspend"
            assert time.monotonic() < end
            time.sleep(0.05)
        assert client.staleness().failure
        assert (client.judge("acct-1").status, client.judge("acct-1").is_stale) == (403, True)
        assert client.judge("nobody").status == 503
        write_result(result, "acct-2", "acct-3")
        with serving(result, port):
            heard = client.wait_for(lambda table: table.series not in ("", first), timeout_s=WAIT_S)
            assert heard
            assert [client.lookup(f"acct-{n}").effect for n in (1, 2, 3)] == [
                "allow",
                "suspend",
                "suspend",
            ]
            assert not client.staleness().is_stale


def test_a_reversal_reaches_clients_and_a_signal_ends_the_service(tmp_path: Path) -> None:
    """`stillwatch revert` is in force within about a second; SIGTERM lets nobody hang."""
    result, port = write_result(tmp_path / "run", "acct-1", "acct-2"), free_port()
    with serving(result, port) as process:
        client = GatewayClient(f"http://127.0.0.1:{port}", on_stale="allow").start()
        assert client.wait_for(lambda table: table.version > 0, timeout_s=WAIT_S)
        revert_effect(result, "d-acct-1", now=NOW)
        assert client.wait_for(lambda t: "acct-1" not in t.by_account, timeout_s=WAIT_S)
        assert client.lookup("acct-2").effect == "suspend"
        client.stop()
        (result / "decisions.jsonl").write_bytes(b"no json\n")
        time.sleep(1)
        assert ask(port, "/v1/authz", headers={"x-account-id": "acct-2"}).status == 403
        begun = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
        assert time.monotonic() - begun < 6
        assert process.stderr is not None
        events = [orjson.loads(line) for line in process.stderr.read().splitlines()]
        assert {"service.started", "table.changed", "source.failed", "service.ended"} <= {
            one["event"] for one in events
        }
        assert b"acct-" not in orjson.dumps(events)
