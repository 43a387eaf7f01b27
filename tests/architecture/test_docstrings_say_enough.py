"""Docstrings: every module has a short one, and a stage's public functions state their terms.

The list of functions that do not, in `docstrings.toml`, may only get shorter: its length
is a value of `sizes.toml`.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from source_tree import SECTION, Module, without_sections

MODULE_DOCSTRING_LINES_MAX = 20
RATCHET = "tests/architecture/docstrings.toml"
HEADER = (
    "# Public functions of the stages whose docstring has no Grain, Raises, Cost or Source.\n"
    "# A row may only go; `pytest tests/architecture --rewrite-goldens` writes it.\n"
)


def test_every_module_says_in_20_lines_where_it_stands(modules: list[Module]) -> None:
    """A docstring is there, and it is no essay."""
    lengths = {
        module.path: len((ast.get_docstring(module.tree) or "").splitlines())
        for module in modules
        if module.text.strip()
    }
    wrong = {p: n for p, n in lengths.items() if not 1 <= n <= MODULE_DOCSTRING_LINES_MAX}
    assert wrong == {}


def test_every_public_function_of_a_stage_states_its_terms(
    repository: Path, product: list[Module], *, rewrite_goldens: bool
) -> None:
    """A Grain, Raises, Cost or Source section, or a row in the list of exceptions, no row more."""
    found = without_sections(product)
    path = repository / RATCHET
    if rewrite_goldens:
        rows = "".join(f'    "{name}",\n' for name in found)
        path.write_text(f"{HEADER}\nwithout_sections = [\n{rows}]\n")
    assert found == tomllib.loads(path.read_text())["without_sections"]


@pytest.mark.parametrize("line", ["Grain:   one row per account.", "    Raises:", "Cost: linear."])
def test_the_terms_are_recognised(line: str) -> None:
    """Both styles of section count, with text behind the colon or below it."""
    assert SECTION.search(f"Do a thing.\n\n{line}\n")


def test_every_test_states_its_property(modules: list[Module]) -> None:
    """A test's name is its claim, its docstring the property."""
    silent = [
        f"{module.path}:{function.name}"
        for module in modules
        if module.path.startswith("tests/")
        for function in module.functions()
        if function.name.startswith("test_") and not ast.get_docstring(function.node)
    ]
    assert silent == []
