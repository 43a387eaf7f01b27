"""Settings of access: what is refused at the start, and not when it is too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillwatch.app.service.access.oidc.roles import name_in, read_role_map, roles_in
from stillwatch.app.service.access.settings import AccessSettings
from stillwatch.app.settings import read_section
from stillwatch.domain.errors import SettingError


@pytest.mark.parametrize(
    "said",
    [
        {"public_url": "http://stillwatch.example"},
        {"public_url": "stillwatch.example"},
        {"public_url": "ftp://127.0.0.1"},
        {"oidc_issuer": "http://issuer.example", "oidc_client_id": "c"},
        {"oidc_issuer": "https://issuer.example"},
        {"oidc_issuer": "https://issuer.example", "oidc_client_id": "c"},
        {"session_idle_s": 10.0, "session_s": 5.0},
        {"session_idle_s": 0.0},
    ],
)
def test_what_would_leave_a_door_open_is_refused(said: dict[str, str]) -> None:
    """With a hint that names the variable."""
    with pytest.raises(SettingError) as refused:
        AccessSettings(**said).check()  # type: ignore[arg-type]
    assert refused.value.hint


def test_the_environment_sets_it() -> None:
    """As any other section; the secret is not in its image."""
    said = {
        "STILLWATCH_ACCESS_PUBLIC_URL": "https://Stillwatch.example:8443/",
        "STILLWATCH_ACCESS_OIDC_CLIENT_SECRET": "hush",
        "STILLWATCH_ACCESS_SESSION_S": "7200",
    }
    found = read_section("access", AccessSettings(), said)
    found.check()
    assert found.origin == "https://stillwatch.example:8443"
    assert found.hosts == {"stillwatch.example", "localhost", "127.0.0.1", "::1"}
    assert found.session_s == 7200.0
    assert "hush" not in repr(found)


def test_the_clients_secret_rests_in_a_file(tmp_path: Path) -> None:
    """Without the line's end; a file that can't be read is said at the start."""
    (tmp_path / "secret").write_text("hush\n")
    named = AccessSettings(oidc_client_secret_file=str(tmp_path / "secret"))
    assert named.read_client_secret() == "hush"
    assert AccessSettings().read_client_secret() == ""
    with pytest.raises(SettingError):
        AccessSettings(oidc_client_secret_file=str(tmp_path / "none")).read_client_secret()


def test_a_map_of_roles_is_read() -> None:
    """Values may hold an equals sign; a role that is none is refused."""
    found = read_role_map("soc=analyst, cn=leads=approver+viewer,soc=viewer,")
    assert found == {
        "soc": frozenset({"analyst", "viewer"}),
        "cn=leads": frozenset({"approver", "viewer"}),
    }
    assert read_role_map("") == {}
    for wrong in ("soc", "soc=", "=viewer", "soc=owner", "soc=analyst+"):
        with pytest.raises(SettingError):
            read_role_map(wrong)


def test_claims_give_roles_and_a_name() -> None:
    """A list or a word; whatever else stands there gives none. No e-mail becomes a name."""
    role_map = read_role_map("soc=analyst,leads=approver")
    for said, roles in (
        (["soc", "x", 7, None], ("analyst",)),
        ("leads", ("approver",)),
        (["leads", "soc"], ("analyst", "approver")),
        ({"soc": True}, ()),
        (None, ()),
        ([["soc"]], ()),
    ):
        assert roles_in({"groups": said}, role_map, claim="groups") == roles
    for said, name in (
        ("Ann.Example@corp.example", "ann.example"),
        ("service:policy", "service-policy"),
        ("Ö. Ü", ""),
        ("<script>", "script"),
        (7, ""),
        ("a" * 100, "a" * 64),
    ):
        assert name_in({"name": said}, claim="name") == name
