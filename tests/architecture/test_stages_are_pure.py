"""Purity: no file, clock, chance or environment but at the rim; no truth outside the lab."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
from source_tree import Module

PURE = ("domain", "observe", "link", "detect", "decide", "report")
FILE_CALLS = re.compile(
    r"^(?:open|(?:\w+\.)*(?:scan|read|write|sink)_(?:csv|parquet|ipc|ndjson|json|delta|table|text|bytes)"
    r"|np\.(?:load|save\w*|fromfile|memmap)|\w+\.tofile)$"
)
CLOCK_CALLS = re.compile(r"(?:^|\.)(?:now|utcnow|today|time|time_ns|monotonic)$")
CHANCE_CALLS = re.compile(r"(?:^|\.)(?:token_hex|token_bytes|urandom|uuid4|uuid1|randbits)$")
ENVIRONMENT = re.compile(r"^os\.(?:environ|getenv)")
TRUTH = re.compile(r"(?:\b|_)truth(?:\b|_)", re.IGNORECASE)
EVALUATES = "src/stillwatch/app/commands/backtest/answers.py"
"""The one module of the product that reads the truth, for a command that evaluates policies."""
MAY_ASK = {"src/stillwatch/app/commands/backtest/command.py"}
"""Who may import it."""
RIM = {"app"}
NAMES_NEW_FILES = {"app", "store"}


def calls(module: Module) -> list[tuple[int, str, ast.Call]]:
    """Line and dotted name of every call."""
    return [
        (node.lineno, ast.unparse(node.func), node)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
    ]


def test_pure_stages_open_no_file(product: list[Module]) -> None:
    """Frames in, frames out; shipped data comes through importlib.resources alone."""
    wrong = [
        f"{module.path}:{line} {name}"
        for module in product
        if module.stage in PURE
        for line, name, _ in calls(module)
        if FILE_CALLS.match(name) and "resources" not in module.text
    ]
    assert wrong == []


def test_only_the_rim_has_a_clock(product: list[Module]) -> None:
    """`now` is an argument everywhere else, so a run can be repeated."""
    wrong = [
        f"{module.path}:{line} {name}"
        for module in product
        if module.stage and module.stage not in RIM
        for line, name, _ in calls(module)
        if CLOCK_CALLS.search(name) and not name.startswith(("pl.", "nw."))
    ]
    assert wrong == []


def test_only_the_rim_has_chance(product: list[Module]) -> None:
    """`seed` is an argument everywhere else; the store may name a file that nobody has named."""
    wrong = [
        f"{module.path}:{line} {name}"
        for module in product
        if module.stage and module.stage not in NAMES_NEW_FILES
        for line, name, _ in calls(module)
        if CHANCE_CALLS.search(name)
    ]
    assert wrong == []


def test_every_random_generator_has_a_seed(product: list[Module]) -> None:
    """The same seed gives the same numbers, in the stages and in the lab."""
    wrong = [
        f"{module.path}:{line}"
        for module in product
        for line, name, node in calls(module)
        if name.endswith(("default_rng", "random.Random")) and not node.args and not node.keywords
    ]
    assert wrong == []


def test_only_the_rim_reads_the_environment(product: list[Module]) -> None:
    """What is set outside reaches a stage as a setting that `run.json` shows."""
    wrong = [
        f"{module.path}:{node.lineno}"
        for module in product
        if module.stage and module.stage not in RIM
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ENVIRONMENT.match(ast.unparse(node))
    ]
    assert wrong == []


def test_stillwatch_never_names_the_truth(product: list[Module]) -> None:
    """No string and no variable of the product speaks of ground truth: only the lab may read it."""
    wrong = []
    for module in product:
        if not module.path.startswith("src/stillwatch/") or module.path == EVALUATES:
            continue
        said = module.docstring_nodes()
        for node in ast.walk(module.tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in said else None
            name = getattr(node, "id", getattr(node, "attr", getattr(node, "arg", None)))
            if any(isinstance(t, str) and TRUTH.search(t) for t in (text, name)):
                wrong.append(f"{module.path}:{getattr(node, 'lineno', 0)}")
    assert wrong == []


def test_only_the_backtest_may_ask_for_the_truth(product: list[Module]) -> None:
    """No detector, and no command that finds campaigns, can reach what reads it."""
    home = EVALUATES.removeprefix("src/").removesuffix(".py").replace("/", ".")
    package, name = home.rsplit(".", 1)
    asking = {
        module.path
        for module in product
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.ImportFrom) and node.module == home)
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == package
            and name in {alias.name for alias in node.names}
        )
        or (isinstance(node, ast.Import) and home in {alias.name for alias in node.names})
    }
    assert asking == MAY_ASK


def test_the_lab_imports_the_nouns_alone(product: list[Module]) -> None:
    """Detectors and simulator share tables, never code: what one knows the other can't leak."""
    wrong = []
    for module in product:
        if not module.path.startswith("src/stillwatch_lab/"):
            continue
        for node in ast.walk(module.tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            wrong += [
                f"{module.path}: {name}"
                for name in names
                if name.startswith("stillwatch.") and not name.startswith("stillwatch.domain")
            ]
    assert wrong == []


def test_importing_the_stages_loads_no_lab(product: list[Module]) -> None:
    """Whatever a stage pulls in, the simulator isn't among it."""
    names = sorted(
        module.path.removeprefix("src/").removesuffix(".py").replace("/", ".")
        for module in product
        if module.stage and module.stage not in RIM
    )
    script = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name.removesuffix('.__init__'))\n"
        "sys.exit(any(name.startswith('stillwatch_lab') for name in sys.modules))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, *names], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]


@pytest.mark.parametrize(
    ("pattern", "call"),
    [
        (FILE_CALLS, "pl.scan_parquet"),
        (FILE_CALLS, "open"),
        (CLOCK_CALLS, "datetime.now"),
        (CHANCE_CALLS, "secrets.token_hex"),
        (ENVIRONMENT, "os.environ.get"),
        (TRUTH, "truth/accounts.csv"),
        (TRUTH, "read_truth"),
        (TRUTH, "TRUTH_FOLDER"),
    ],
)
def test_the_patterns_see_what_they_forbid(pattern: re.Pattern[str], call: str) -> None:
    """A pattern that matches nothing forbids nothing."""
    assert pattern.search(call)
