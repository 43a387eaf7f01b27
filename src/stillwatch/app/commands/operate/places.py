"""How the commands of this folder name what they work on, and the keys that they need."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LakeOption = Annotated[
    Path | None, typer.Option("--lake", metavar="LAKE", help="Directory of a lake.")
]
LakeToTend = Annotated[Path, typer.Argument(metavar="LAKE", help="Directory of a lake.")]
LedgerOption = Annotated[
    str | None,
    typer.Option("--ledger", metavar="LEDGER", help="File, or postgresql://USER@HOST/DATABASE."),
]
ResultsOption = Annotated[
    Path | None,
    typer.Option("--results", metavar="RESULTS", help="A result, or a folder of results."),
]
Actor = Annotated[
    str, typer.Option("--actor", metavar="USER", help="Who does it, for the audit log.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")]
OPERATOR = "service:operator"
"""Who acts where nobody is named."""
