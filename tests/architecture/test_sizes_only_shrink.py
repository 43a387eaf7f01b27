"""Sizes: hard bounds, and a ratchet file of today's worst values that may only get smaller.

`pytest tests/architecture --rewrite-goldens` writes `sizes.toml` from what is there; the build
refuses that flag, and refuses a value that is larger than the one committed before it.
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import tomllib
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
from source_tree import STAGES, Module, without_sections

MODULE_LINES_MAX = 400
MODULE_LINES_AIM = 200
FUNCTION_LINES_MAX = 60
FUNCTION_MEDIAN_MAX = 8
PARAMETERS_MAX = 5
EXPORTS_OF_A_STAGE_MAX = 5
EXPORTS_OF_THE_PACKAGE_MAX = 15
FILES_IN_A_FOLDER = (5, 12)
FOLDERS_ARGUED = {
    "src/stillwatch/gateway": "flat for other people's gateways: what each takes is one import",
    "src/stillwatch/ingest/readers": "one reader a dialect: the listing is the catalogue",
}
CATALOGUE = "src/stillwatch/domain/channels"
"""A folder per evidence family, however many channels there are in it: STYLE.md, sizes."""
RATCHET = "tests/architecture/sizes.toml"
HEADER = (
    "# Today's worst sizes. A value may only get smaller, a row may only go;\n"
    "# `pytest tests/architecture --rewrite-goldens` writes it, the build refuses growth.\n"
)


Sizes = dict[str, dict[str, int]]


def exports(tree: ast.Module) -> list[str] | None:
    """Names in `__all__`, or None where the module has none."""
    for node in tree.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
            return list(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return None


def folder_excess(files: int) -> int:
    """How far a folder is outside the range."""
    low, high = FILES_IN_A_FOLDER
    return max(low - files, files - high, 0)


def read(text: str) -> Sizes:
    """Read the tables of a ratchet."""
    return {name: table for name, table in tomllib.loads(text).items() if name != "since"}


def measure(product: list[Module], tracked: list[str]) -> Sizes:
    """Take every measure that the ratchet holds."""
    functions = [f for module in product for f in module.functions()]
    code = {str(PurePosixPath(m.path).parent) for m in product} - {"src/stillwatch"}
    folders = Counter(folder for p in tracked if (folder := str(PurePosixPath(p).parent)) in code)
    return {
        "worst": {
            "module_lines": max(module.lines for module in product),
            "function_lines": max(f.lines for f in functions),
            "functions_without_terms": len(without_sections(product)),
            "parameters": max(f.parameters for f in functions),
        },
        "modules_over_200_lines": {m.path: m.lines for m in product if m.lines > MODULE_LINES_AIM},
        "folders_outside_5_to_12_files": {
            name: folder_excess(files)
            for name, files in folders.items()
            if folder_excess(files) and not name.startswith(CATALOGUE)
        },
    }


def render(measured: Sizes, *, since: str | None) -> str:
    """Write the ratchet as TOML."""
    settled = [f'\nsince = "{since}"\n'] if since else []
    sections = [
        f"\n[{section}]\n" + "".join(f'"{k}" = {v}\n' for k, v in sorted(values.items()))
        for section, values in measured.items()
    ]
    return HEADER + "".join([*settled, *sections])


def grown(now: Sizes, bound: Sizes) -> list[str]:
    """List the values of `now` that `bound` doesn't allow; a missing row allows nothing."""
    return [
        f"{section}: {name} is {value}, bound {bound.get(section, {}).get(name, 'none')}"
        for section, values in now.items()
        for name, value in values.items()
        if value > bound.get(section, {}).get(name, -1)
    ]


