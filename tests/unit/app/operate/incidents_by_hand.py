"""A lake from logs, a ledger with something in it, and a command line to run against them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from typer.testing import CliRunner

from stillwatch.app.cli import app
from stillwatch.store.ledger import AuditKey, Ledger, make_ledger
from stillwatch.store.ledger.nouns.decisions import NewDecision

PSEUDONYM = "000102030405060708090a0b0c0d0e0f"
AUDIT = "ab" * 32
FIRST = datetime(2026, 11, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def run(*words: object, code: int = 0, **environment: str) -> str:
    """Run a command; gives what it says."""
    keys = {"STILLWATCH_KEY": PSEUDONYM, "STILLWATCH_AUDIT_KEY": AUDIT, **environment}
    done = CliRunner().invoke(app, [str(one) for one in words], env=keys)
    assert done.exit_code == code, done.output
    return done.output


def run_json(*words: object, **environment: str) -> Any:  # noqa: ANN401  whatever it says
    """Run a command; gives its JSON."""
    return orjson.loads(run(*words, "--json", **environment))


def record(
    account: str, number: int, *, day: int = 0, user: str | None = None
) -> dict[str, object]:
    """Give one exchange."""
    return {
        "exchange_id": f"x-{account}-{day}-{number}",
        "time": (FIRST + timedelta(days=day, minutes=number)).isoformat(),
        "account_id": account,
        "end_user_id": user,
        "prompt": f"Explain step {number} of the plan to somebody who knows nothing of it.",
        "system": f"You are {account}'s assistant.",
    }


def ingest(lake: Path, folder: Path, records: list[dict[str, object]]) -> None:
    """Add records to a lake, with the accounts that are named beside them, and a broken line."""
    folder.mkdir(parents=True)
    first, *others = (orjson.dumps(one) for one in records)
    (folder / "exchanges.jsonl").write_bytes(b"\n".join([first, b"no record", *others]) + b"\n")
    accounts = sorted({str(one["account_id"]) for one in records})
    register = [orjson.dumps({"account_id": one, "plan": "free"}) for one in accounts]
    (folder / "accounts.jsonl").write_bytes(b"\n".join(register) + b"\n")
    run("ingest", folder, "--lake", lake, "--max-quarantine", 1)


def ledger_with_decisions(place: Path, accounts: tuple[str, ...]) -> Ledger:
    """Make a ledger in which some accounts were decided upon, and all of it was taken back."""
    ledger = make_ledger(place, key=AuditKey(bytes.fromhex(AUDIT)), ledger_id="ledger-1", now=NOW)
    decision = NewDecision(
        decision_id="d-1",
        effect="suspend",
        reason="Your account was suspended.",
        subject_kind="campaign",
        subject_id="c-1",
        approvals_needed=0,
        expires_at=NOW + timedelta(days=30),
    )
    with ledger.write(actor="ann", now=NOW) as change:
        change.propose_decision(decision, account_ids=accounts)
        change.reject("d-1", why="a trial")
    return ledger
