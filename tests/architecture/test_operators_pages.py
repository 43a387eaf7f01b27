"""What an operator copies at night can be typed: commands and options of pages and of packaging."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from test_docs_are_true import command_line

from stillwatch.app.service.settings import ServiceSettings
from stillwatch.app.settings import PREFIX
from stillwatch.domain.settings import RetentionSettings, Settings

PAGES = ("docs/operate/on-call.md", "docs/operate/data.md", "docs/operate/ingestion.md")
UNITS = ("packaging/stillwatch.service", "packaging/stillwatch-upkeep.service")
BINARY = "/opt/stillwatch/bin/stillwatch"
TYPED = re.compile(r"(?<![\w./-])stillwatch ((?:[a-z]+|--version)\b[^`#;|\n]*)")
CODE = re.compile(r"^```sh\n(.*?)^```$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
EXPOSURE_MAX = "20"
"""Tenths of systemd's exposure level: 2.0 of 10 is its `OK`."""


def unknown_parts(line: str) -> list[str]:
    """Give what of a command, after the word `stillwatch`, can't be typed."""
    words = shlex.split(line, posix=True)
    command: Any = command_line()
    wrong: list[str] = []
    while words and hasattr(command, "commands"):
        name = words.pop(0)
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
    wrong += [word for word in words if word.startswith("--") and word not in options]
    required = sum(1 for p in command.params if p.required and p.param_type_name == "argument")
    given = sum(1 for word in words if not word.startswith("-"))
    return wrong if given >= required or wrong else [f"{line}: an argument is missing"]


def typed(text: str) -> list[str]:
    """Give every command of a page, in a fence or in backticks; a name alone is no command."""
    pieces = [fenced or ticked for fenced, ticked in CODE.findall(text)]
    found = [line.strip() for piece in pieces for line in TYPED.findall(piece)]
    return [line for line in found if " " in line]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_an_operators_page_can_be_typed(page: str, repository: Path) -> None:
    """Commands of groups too, with their options and as many arguments as they need."""
    lines = typed((repository / page).read_text())
    assert len(lines) >= 5
    assert [line for line in lines if "…" not in line and unknown_parts(line)] == []


def test_a_command_that_is_not_there_is_noticed() -> None:
    """The check above can fail: by a command, one of a group, an option and an argument."""
    for line in ("nowhere x", "lake nowhere x", "lake compact x --nowhere", "restore"):
        assert unknown_parts(line)
    assert unknown_parts("lake compact lake/ --sweep-now") == []
    assert typed("`stillwatch sql LAKE` and\n```sh\nstillwatch watch a --out b  # c\n```") == [
        "sql LAKE",
        "watch a --out b",
    ]


def test_the_page_for_the_night_is_one_page(repository: Path) -> None:
    """A hundred lines, as printed."""
    assert len((repository / PAGES[0]).read_text().splitlines()) <= 100


def unit_of(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Read a unit: its sections, each with its settings in order; names may come twice."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("["):
            sections[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            sections[list(sections)[-1]].append((name, value))
    return sections


@pytest.mark.parametrize("name", UNITS)
def test_what_a_unit_runs_can_be_typed(name: str, repository: Path) -> None:
    """Commands and options exist, and it is hardened as the page says."""
    service = unit_of(repository / name)["Service"]
    runs = [value for key, value in service if key == "ExecStart"]
    assert runs
    for line in runs:
        assert line.startswith(f"{BINARY} ")
        assert unknown_parts(line.removeprefix(f"{BINARY} ")) == []
    wanted = {
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("StateDirectory", "stillwatch"),
        ("LoadCredential", "pseudonym.key:/etc/stillwatch/pseudonym.key"),
    }
    assert wanted <= set(service)
    variables = " ".join(value for key, value in service if key == "Environment").split()
    assert "HOME=/var/lib/stillwatch" in variables  # a dynamic user has none
    assert "MemoryMax" in dict(service)
    assert "MemoryDenyWriteExecute" not in dict(service)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is absent")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_the_units(name: str, repository: Path, tmp_path: Path) -> None:
    """It verifies them, the program aside, and finds them hardened."""
    for unit in (repository / "packaging").glob("stillwatch*.[st]*e*r*"):
        text = unit.read_text().replace(BINARY, "/bin/true")
        (tmp_path / unit.name).write_text(text)
    unit = tmp_path / Path(name).name
    for words in (
        ("verify", "--man=no", unit),
        ("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", unit),
    ):
        done = subprocess.run(
            ["systemd-analyze", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_shell_as_the_service_has_its_user_folders_keys_and_variables(repository: Path) -> None:
    """What `stillwatch-shell` asks of systemd are lines of the service's unit."""
    service = unit_of(repository / UNITS[0])["Service"]
    text = (repository / "packaging/stillwatch-shell").read_text()
    asked = [one.partition("=")[::2] for one in re.findall(r'-p ("[^"]+"|\S+)', text)]
    assert len(asked) >= 8
    settings = [(key, value) for key, value in asked if not key.startswith("Environment")]
    assert set(settings) <= set(service)
    variables = " ".join(value for key, value in service if key == "Environment").split()
    for word in variables:
        name, _, value = word.partition("=")
        assert name == "PYTHONDONTWRITEBYTECODE" or f"{name}={value}" in text.replace(
            '"$CREDENTIALS_DIRECTORY/', "%d/"
        )


def test_the_timer_runs_what_there_is(repository: Path) -> None:
    """A timer is named after its service."""
    timers = [path.stem for path in (repository / "packaging").glob("*.timer")]
    assert timers
    assert all((repository / "packaging" / f"{name}.service").is_file() for name in timers)


def test_every_setting_of_the_environment_file_is_one(repository: Path) -> None:
    """A variable that nobody reads would be believed to work."""
    known = {f"{PREFIX}SERVE_{one.name.upper()}" for one in fields(ServiceSettings)}
    known |= {f"{PREFIX}RETENTION_{one.name.upper()}" for one in fields(RetentionSettings)}
    for section in fields(Settings):
        for one in fields(getattr(Settings(), section.name)):
            known.add(f"{PREFIX}{section.name.upper()}_{one.name.upper()}")
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string("[all]\n" + (repository / "packaging/stillwatch.env").read_text())
    assert parser["all"]
    assert sorted(set(parser["all"]) - known) == []


def test_every_retention_setting_stands_on_its_page(repository: Path) -> None:
    """A kind of data whose days can be set is explained."""
    page = (repository / "docs/operate/data.md").read_text()
    names = [one.name.upper() for one in fields(RetentionSettings)]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_container_runs_what_there_is_without_root(repository: Path) -> None:
    """Its command can be typed, its user is not root, its health is readiness, its base is free."""
    text = (repository / "packaging/Containerfile").read_text()
    command = re.search(r"^CMD \[(.*?)\]\n", text, re.MULTILINE | re.DOTALL)
    assert command
    words = re.findall(r'"([^"]+)"', command[1])
    assert unknown_parts(shlex.join(words)) == []
    assert re.search(r"^USER stillwatch$", text, re.MULTILINE)
    assert "/readyz" in text
    assert "build --format docker" in text  # images of the OCI format have no health check
    assert re.search(r"^ARG PYTHON=python:3\.\d+-slim$", text, re.MULTILINE)
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((repository / one).exists() for one in source.split())
