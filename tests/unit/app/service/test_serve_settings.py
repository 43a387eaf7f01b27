"""What may be set, who may be let in, and where the service refuses to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillwatch.app.service.access.keys import SCOPES, EverybodyMay, hash_key, read_keys
from stillwatch.app.service.serve import check_exposure
from stillwatch.app.service.settings import Listening, ServiceSettings
from stillwatch.app.service.telemetry import Spans
from stillwatch.app.settings import read_section
from stillwatch.domain.errors import SettingError


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.test"])  # noqa: S104
def test_the_world_is_not_answered_without_keys(host: str) -> None:
    """This machine alone, or keys."""
    with pytest.raises(SettingError, match="no keys"):
        check_exposure(Listening(host=host), has_keys=False)
    check_exposure(Listening(host=host), has_keys=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_no_key(host: str) -> None:
    """Nobody else can reach it."""
    check_exposure(Listening(host=host), has_keys=False)


def test_half_of_tls_is_refused(tmp_path: Path) -> None:
    """A certificate without its key would be plain text that looks safe."""
    with pytest.raises(SettingError, match="TLS"):
        check_exposure(Listening(certificate=tmp_path), has_keys=True)


def test_settings_come_from_the_environment() -> None:
    """By name and type; a name or a word that is none is refused."""
    said = {
        "STILLWATCH_SERVE_DECISIONS_ON_FAILURE": "deny",
        "STILLWATCH_SERVE_DECISIONS_BUDGET_MS": "7",
    }
    settings = read_section("serve", ServiceSettings(), said)
    route = settings.route("decisions")
    assert (route.on_failure, route.budget_ms) == ("deny", 7.0)
    assert settings.route("authz").on_failure == "allow"
    with pytest.raises(SettingError):
        read_section("serve", ServiceSettings(), {"STILLWATCH_SERVE_NOTHING": "1"})
    with pytest.raises(SettingError, match="maybe"):
        ServiceSettings(envoy_on_failure="maybe").route("envoy")


def test_keys_are_read_as_hashes(tmp_path: Path) -> None:
    """The key itself stands nowhere."""
    path = tmp_path / "keys.toml"
    path.write_text(f'[[key]]\nname = "edge"\nsha256 = "{hash_key("k")}"\nscopes = ["decide"]\n')
    ring = read_keys(path)
    found = ring.find("k")
    assert found is not None
    assert (found.name, found.scopes) == ("edge", {"decide"})
    assert ring.find("other") is ring.find("") is None
    assert EverybodyMay().find("").scopes == set(SCOPES)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[key]]\n",
        '[[key]]\nname = "a"\nsha256 = "short"\nscopes = []\n',
        f'[[key]]\nname = "a"\nsha256 = "{"0" * 64}"\nscopes = ["everything"]\n',
        "not toml",
    ],
)
def test_keys_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    """Before the service starts."""
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(SettingError):
        read_keys(path)


def test_spans_are_nothing_unless_wanted() -> None:
    """Off, they cost a null context; on, they are OpenTelemetry's."""
    with Spans(wanted=False).span("x"):
        pass
    pytest.importorskip("opentelemetry.trace", reason="OpenTelemetry is not installed")
    with Spans(wanted=True).span("x") as span:
        assert span is not None
