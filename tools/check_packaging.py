"""Build the container and run it; install the units and run them under a systemd that boots.

Needs a Debian machine, root, apt's mirror and pip's index, and the packages that it names when
they are missing; what can't be tried is skipped, and said. `python tools/check_packaging.py` tries
both, `--only container` or `--only systemd` one; `--work FOLDER` keeps the base tree and the images
for the next run. Nothing outside the folder is changed but the kernel's tables of mounts and of the
container's network, while it runs; every command has an end. It ends with 0 where all that was
tried holds, 1 where something doesn't, and 3 where nothing could be tried.

docs/operate/install.md has what it found, on what, and when.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import packaging_container
import packaging_systemd
from packaging_ground import PackagingError, make_base, read_pip_settings

PARTS: Final = {
    "container": (packaging_container.check_container, packaging_container.NEEDED),
    "systemd": (packaging_systemd.check_systemd, packaging_systemd.NEEDED),
}
COMMON: Final = {"debootstrap": "debootstrap"}
NOTHING_TRIED: Final = 3


def missing_for(part: str) -> str:
    """Say what this machine lacks for a part; nothing where it can be tried."""
    if os.geteuid() != 0:
        return "needs root"
    needed: Mapping[str, str] = {**COMMON, **PARTS[part][1]}
    lacking = sorted(package for program, package in needed.items() if not shutil.which(program))
    return f"apt-get install {' '.join(lacking)}" if lacking else ""


def check_part(part: str, work: Path) -> bool:
    """Try one part, say each thing that holds, and give whether all do."""

    def tell(what: str, figure: str = "") -> None:
        print(f"ok    {part:<9}  {what}{': ' if figure else ''}{figure}", flush=True)

    begun = time.monotonic()
    try:
        base = make_base(work)
        tell("base tree", f"{time.monotonic() - begun:.0f} s")
        PARTS[part][0](work, base, read_pip_settings(work), tell)
    except PackagingError as failure:
        print(f"FAIL  {part:<9}  {failure}", flush=True)
        return False
    return True


def main() -> int:
    """Try what is asked for and can be tried."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--only", choices=sorted(PARTS), help="one part instead of both")
    parser.add_argument("--work", type=Path, help="folder to work in, which is kept")
    asked = parser.parse_args()
    parts = [asked.only] if asked.only else list(PARTS)
    lacking = {part: missing_for(part) for part in parts}
    for part in filter(lacking.get, parts):
        print(f"skip  {part:<9}  {lacking[part]}", flush=True)
    tried = [part for part in parts if not lacking[part]]
    if not tried:
        return NOTHING_TRIED
    with tempfile.TemporaryDirectory(prefix="stillwatch-packaging-", dir="/var/tmp") as temporary:
        work = (asked.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        held = {part: check_part(part, work) for part in tried}
        return 0 if all(held.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
