"""A Python file as data: its text, its tree, its functions and their sizes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STAGES = ("ingest", "observe", "link", "detect", "decide", "act", "report")
SECTION = re.compile(r"^\s*(Grain|Raises|Cost|Source):", re.MULTILINE)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """One function of a module."""

    name: str
    node: FunctionNode
    is_top: bool

    @property
    def lines(self) -> int:
        """Lines from `def` to its end, docstring included."""
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1

    @property
    def body_lines(self) -> int:
        """Lines of its statements, without signature and docstring."""
        body = self.node.body
        first = body[1:] if ast.get_docstring(self.node, clean=False) is not None else body
        return (first[-1].end_lineno or 0) - first[0].lineno + 1 if first else 0

    @property
    def parameters(self) -> int:
        """Parameters that a caller can give, `self` and `cls` aside."""
        given = self.node.args
        names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        return len([name for name in names if name not in {"self", "cls"}])


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Lines of the file."""
        return self.text.count("\n")

    @property
    def stage(self) -> str:
        """The folder under `src/stillwatch/` that it lives in, or an empty string."""
        parts = Path(self.path).parts
        return parts[2] if parts[:2] == ("src", "stillwatch") and len(parts) > 3 else ""

    def functions(self) -> Iterator[Function]:
        """Every function, methods and nested ones too."""
        top = {id(node) for node in self.tree.body}
        for node in ast.walk(self.tree):
            if isinstance(node, FunctionNode):
                yield Function(node.name, node, id(node) in top)

    def docstring_nodes(self) -> set[int]:
        """Identities of the constants that are docstrings or strings standing as statements."""
        return {
            id(node.value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }


def without_sections(product: list[Module]) -> list[str]:
    """List the public functions of the stages that state no terms."""
    return sorted(
        f"{module.path}:{function.name}"
        for module in product
        if module.stage in STAGES
        for function in module.functions()
        if function.is_top and not function.name.startswith("_")
        if not SECTION.search(ast.get_docstring(function.node) or "")
    )
