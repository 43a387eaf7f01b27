"""The nouns: every bound and setting is used, and the drawn tree of errors is the tree there is."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from types import ModuleType

import pytest
from source_tree import Module

from stillwatch.domain import errors, limits, service_limits, settings
from stillwatch.domain.channels import families, told_limits
from stillwatch.store.ledger import errors as ledger_errors

DRAWN = re.compile(r"^(?P<indent>[\s│├└─]*)(?P<name>[A-Z]\w+)")


BOUNDS = pytest.mark.parametrize(
    "bounds_of", [limits, service_limits, told_limits], ids=["run", "service", "told"]
)


def names_used(product: list[Module], *, besides: str) -> set[str]:
    """Every name and attribute that the product's code speaks of, one file aside."""
    used: set[str] = set()
    for module in product:
        if module.path == besides:
            continue
        for node in ast.walk(module.tree):
            used.add(getattr(node, "id", getattr(node, "attr", "")))
            if isinstance(node, ast.ImportFrom):
                used.update(alias.name for alias in node.names)
    return used


def drawn_tree(docstring: str) -> dict[str, int]:
    """Name and depth of every class in the drawing; its root stands wherever it stands."""
    tree: dict[str, int] = {}
    margin = None
    for line in inspect.cleandoc(docstring).splitlines():
        found = DRAWN.match(line)
        if found and (found["name"].endswith("Error") or set(found["indent"]) & set("├└")):
            margin = len(found["indent"]) if margin is None else margin
            tree[found["name"]] = (len(found["indent"]) - margin) // 4
    return tree


def class_tree(root: type, depth: int = 0) -> dict[str, int]:
    """Name and depth of every class that there is."""
    tree = {root.__name__: depth}
    for child in root.__subclasses__():
        if child.__module__ == root.__module__:
            tree |= class_tree(child, depth + 1)
    return tree


@BOUNDS
def test_every_bound_is_used(product: list[Module], bounds_of: ModuleType) -> None:
    """A bound that nothing checks is a promise that nothing keeps."""
    place = bounds_of.__name__.replace(".", "/")
    used = names_used(product, besides=f"src/{place}.py")
    bounds = [name for name in vars(bounds_of) if name.isupper()]
    assert len(bounds) >= 10
    assert [name for name in bounds if name not in used] == []


@BOUNDS
def test_every_bound_has_its_unit_and_reason_beside_it(bounds_of: ModuleType) -> None:
    """The string under a bound says what it counts and why it stands where it stands."""
    body = ast.parse(inspect.getsource(bounds_of)).body
    silent = [
        node.target.id
        for node, after in zip(body, [*body[1:], None], strict=True)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant))
    ]
    assert silent == []


def test_every_setting_is_used(product: list[Module]) -> None:
    """What can be set has an effect."""
    used = names_used(product, besides="src/stillwatch/domain/settings.py")
    kinds = [v for v in vars(settings).values() if dataclasses.is_dataclass(v)]
    fields = [field.name for kind in kinds for field in dataclasses.fields(kind)]
    assert [name for name in fields if name not in used] == []


def test_the_drawn_tree_of_errors_is_true() -> None:
    """Every class is in the drawing under its parent's depth, and the drawing holds no other."""
    assert drawn_tree(errors.__doc__ or "") == class_tree(errors.StillwatchError)
    assert drawn_tree(ledger_errors.__doc__ or "") == class_tree(ledger_errors.LedgerError)


def test_every_error_is_raised_somewhere(product: list[Module]) -> None:
    """A leaf of the tree that nobody raises describes a failure that nobody detects."""
    used = names_used(product, besides="src/stillwatch/domain/errors.py")
    leaves = [
        value.__name__
        for value in (*vars(errors).values(), *vars(ledger_errors).values())
        if isinstance(value, type) and not value.__subclasses__()
    ]
    assert [name for name in leaves if name not in used] == []


def test_every_family_has_a_channel_and_every_channel_a_family() -> None:
    """The table of families and the table of channels are one table; no name stands twice."""
    names = [channel.name for channel in families.CHANNELS]
    assert sorted({channel.family for channel in families.CHANNELS}) == sorted(families.FAMILIES)
    assert len(set(names)) == len(names)