def committed_before(repository: Path) -> str | None:
    """Text of the ratchet in the newest commit that has another text, or None."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "safe.directory=*", *arguments],
            cwd=repository,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    current = (repository / RATCHET).read_text()
    for commit in git("log", "--max-count=20", "--format=%H", "--", RATCHET).split():
        if git("ls-tree", commit, "--", RATCHET):
            text = git("show", f"{commit}:{RATCHET}")
            if text != current:
                return text
    return None


def test_nothing_is_larger_than_the_ratchet_says(
    repository: Path, product: list[Module], tracked: list[str], *, rewrite_goldens: bool
) -> None:
    """No module, function or folder has outgrown the value that was written down for it."""
    measured = measure(product, tracked)
    path = repository / RATCHET
    if rewrite_goldens:
        since = tomllib.loads(path.read_text()).get("since")
        path.write_text(render(measured, since=since))
    assert grown(measured, read(path.read_text())) == []


def test_the_ratchet_is_tight(repository: Path, product: list[Module], tracked: list[str]) -> None:
    """What has become smaller is written down as smaller: slack would allow growing back."""
    recorded = read((repository / RATCHET).read_text())
    assert grown(recorded, measure(product, tracked)) == [], "run pytest with --rewrite-goldens"


def test_a_folder_outside_the_range_is_argued(product: list[Module], tracked: list[str]) -> None:
    """Fewer than 5 files or more than 12 have a reason, written down here."""
    found = measure(product, tracked)["folders_outside_5_to_12_files"]
    assert sorted(set(found) - set(FOLDERS_ARGUED)) == []


def test_no_commit_raises_a_bound(repository: Path) -> None:
    """The ratchet file itself only shrinks, from the commit on in which its `since` was written."""
    text = (repository / RATCHET).read_text()
    since = tomllib.loads(text).get("since")
    if since is None:
        pytest.skip(f'{RATCHET} is a draft: `since = "VERSION"` above its tables settles it')
    before = committed_before(repository)
    if before and tomllib.loads(before).get("since") == since:
        assert grown(read(text), read(before)) == []


def test_the_ratchet_notices_growth() -> None:
    """A larger value and a new row are both growth; a smaller value is not."""
    bound = {"modules": {"a.py": 210}}
    assert len(grown({"modules": {"a.py": 211}}, bound)) == 1
    assert len(grown({"modules": {"b.py": 1}}, bound)) == 1
    assert grown({"modules": {"a.py": 209}}, bound) == []


def test_no_module_is_over_400_lines(modules: list[Module]) -> None:
    """Tests, benches and tools too."""
    assert {m.path: m.lines for m in modules if m.lines > MODULE_LINES_MAX} == {}


def test_no_function_is_over_60_lines(modules: list[Module]) -> None:
    """From `def` to the end, docstring included; tests too."""
    over = {
        f"{module.path}:{function.name}": function.lines
        for module in modules
        for function in module.functions()
        if function.lines > FUNCTION_LINES_MAX
    }
    assert over == {}


def test_half_of_the_functions_have_eight_lines_or_fewer(product: list[Module]) -> None:
    """Lines of statements, without signature and docstring."""
    lengths = [function.body_lines for module in product for function in module.functions()]
    assert statistics.median(lengths) <= FUNCTION_MEDIAN_MAX


def test_a_sixth_parameter_is_argued_on_its_line(product: list[Module]) -> None:
    """Five parameters, or a `noqa: PLR0913` with its reason."""
    over = [
        f"{module.path}:{function.name} has {function.parameters}"
        for module in product
        for function in module.functions()
        if function.parameters > PARAMETERS_MAX
        and "PLR0913" not in module.text.splitlines()[function.node.lineno - 1]
    ]
    assert over == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_exports_at_most_five_names(stage: str, product: list[Module]) -> None:
    """Its `__init__` says which, in `__all__`, and each of them is there."""
    path = f"src/stillwatch/{stage}/__init__.py"
    module = next(m for m in product if m.path == path)
    names = exports(module.tree)
    assert names is not None, f"{path} has no __all__"
    assert 1 <= len(names) <= EXPORTS_OF_A_STAGE_MAX, names
    imported = __import__(f"stillwatch.{stage}", fromlist=names)
    assert [name for name in names if not hasattr(imported, name)] == []


def test_the_package_exports_at_most_fifteen_names(product: list[Module]) -> None:
    """What `import stillwatch` offers is a short list, or nothing."""
    module = next(m for m in product if m.path == "src/stillwatch/__init__.py")
    assert len(exports(module.tree) or []) <= EXPORTS_OF_THE_PACKAGE_MAX
