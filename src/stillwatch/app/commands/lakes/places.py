"""How the commands of this folder name a lake."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LakeToFill = Annotated[
    Path, typer.Option("--lake", help="Directory of the lake; made on first use.", metavar="LAKE")
]
LakeToRead = Annotated[
    Path, typer.Argument(metavar="LAKE", help="Directory of a lake that `ingest` has filled.")
]
