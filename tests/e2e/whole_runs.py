"""What the fixtures of whole-run tests are: their types, and the key that all runs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from typer.testing import Result

SECRET: Final = "000102030405060708090a0b0c0d0e0f"  # noqa: S105  a key for tests alone
Command = Callable[..., Result]
"""Runs a command: its arguments, and `code=` where another exit code than 0 is expected."""
Write = Callable[..., Path]
"""Writes a file (its name, and bytes or rows) into a traffic directory, which it gives back."""
