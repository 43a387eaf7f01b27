"""`stillwatch open`: a finished result, in the console, to whoever has the printed address."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stillwatch.app.console import opening
from stillwatch.app.console.opening import open_result


@pytest.mark.long
def test_open_serves_a_result_until_it_is_told_to_end(
    scanned: Path, environment: dict[str, str]
) -> None:
    """The address leads in, nothing else does, Ctrl-C ends it, and nothing was written."""
    before = {path.name: path.stat().st_mtime_ns for path in scanned.iterdir()}
    command = [str(Path(sys.executable).with_name("stillwatch")), "open", str(scanned), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout is not None
        said = running.stdout.readline().strip()
        base = f"http://{urlsplit(said).netloc}"
        assert said.startswith("http://127.0.0.1:")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{base}/console")  # noqa: S310  an address of our own
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        with urllib.request.build_opener(jar).open(said) as answer:
            assert "campaigns found" in answer.read().decode()
        running.send_signal(signal.SIGINT)
        assert running.wait(20) in {0, 130}
    assert before == {path.name: path.stat().st_mtime_ns for path in scanned.iterdir()}


def test_open_ends_when_nobody_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once nobody has asked for long enough; here, at once."""
    monkeypatch.setattr(opening, "CONSOLE_IDLE_S_MAX", -1)
    told: list[str] = []
    open_result(tmp_path, tell=told.append)
    assert len(told) == 1
    assert "/console/enter?token=" in told[0]


def test_each_start_has_a_token_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty-three characters, drawn at random."""
    monkeypatch.setattr(opening, "CONSOLE_IDLE_S_MAX", -1)
    told: list[str] = []
    for _ in range(2):
        open_result(tmp_path, tell=told.append)
    tokens = {address.rpartition("=")[2] for address in told}
    assert len(tokens) == 2
    assert {len(token) for token in tokens} == {43}
