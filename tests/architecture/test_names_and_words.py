"""Names: banned words, whose names may stand where, and nothing of one machine or one registry."""

from __future__ import annotations

import ast
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import PurePosixPath

import pytest
from source_tree import Module

BANNED_PARTS = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}
BANNED_VERBS = ("process_", "handle_", "do_", "get_", "block_")
DICTATED = {*dir(HTMLParser), "process_bind_param", "process_result_value"}
"""Names that a base class of the standard library or of SQLAlchemy asks for."""
DIALECT = re.compile(r"openai|anthropic|litellm|bedrock|gen_ai|\botel\b", re.IGNORECASE)
DIALECT_PLACES = (
    "src/stillwatch/ingest/",
    "tests/unit/ingest/",
    "tests/contract/",
    "docs/",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "tests/architecture/",
)
DIALECT_FILES = re.compile(r"dialect|reader|format", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|farm|root|home/\w+)/")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.|registry\.npmjs|(?:extra-)?index-url\s|find-links\s|artifactory|nexus/",
    re.IGNORECASE,
)
OPEN_ENDS = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")
CODES = r"(?P<codes>:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[\w, -]+\])"
EXEMPTION = re.compile(rf"#\s*(?:noqa|type:\s*ignore){CODES}?(?P<reason>.*)")
SELF = "tests/architecture/test_names_and_words.py"


def defined_names(module: Module) -> list[tuple[str, str]]:
    """Kind and name of every class, function and module of a file."""
    names = [("module", PurePosixPath(module.path).stem)]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            names.append(("class", node.name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(("function", node.name))
    return names


def words(name: str) -> set[str]:
    """Split snake_case and CamelCase into lower-case words."""
    return {w.lower() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def lines_matching(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    """Every line that the pattern hits, this file aside."""
    return [
        f"{path}:{number} {line.strip()[:90]}"
        for path, text in texts.items()
        if path != SELF and not path.endswith((".lock", ".svg", "LICENSE"))
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_name_is_a_drawer_for_everything(modules: list[Module]) -> None:
    """No module, class or function is called utils, helpers, misc, common or manager."""
    wrong = [
        f"{module.path}: {kind} {name}"
        for module in modules
        for kind, name in defined_names(module)
        if words(name) & BANNED_PARTS
    ]
    assert wrong == []


def test_no_function_has_a_verb_that_says_nothing(modules: list[Module]) -> None:
    """Never process, handle, do or get; and block says neither propose nor deny."""
    wrong = [
        f"{module.path}: {name}"
        for module in modules
        for kind, name in defined_names(module)
        if kind == "function" and name.lstrip("_").startswith(BANNED_VERBS)
        if name not in DICTATED
    ]
    assert wrong == []


def test_no_two_test_files_have_one_name(tracked: list[str]) -> None:
    """Tests are imported by their bare name: a second file of a name would hide the first."""
    names = Counter(
        name
        for path in tracked
        if path.startswith("tests/") and (name := PurePosixPath(path).name).endswith(".py")
    )
    assert [n for n, count in names.items() if count > 1 and n != "conftest.py"] == []


def test_no_two_files_of_the_product_differ_by_a_version(tracked: list[str]) -> None:
    """No `_v2`, `_new` or `_old`: history is what git is for."""
    assert [p for p in tracked if re.search(r"_(?:v\d+|new|old)\.\w+$", p)] == []


def test_dialect_names_stand_with_the_readers_alone(texts: dict[str, str]) -> None:
    """A dialect is a log format; beyond ingest, its tests and its documentation nobody knows it."""
    wrong = [
        f"{path}: {', '.join(sorted({m.lower() for m in DIALECT.findall(text)}))}"
        for path, text in texts.items()
        if not path.startswith(DIALECT_PLACES)
        and not path.endswith(".lock")
        and not DIALECT_FILES.search(path)
        and DIALECT.search(text)
    ]
    assert wrong == []


def test_no_file_holds_a_path_of_one_machine(texts: dict[str, str]) -> None:
    """A clone works anywhere."""
    assert lines_matching(texts, MACHINE_PATH) == []


def test_no_file_names_a_registry(texts: dict[str, str]) -> None:
    """Where packages come from is the installer's business; the hashes say which."""
    assert lines_matching(texts, REGISTRY) == []


def test_nothing_is_left_for_later_in_the_code(modules: list[Module]) -> None:
    """What isn't there is an issue, not a remark."""
    product = {m.path: m.text for m in modules if not m.path.startswith("tests/architecture/")}
    assert lines_matching(product, OPEN_ENDS) == []


def test_every_exemption_names_its_rule_and_its_reason(modules: list[Module]) -> None:
    """It says which rule, and why: beside it, or beside the first of that rule in the file."""
    wrong: list[str] = []
    for module in modules:
        argued: set[str] = set()
        for number, line in enumerate(module.text.splitlines(), 1):
            found = EXEMPTION.search(line)
            if not found or module.path.startswith("tests/"):
                continue
            codes = found["codes"]
            if not codes:
                wrong.append(f"{module.path}:{number} {found[0]}")
            elif found["reason"].strip():
                argued.add(codes)
            elif codes not in argued:
                wrong.append(f"{module.path}:{number} {found[0]}")
    assert wrong == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "open('/home/someone/logs')"),
        (REGISTRY, "--extra-index-url " + "https://example.test"),
        (DIALECT, "an OpenAI-shaped record"),
        (OPEN_ENDS, "# TODO later"),
    ],
)
def test_the_patterns_see_what_they_forbid(pattern: re.Pattern[str], text: str) -> None:
    """A pattern that matches nothing forbids nothing."""
    assert pattern.search(text)


def test_words_are_split_as_people_read_them() -> None:
    """Both casings are read, and a word inside another doesn't count."""
    assert words("load_JSON_utils") >= {"load", "json", "utils"}
    assert words("CaseManager") == {"case", "manager"}
    assert not words("uncommon_domain") & BANNED_PARTS
