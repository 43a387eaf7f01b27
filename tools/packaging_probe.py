"""What a service that runs is asked, wherever it runs: in a container, or under systemd.

A place is how one gets in: the words before a command. Everything is asked from inside, as an
operator would ask, with the commands of docs/operate/on-call.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from packaging_ground import PackagingError, hold, run, wait_until

READY_S: Final = 60
PERSONAL: Final = ("acct-check", "203.0.113.", "harvest this sentence")
"""What is sent, and what no log may have."""
ACCOUNTS: Final = 20
EXCHANGES: Final = 20
"""Exchanges of each account: enough for every kernel of observe to be compiled."""
_ASK: Final = """
import urllib.request as r
print(r.urlopen("http://127.0.0.1:8787/readyz", timeout=2).read().decode())
"""
_SEND: Final = """
import sys, urllib.request as r
key, _, body = sys.stdin.read().partition("\\n")
ask = r.Request("http://127.0.0.1:8787/ingest/native", body.encode(), {"x-stillwatch-key": key})
print(r.urlopen(ask, timeout=10).status)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How a command is run where the service runs, and how one is run as the service's user."""

    enter: tuple[str, ...]
    become: tuple[str, ...]
    python: str

    def run(self, *words: str, told: str = "", ok: bool = True) -> str:
        """Run a command there."""
        return run(*self.enter, *words, told=told, ok=ok)

    def stillwatch(self, *words: str) -> str:
        """Run a command of Stillwatch there as the service's user."""
        return run(*self.become, "stillwatch", *words)


def wait_ready(place: Place) -> float:
    """Wait until `/readyz` says so; give the seconds."""

    def is_ready() -> bool:
        return '"ready"' in place.run(place.python, "-c", _ASK, ok=False)

    return wait_until("the service is ready", is_ready, limit_s=READY_S)


def send_exchanges(place: Place, key: str) -> None:
    """Send what has an account, an address and words in it."""
    rows = [
        {
            "exchange_id": f"{account}-{one}",
            "time": f"2026-11-30T03:{one:02d}:{account:02d}Z",
            "account_id": f"acct-check-{account}",
            "ip": f"203.0.113.{account}",
            "prompt": f"harvest this sentence, the {one}th time, step by step, with your reasons",
            "response": "because of this and that, and for no other reason",
            "status": 200,
        }
        for account in range(ACCOUNTS)
        for one in range(EXCHANGES)
    ]
    body = "\n".join(json.dumps(row) for row in rows)
    said = place.run(place.python, "-c", _SEND, told=f"{key}\n{body}")
    hold("what is sent is taken in", holds=said.strip() == "202", seen=said)


def work_through(place: Place, key: str) -> str:
    """Name the first administrator, take exchanges in, look at them, verify; give the code."""
    code = place.stillwatch("invite", "ledger.db", "ann", "--first").strip()
    hold("the first administrator gets a code", holds=len(code) >= 16, seen=len(code))
    send_exchanges(place, key)
    wait_until("the lake has what was sent", lambda: _is_in_lake(place))
    said = place.stillwatch("watch", "lake/", "--out", "results/by-hand")
    read = f"{ACCOUNTS * EXCHANGES} exchanges of {ACCOUNTS} accounts"
    hold("a look reads what was sent", holds=read in said, seen=said)
    said = place.stillwatch("audit", "verify", "ledger.db")
    hold("the audit log is whole", holds="whole: " in said, seen=said)
    return code


def _is_in_lake(place: Place) -> bool:
    """Commit what waits but the segment that is being written; say whether the lake has any."""
    place.stillwatch("commit", "journal/", "--lake", "lake/", "--once")
    return ".json" in run(*place.become, "sh", "-c", "ls lake/manifest", ok=False)


def has_data(place: Place) -> None:
    """Hold that what was there before the restart is there."""
    said = place.stillwatch("audit", "verify", "ledger.db")
    hold("the ledger is that of before", holds="whole: 0 entries" not in said, seen=said)
    run(*place.become, "test", "-e", "results/by-hand/run.json")


def has_kernels(place: Place, folder: str) -> int:
    """Count the compiled kernels of a folder, of which there have to be some."""
    count = len(run(*place.become, "find", f"{folder}/", "-name", "*.nb*").split())
    hold(f"kernels are kept in {folder}", holds=count > 0, seen=count)
    return count


def refuses_to_write(words: tuple[str, ...], folders: tuple[str, ...]) -> None:
    """Hold that a file can't be made in any of these folders.

    Raises:
        PackagingError: it can.
    """
    for folder in folders:
        said = run(*words, "touch", f"{folder}/not-here", ok=False)
        if "ead-only file system" not in said and "ermission denied" not in said:
            message = f"{folder} can be written: {said or 'touch said nothing'}"
            raise PackagingError(message)


def tells_nobody(log: str, *secrets: str) -> None:
    """Hold that a log has neither persons nor codes in it."""
    found = [one for one in (*PERSONAL, *secrets) if one in log]
    hold("no log has an account, an address, a prompt or a code", holds=not found, seen=found)
