"""Documentation: what it names is there, and what there is it names."""

from __future__ import annotations

import importlib
import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

import stillwatch
from stillwatch.domain import observations, results, tables
from stillwatch.domain.channels import families

PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/concepts.md")
TICKED = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
ADR_SECTIONS = ["Context", "Decision", "Consequences", "What would make us change it"]
CHANGELOG_KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
TERMS_OF_OTHERS = {"nw.LazyFrame", "mapInArrow", "pip"}


def command(readme: str, number: int) -> str:
    """Give one of the README's two commands."""
    found = re.search(rf"<!-- command {number} -->\n```sh\n(.+)\n```", readme)
    assert found, f"the README has no command {number}"
    return found[1]


def command_line() -> Any:  # noqa: ANN401  Typer brings its own Click
    """Give the whole command line, with the commands that the lab brings, as Click sees it."""
    cli = importlib.import_module("stillwatch.app.cli")
    return typer.main.get_command(cli.app)


def exists(name: str, repository: Path) -> bool:
    """Tell whether a name in backticks is a file, a module, a table or a word of others."""
    places = [repository, repository / "src/stillwatch", repository / "src/stillwatch/domain"]
    if "/" in name or name.endswith((".py", ".md", ".toml", ".lock")):
        return any((place / name).exists() for place in places)
    if name.isupper():
        return any(hasattr(module, name) for module in (tables, results, observations))
    if name.startswith("stillwatch."):
        return importlib.util.find_spec(name) is not None
    folder = repository / "src/stillwatch" / name
    return folder.is_dir() or name in TERMS_OF_OTHERS


def test_the_build_runs_command_2_as_the_readme_gives_it(repository: Path) -> None:
    """What a newcomer types is what the build has tried; CONTRIBUTING says the same."""
    wanted = command((repository / "README.md").read_text(), 2)
    assert f"\n    {wanted}\n" in (repository / ".ci/run").read_text()
    assert f"\n{wanted}\n" in (repository / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize(
    ("number", "lock"), [(1, "requirements.lock"), (2, "requirements-dev.lock")]
)
def test_a_command_installs_its_lock_by_hash(number: int, lock: str, repository: Path) -> None:
    """Nothing is installed that the locks don't know."""
    text = command((repository / "README.md").read_text(), number)
    assert f"--require-hashes -r {lock} " in text
    assert "--no-deps -e ." in text


def test_every_name_on_the_architecture_page_is_there(repository: Path) -> None:
    """Files, modules and tables that the page puts in backticks exist."""
    names = TICKED.findall((repository / "ARCHITECTURE.md").read_text())
    assert len(names) >= 20
    assert [name for name in names if not exists(name, repository)] == []


def test_a_name_that_is_not_there_is_noticed(repository: Path) -> None:
    """The check above can fail, for a file, a module, a table and a word."""
    for name in ("domain/nowhere.py", "stillwatch.nowhere", "NOWHERE", "nowhere"):
        assert not exists(name, repository)


def test_every_package_is_on_the_architecture_page(repository: Path) -> None:
    """A folder of `src/stillwatch/` that the page forgets is a stage that nobody explained."""
    page = (repository / "ARCHITECTURE.md").read_text()
    folders = [p.parent.name for p in (repository / "src/stillwatch").glob("*/__init__.py")]
    assert len(folders) >= 10
    assert [name for name in folders if f"`{name}/`" not in page] == []


def test_the_architecture_is_one_page(repository: Path) -> None:
    """Sixty lines, as printed."""
    assert len((repository / "ARCHITECTURE.md").read_text().splitlines()) <= 60


def test_every_table_that_the_concepts_name_is_there(repository: Path) -> None:
    """Table names in backticks are tables."""
    names = TICKED.findall((repository / "docs/concepts.md").read_text())
    assert [
        n for n in names if n.isupper() and n != "LIKE_THIS" and not exists(n, repository)
    ] == []


def test_every_channel_stands_in_the_concepts_with_its_family(repository: Path) -> None:
    """The page's table and `families.CHANNELS` are the same, row by row and in order."""
    rows = re.findall(
        r"^\| (\w+) \| `(\w+)` \|.*\| (exchanges|register) \|$",
        (repository / "docs/concepts.md").read_text(),
        re.MULTILINE,
    )
    source = {"exchange": "exchanges", "register": "register"}
    assert rows == [(c.family, c.name, source[c.source]) for c in families.CHANNELS]


def test_every_closed_word_of_a_result_stands_in_the_concepts(repository: Path) -> None:
    """Verdicts, campaign kinds other than the plain one, and effects are explained."""
    page = (repository / "docs/concepts.md").read_text()
    effects = results.DECISION.columns["effect"].values
    words = {*results.VERDICTS, *effects, *results.KINDS} - {"distillation"}
    assert sorted(word for word in words if f"`{word}`" not in page) == []


def lost_links(page: Path) -> list[str]:
    """Give the relative links and pictures of a page that lead to no file."""
    return [to for to in LINK.findall(page.read_text()) if not (page.parent / to.strip()).exists()]


def test_every_link_leads_somewhere(repository: Path) -> None:
    """Relative links and pictures of every page, found by looking, are files of the repository."""
    pages = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md")]
    assert len(pages) >= len(PAGES)
    lost = {str(page.relative_to(repository)): lost_links(page) for page in pages}
    assert {page: links for page, links in lost.items() if links} == {}


def test_a_link_to_nothing_is_noticed(tmp_path: Path) -> None:
    """The check above can fail, for a page and a picture, and leaves the web and places alone."""
    page = tmp_path / "page.md"
    page.write_text("[a](a.md) ![b](b.svg) [c](https://c.example) [d](#d) [e](page.md#there)")
    assert lost_links(page) == ["a.md", "b.svg"]


def test_decision_records_are_numbered_and_whole(repository: Path) -> None:
    """Numbers without a gap; title, context, decision, consequences, what would change it."""
    pages = sorted((repository / "docs/adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {page.name[:4]}: "), page.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ADR_SECTIONS, page.name


def test_the_changelog_keeps_its_form(repository: Path) -> None:
    """Unreleased stands first, and every heading below is one of the six kinds."""
    text = (repository / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[0] == "[Unreleased]"
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= CHANGELOG_KINDS


def test_the_version_is_one(repository: Path) -> None:
    """The package, its metadata and pyproject.toml say the same."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert stillwatch.__version__ == project["version"]


def test_every_command_stands_in_the_readme(repository: Path) -> None:
    """A command that the README doesn't name doesn't exist for a newcomer."""
    readme = (repository / "README.md").read_text()
    commands = [name for name, c in command_line().commands.items() if not c.hidden]
    assert commands
    assert [name for name in commands if f"`stillwatch {name}" not in readme] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_that_a_page_names_is_there(page: str, repository: Path) -> None:
    """`stillwatch NAME --option` in a page can be typed as it stands."""
    cli = command_line()
    text = (repository / page).read_text()
    lines = [*TICKED.findall(FENCED.sub("", text)), *"\n".join(FENCED.findall(text)).splitlines()]
    unknown = []
    for line in lines:
        found = re.search(r"\bstillwatch (--version|[a-z]+)([^#]*)", line)
        if not found or found[1] == "--version":
            continue
        known = cli.commands.get(found[1])
        options = {o for p in getattr(known, "params", []) for o in (*p.opts, *p.secondary_opts)}
        if known is None or not set(re.findall(r"--[a-z-]+", found[2])) <= options:
            unknown.append(line)
    assert unknown == []
