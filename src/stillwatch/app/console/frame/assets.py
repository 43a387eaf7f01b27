"""Scripts and style sheets: found at the start, named by their hash, kept by browsers for ever.

Our own stand in `static/`, those of others in `third_party/`, copied by `tools/third_party.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from stillwatch.app.console.frame.packing import pack
from stillwatch.app.console.frame.page import ROOT

_TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOLDERS: Final = ("static", "third_party")
_HASH_CHARS: Final = 16
"""Hexadecimal digits of a hash in an address: enough to tell versions apart."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file that a page loads."""

    name: str
    content: bytes
    media_type: str
    address: str
    packed: bytes | None


class Assets:
    """Every file that a page may load."""

    def __init__(self) -> None:
        found = [asset for folder in _FOLDERS for asset in _read_folder(folder)]
        self._by_name = {asset.name: asset for asset in found}
        self._by_address = {asset.address: asset for asset in found}

    def address(self, name: str) -> str:
        """Give the address of a file; KeyError where there is none, which is a bug."""
        return self._by_name[name].address

    def at(self, mark: str, name: str) -> Asset | None:
        """Find a file by the hash and the name in its address."""
        return self._by_address.get(f"{ROOT}/static/{mark}/{name}")


def _read_folder(folder: str) -> list[Asset]:
    found = []
    for path in files("stillwatch.app.console").joinpath(folder).iterdir():
        kind = path.name.rpartition(".")[2]
        if path.is_file() and kind in _TYPES:
            content = path.read_bytes()
            mark = sha256(content).hexdigest()[:_HASH_CHARS]
            address = f"{ROOT}/static/{mark}/{path.name}"
            found.append(Asset(path.name, content, _TYPES[kind], address, pack(content)))
    return found
