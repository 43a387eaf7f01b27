"""Where things go, made of the settings and held to what is safe: addresses and secrets.

An address never holds a user or a password; a secret never travels, and what signs with it shows
none. Files of secrets are refused where others may read them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from stillwatch.act.signing import Signer, make_signer
from stillwatch.app.deliver.settings import PERSONAL, DeliverSettings, refused
from stillwatch.domain.errors import SecretKeyError
from stillwatch.domain.service_limits import (
    LEDGER_WORD_CHARS_MAX,
    MAIL_RECIPIENTS_MAX,
    WEBHOOK_SECRETS_MAX,
)

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"]+@[A-Za-z0-9.-]+")
_FOLLOWER_CHARS_MAX: Final = LEDGER_WORD_CHARS_MAX - len(PERSONAL)
"""Characters of a follower's name: with the word before it, it names a sink in the ledger."""
_OTHERS_RIGHTS: Final = 0o077
_SECURITIES: Final = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """Where a webhook goes."""

    url: str
    signer: Signer
    ca_file: str | None
    timeout_s: float


@dataclass(frozen=True, slots=True)
class MailTarget:
    """Where mail goes."""

    host: str
    port: int
    security: str
    sender: str
    recipients: tuple[str, ...]
    user: str
    password: str = field(repr=False)
    ca_file: str | None
    timeout_s: float


def effects_target(settings: DeliverSettings) -> HttpTarget | None:
    """Give where effects go; None where no webhook is set.

    Raises:
        SettingError: the address can't be, or there is no secret to sign with.
        SecretKeyError: a secret is none, or others may read its file.
    """
    signer = _read_signer(settings.webhook_secrets, settings.webhook_secrets_file)
    if settings.webhook_url and not signer.keys:
        raise refused(setting="webhook_secrets", says="is empty: effects are always signed")
    return _http_target("webhook_url", settings.webhook_url, signer, settings)


def notices_target(settings: DeliverSettings) -> HttpTarget | None:
    """Give where notices go; None where no webhook is set. A chat's needs no secret.

    Raises:
        SettingError, SecretKeyError: as for effects.
    """
    signer = _read_signer(settings.notice_secrets, settings.notice_secrets_file)
    if settings.notice_url and not signer.keys and settings.notice_format != "text":
        raise refused(setting="notice_secrets", says="is empty, and notice_format is not text")
    return _http_target("notice_url", settings.notice_url, signer, settings)


def mail_target(settings: DeliverSettings) -> MailTarget | None:
    """Give where mail goes; None where nobody gets any.

    Raises:
        SettingError: an address is none, or a password would travel unencrypted.
        SecretKeyError: others may read the password's file.
    """
    if not settings.mail_to:
        return None
    recipients = tuple(one.strip() for one in settings.mail_to.split(",") if one.strip())
    return _mail_target(settings, recipients)


def follower_targets(settings: DeliverSettings) -> dict[str, MailTarget]:
    """Give where mail to each follower of cases goes, by their name in the ledger.

    Raises:
        SettingError: a line is no name and address, or as for `mail_target`.
        SecretKeyError: others may read the file, or that of the password.
    """
    found = {}
    for line in _read_lines(settings.mail_followers_file) if settings.mail_followers_file else ():
        name, _, address = line.partition(" ")
        if not name or len(name) > _FOLLOWER_CHARS_MAX or name in found:
            says = f"has a line that is no `user address` of a name up to {_FOLLOWER_CHARS_MAX}"
            raise refused(setting="mail_followers_file", says=says)
        found[name] = _mail_target(settings, (address.strip(),))
    if len(found) > MAIL_RECIPIENTS_MAX:
        raise refused(setting="mail_followers_file", says=f"has more than {MAIL_RECIPIENTS_MAX}")
    return found


def _mail_target(settings: DeliverSettings, recipients: tuple[str, ...]) -> MailTarget:
    _check_mail(settings, recipients)
    password = settings.mail_password
    if settings.mail_password_file:
        password = "".join(_read_lines(settings.mail_password_file)[:1])
    return MailTarget(
        settings.mail_host,
        settings.mail_port,
        settings.mail_security,
        settings.mail_from,
        recipients,
        settings.mail_user,
        password,
        settings.ca_file or None,
        settings.timeout_s,
    )


def _check_mail(settings: DeliverSettings, recipients: Sequence[str]) -> None:
    if not 1 <= len(recipients) <= MAIL_RECIPIENTS_MAX:
        raise refused(setting="mail_to", says=f"has no address, or more than {MAIL_RECIPIENTS_MAX}")
    if not all(_ADDRESS.fullmatch(one) for one in (settings.mail_from, *recipients)):
        raise refused(setting="mail_from", says="or mail_to is no address like alerts@example.com")
    if not settings.mail_host:
        raise refused(setting="mail_host", says="is empty, and mail_to isn't")
    if settings.mail_security not in _SECURITIES:
        raise refused(setting="mail_security", says=f"is none of {', '.join(_SECURITIES)}")
    if settings.mail_security == "none" and settings.mail_host not in _LOOPBACK:
        raise refused(
            setting="mail_security", says="is none, and the server is not on this machine"
        )


def _http_target(
    name: str, url: str, signer: Signer, settings: DeliverSettings
) -> HttpTarget | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if (
        not is_address
        or parts.username
        or parts.password
        or parts.fragment
        or not url.isprintable()
    ):
        raise refused(setting=name, says="is no https:// address without a user and a #")
    is_open = parts.scheme == "http" and parts.hostname not in _LOOPBACK
    if is_open and not settings.allow_plain_http:
        raise refused(
            setting=name, says="is plain http:// to another machine; see allow_plain_http"
        )
    return HttpTarget(url, signer, settings.ca_file or None, settings.timeout_s)


def _read_signer(given: str, file: str) -> Signer:
    secrets = [*given.split(), *(_read_lines(file) if file else ())]
    if len(secrets) > WEBHOOK_SECRETS_MAX:
        raise refused(setting="webhook_secrets", says=f"are more than {WEBHOOK_SECRETS_MAX}")
    try:
        return make_signer(secrets)
    except ValueError as none:
        raise SecretKeyError(str(none), hint="docs/operate/delivery.md makes one") from none


def _read_lines(file: str) -> list[str]:
    path = Path(file).expanduser()
    try:
        if path.stat().st_mode & _OTHERS_RIGHTS:
            message = f"others may read {path}"
            raise SecretKeyError(message, hint=f"chmod 600 {path}")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as unreadable:
        message = f"cannot read {path}"
        raise SecretKeyError(message, hint="name a file of secrets, one a line") from unreadable
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
