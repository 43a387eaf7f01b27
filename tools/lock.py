"""Write both locks again from pyproject.toml: every version and hash, no index, host or path.

`requirements.lock` is what the package needs to run, with its service and console and the driver of
PostgreSQL; `requirements-dev.lock` the same versions and what the tests need. Run as
`python tools/lock.py` (keeps what is pinned, adds what is missing) or with `--upgrade` (the newest
that pyproject.toml allows). It needs `uv`, which no user of the package does: pip reads the locks.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
UV: Final = (
    "uv",
    "pip",
    "compile",
    "pyproject.toml",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--quiet",
)


def lock(name: str, *arguments: str) -> None:
    """Write one lock file and print how many packages it pins.

    Raises:
        subprocess.CalledProcessError: uv finds no solution; it has said why.
    """
    subprocess.run([*UV, f"--output-file={name}", *arguments], cwd=REPOSITORY, check=True)
    print(f"{name}: {(REPOSITORY / name).read_text().count('==')} packages")


if __name__ == "__main__":
    lock("requirements.lock", "--extra=serve", "--extra=postgres", *sys.argv[1:])
    lock(
        "requirements-dev.lock",
        "--group=dev",
        "--constraint=requirements.lock",
        *sys.argv[1:],
    )
