"""Mail: encrypted on the way or not at all, text alone, and a header is one line."""

from __future__ import annotations

import email
from email import policy
from pathlib import Path

import pytest
from deliveries_by_hand import Clock, find_campaign
from ledgers_by_hand import NOW, decision
from self_signed import make_certificate
from smtp_sink import mail_server

from stillwatch.act.digests import Digest, write_mail
from stillwatch.act.notices import tell_of_broken_log
from stillwatch.app.deliver.jobs import make_jobs, run_once
from stillwatch.app.deliver.notices.mailing import send_mail
from stillwatch.app.deliver.settings import DeliverSettings
from stillwatch.app.deliver.targets import MailTarget
from stillwatch.store.ledger import Ledger

MAIL = write_mail(
    Digest("msg_1", (tell_of_broken_log(),), NOW),
    sender="stillwatch@example.com",
    recipients=["ann@example.com"],
)


def target(port: int, *, security: str, ca_file: str | None = None) -> MailTarget:
    """Give where a mail goes."""
    return MailTarget(
        host="localhost",
        port=port,
        security=security,
        sender="stillwatch@example.com",
        recipients=("ann@example.com",),
        user="",
        password="",
        ca_file=ca_file,
        timeout_s=20.0,
    )


def test_notices_come_as_one_mail_of_plain_text(ledger: Ledger, clock: Clock) -> None:
    """Subject of counts, every recipient, no account, one id however often it is sent."""
    find_campaign(ledger, clock.now)
    with ledger.write(actor="ann", now=clock.now) as change:
        change.propose_decision(decision(), account_ids=["acct-1"])
    with mail_server() as server:
        settings = DeliverSettings(
            mail_to="ann@example.com, ben@example.com",
            mail_from="stillwatch@example.com",
            mail_host="127.0.0.1",
            mail_port=server.port,
            mail_security="none",
            audit_hours=0.0,
        )
        for _ in range(2):
            run_once(make_jobs(ledger, settings, clock.means()), complain=pytest.fail)
    (raw,) = server.mails
    mail = email.message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == "Stillwatch: 1 decision waits, 1 new campaign"
    assert mail.get_content_type() == "text/plain"
    assert str(mail["Message-ID"]).startswith("<msg_")
    assert len(server.recipients) == 2
    assert "New campaign c-1" in mail.get_content()
    assert b"acct-1" not in raw


def test_starttls_encrypts_and_verifies(tmp_path: Path) -> None:
    """A certificate that is trusted: the mail travels under TLS."""
    certificate = make_certificate(tmp_path, host="localhost")
    with mail_server(certificate=certificate) as server:
        answer = send_mail(MAIL, target(server.port, security="starttls", ca_file=certificate[0]))
    assert (answer.status, server.were_encrypted) == (250, [True])


@pytest.mark.parametrize("offers", [True, False])
def test_nothing_travels_in_the_clear_that_was_to_be_encrypted(
    tmp_path: Path, *, offers: bool
) -> None:
    """A certificate that nobody vouches for, or no STARTTLS at all: no mail, and it says so."""
    certificate = make_certificate(tmp_path, host="localhost") if offers else None
    with mail_server(certificate=certificate) as server:
        answer = send_mail(MAIL, target(server.port, security="starttls"))
    assert answer.status is None
    assert answer.error
    assert server.mails == []


def test_a_refusal_is_tried_again() -> None:
    """Whatever the server says: its operator may mend it."""
    with mail_server(refuses=554) as server:
        answer = send_mail(MAIL, target(server.port, security="none"))
    assert (answer.status, answer.error) == (None, "the mail server says 554")
    gone = send_mail(MAIL, target(1, security="none"))
    assert gone.error == "the connection is refused"


@pytest.mark.parametrize("evil", ["a@b.example\r\nBcc: eve@example.com", "a@b.example\nX: y"])
def test_no_header_can_be_injected(evil: str) -> None:
    """A line end in an address is refused by the message itself, behind the settings' check."""
    with pytest.raises(ValueError, match=r"linefeed|newline|CR or LF|header"):
        write_mail(
            Digest("msg_1", (tell_of_broken_log(),), NOW), sender=evil, recipients=["a@b.example"]
        )
