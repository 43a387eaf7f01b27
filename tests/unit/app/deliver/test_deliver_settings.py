"""Settings of deliveries: what is refused, and that no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries_by_hand import OLD_SECRET, SECRET

from stillwatch.app.deliver.settings import (
    DeliverSettings,
    channels_in_use,
    read_deliver_settings,
)
from stillwatch.app.deliver.targets import effects_target, mail_target, notices_target
from stillwatch.domain.errors import SecretKeyError, SettingError

URL = "https://accounts.internal/stillwatch"
MAIL = {
    "mail_to": "ann@example.com, ben@example.com",
    "mail_from": "stillwatch@example.com",
    "mail_host": "mail.example.com",
}


def read(**given: object) -> DeliverSettings:
    """Read settings from an environment."""
    return read_deliver_settings(
        {f"STILLWATCH_DELIVER_{name.upper()}": str(value) for name, value in given.items()}
    )


def test_channels_are_those_that_lead_somewhere() -> None:
    """Effects are queued for channels that somebody empties, and no other."""
    assert channels_in_use(read()) == ()
    assert channels_in_use(read(webhook_url=URL)) == ("webhook",)
    assert channels_in_use(read(webhook_url=URL, files="out")) == ("webhook", "file")


@pytest.mark.parametrize(
    "url",
    [
        "http://accounts.internal/",
        "ftp://accounts.internal/",
        "https://user:word@accounts.internal/",
        "https://accounts.internal/#part",
        "https://accounts.internal:port/",
        "https:///nowhere",
        "https://accounts.internal/\r\nx: y",
    ],
)
def test_an_address_that_is_none_or_not_safe_is_refused(url: str) -> None:
    """Plain HTTP beyond this machine, other schemes, passwords, line ends."""
    with pytest.raises(SettingError, match="WEBHOOK_URL"):
        effects_target(read(webhook_url=url, webhook_secrets=SECRET))


def test_plain_http_is_for_this_machine_or_for_who_says_so() -> None:
    """A sidecar on loopback needs no TLS; a network does, unless its operator knows better."""
    assert effects_target(read(webhook_url="http://127.0.0.1:9/", webhook_secrets=SECRET))
    plain = read(webhook_url="http://10.0.0.9/", webhook_secrets=SECRET, allow_plain_http="yes")
    assert effects_target(plain)


def test_effects_are_always_signed_and_a_chat_needs_not_be() -> None:
    """Without a secret a webhook of effects is refused, and so are notices for programs."""
    with pytest.raises(SettingError, match="WEBHOOK_SECRETS"):
        effects_target(read(webhook_url=URL))
    with pytest.raises(SettingError, match="NOTICE_SECRETS"):
        notices_target(read(notice_url=URL))
    assert notices_target(read(notice_url=URL, notice_format="text"))


def test_secrets_come_from_a_file_of_ones_own(tmp_path: Path) -> None:
    """One a line, all of them sign; a file that others may read is refused."""
    file = tmp_path / "secrets"
    file.write_text(f"# new, old\n{SECRET}\n\n{OLD_SECRET}\n")
    file.chmod(0o600)
    target = effects_target(read(webhook_url=URL, webhook_secrets_file=file))
    assert target is not None
    assert len(target.signer.keys) == 2
    file.chmod(0o640)
    with pytest.raises(SecretKeyError, match="others may read"):
        effects_target(read(webhook_url=URL, webhook_secrets_file=file))


def test_no_secret_is_ever_shown() -> None:
    """Neither in a setting's text, nor in a target's, nor in a refusal."""
    settings = read(webhook_url=URL, webhook_secrets=SECRET, **{**MAIL, "mail_password": "hunter2"})
    shown = [settings, effects_target(settings), mail_target(settings)]
    with pytest.raises(SecretKeyError) as refused:
        effects_target(read(webhook_url=URL, webhook_secrets="whsec_c2hvcnQ="))
    text = f"{shown!r} {refused.value!r} {refused.value.hint}"
    assert not any(word in text for word in (SECRET, SECRET[6:], "hunter2", "c2hvcnQ"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"mail_to": "ann@example.com\r\nBcc: eve@example.com"},
        {"mail_from": "stillwatch"},
        {"mail_host": ""},
        {"mail_security": "none"},
        {"mail_security": "maybe"},
        {"mail_to": ",".join(f"a{n}@example.com" for n in range(30))},
    ],
)
def test_mail_that_is_not_safe_is_refused(wrong: dict[str, str]) -> None:
    """Injected headers, no address, no server, no encryption, a list of people."""
    with pytest.raises(SettingError):
        mail_target(read(**{**MAIL, **wrong}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"notice_format": "html"},
        {"timeout_s": 0},
        {"timeout_s": 600},
        {"notices_per_minute": 0},
        {"link_base": "javascript:alert(1)"},
        {"no_such": 1},
    ],
)
def test_a_value_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    """Words, bounds, schemes and names."""
    with pytest.raises(SettingError):
        read(**wrong)
