"""The gateway's package: what it brings with it, and how long it takes to import."""

from __future__ import annotations

import subprocess
import sys

HEAVY = [
    "polars",
    "numba",
    "numpy",
    "pyarrow",
    "pydantic",
    "orjson",
    "fastapi",
    "asyncio",
    "stillwatch.domain",
]
SCRIPT = """
import sys, time
begun = time.process_time()
import stillwatch.gateway
print((time.process_time() - begun) * 1000)
print(*sys.modules)
"""


def test_importing_it_takes_a_moment_and_brings_nothing_heavy() -> None:
    """Under 150 ms of processor time, the best of five, and the standard library alone."""
    took_ms = []
    for _ in range(5):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
        )
        first, names = run.stdout.splitlines()
        took_ms.append(float(first))
        assert not set(HEAVY) & set(names.split())
    assert min(took_ms) < 150
