"""Copy what pages load that others wrote, out of pinned npm packages; or say that nothing changed.

`src/stillwatch/app/console/third_party/packages.toml` names each package, its version, its licence,
the SHA-256 of its archive and of every file that is taken. Run as `python tools/third_party.py`
(fetches with `npm pack`, refuses what has another hash, writes the files) or with `--pin`, after a
version was changed by hand, to write down the hashes of what has come. It needs npm, which no user
of the package does: the files are in the repository and in the wheel.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = REPOSITORY / "src/stillwatch/app/console/third_party"
MANIFEST: Final = FOLDER / "packages.toml"


def copy_packages(*, pin: bool) -> None:
    """Fetch every package and write the files that are named.

    Raises:
        SystemExit: a hash is another than the one that was pinned.
        subprocess.CalledProcessError: npm can't fetch it; it has said why.
    """
    text = MANIFEST.read_text(encoding="utf-8")
    hashes: list[str] = []
    for package in tomllib.loads(text)["package"]:
        archive = _fetch(package)
        hashes.append(_hold(archive, package["sha256"], what=package["name"], pin=pin))
        for name, content in _unpack(archive, package):
            wanted = next(file for file in package["file"] if file["from"] == name)
            hashes.append(_hold(content, wanted["sha256"], what=wanted["to"], pin=pin))
            (FOLDER / wanted["to"]).write_bytes(content)
            print(
                f"{wanted['to']}: {len(content):,} bytes of {package['name']} {package['version']}"
            )
    if pin:
        order = iter(hashes)
        written = re.sub(
            r'^sha256 = ".*"$', lambda _: f'sha256 = "{next(order)}"', text, flags=re.MULTILINE
        )
        MANIFEST.write_text(written, encoding="utf-8")


def _fetch(package: dict[str, Any]) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        asked = ["npm", "pack", "--silent", f"{package['name']}@{package['version']}"]
        said = subprocess.run(asked, cwd=place, check=True, capture_output=True, text=True)
        return (Path(place) / said.stdout.strip().splitlines()[-1]).read_bytes()


def _unpack(archive: bytes, package: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Give the named files of an archive, in the manifest's order."""
    with tempfile.TemporaryFile() as kept:
        kept.write(archive)
        kept.seek(0)
        with tarfile.open(fileobj=kept, mode="r:gz") as opened:
            found = []
            for file in package["file"]:
                stream = opened.extractfile(f"package/{file['from']}")
                if stream is None:
                    sys.exit(f"{file['from']} is no file: nothing was written")
                found.append((file["from"], stream.read()))
            return found


def _hold(content: bytes, wanted: str, *, what: str, pin: bool) -> str:
    """Give the hash of what has come.

    Raises:
        SystemExit: it is another than the one that was pinned, and nobody asked to pin it anew.
    """
    found = sha256(content).hexdigest()
    if not pin and found != wanted:
        sys.exit(f"{what} has the hash {found}, not {wanted}: nothing was written")
    return found


if __name__ == "__main__":
    copy_packages(pin="--pin" in sys.argv[1:])
