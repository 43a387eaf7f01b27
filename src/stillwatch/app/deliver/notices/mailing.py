"""One mail to the operator's own server: encrypted on the way, text alone, and what came back.

The standard library's client. A server that does not offer STARTTLS where it was asked for gets
nothing. Whatever the server refuses is tried again: its operator may mend it, and a notice that is
told late is told.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from threading import Event

from stillwatch.act.couriers import Answer
from stillwatch.act.digests import Digest, write_mail
from stillwatch.app.deliver.notices.telling import Sink
from stillwatch.app.deliver.posting import cut_off, name_fault
from stillwatch.app.deliver.targets import MailTarget
from stillwatch.domain.service_limits import WEBHOOK_S_MAX

_TAKEN = 250


def mail_sink(target: MailTarget, name: str = "mail") -> Sink:
    """Make a sink that is mail."""

    def send(digest: Digest) -> Answer:
        mail = write_mail(digest, sender=target.sender, recipients=target.recipients)
        return send_mail(mail, target)

    return Sink(name, send)


def send_mail(mail: EmailMessage, target: MailTarget) -> Answer:
    """Hand a mail over, and give what came back; nothing is raised."""
    cut = Event()
    try:
        with (
            _connect(target) as server,
            cut_off(lambda: server.sock, after_s=WEBHOOK_S_MAX, cut=cut),
        ):
            _introduce(server, target)
            refused = server.send_message(mail)
        if refused:
            return Answer(_TAKEN, f"{len(refused)} of the recipients were refused")
        return Answer(_TAKEN)
    except smtplib.SMTPResponseException as failure:
        return Answer(None, f"the mail server says {failure.smtp_code}")
    except smtplib.SMTPException as failure:
        return Answer(None, f"the mail server refuses: {type(failure).__name__}")
    except (OSError, ValueError) as failure:
        return Answer(None, "the mail server is too slow" if cut.is_set() else name_fault(failure))


def _connect(target: MailTarget) -> smtplib.SMTP:
    if target.security != "tls":
        return smtplib.SMTP(target.host, target.port, timeout=target.timeout_s)
    trust = ssl.create_default_context(cafile=target.ca_file)
    return smtplib.SMTP_SSL(target.host, target.port, timeout=target.timeout_s, context=trust)


def _introduce(server: smtplib.SMTP, target: MailTarget) -> None:
    server.ehlo()
    if target.security == "starttls":
        server.starttls(context=ssl.create_default_context(cafile=target.ca_file))
        server.ehlo()
    if target.user:
        server.login(target.user, target.password)
