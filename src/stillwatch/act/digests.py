"""Many notices as one message: a subject, a text for people, a body for programs, a mail.

A message spells out NOTICE_LINES_MAX notices and counts the rest. The subject holds counts and our
words alone: it stands in lists and on locked screens. `text` is written so that a chat's webhook
takes it as text: what could be a mention or a link there is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import quote

import orjson

from stillwatch.domain.service_limits import NOTICE_LINES_MAX
from stillwatch.store.ledger.nouns.notices import NewNotice

NOTICES_SCHEMA: Final = "stillwatch.notices/1"
_WORDS: Final = {
    "audit_broken": ("audit log broken", "audit log broken"),
    "delivery_failed": ("delivery failed", "deliveries failed"),
    "appeal_deadline": ("appeal near its deadline", "appeals near their deadline"),
    "decision_waits": ("decision waits", "decisions wait"),
    "accounts_left_out": ("decision without some accounts", "decisions without some accounts"),
    "appeal_waits": ("appeal waits", "appeals wait"),
    "campaign_regrown": ("campaign regrown", "campaigns regrown"),
    "campaign_new": ("new campaign", "new campaigns"),
    "campaign_grown": ("campaign grown", "campaigns grown"),
    "case_changed": ("news of a case", "news of cases"),
}
"""The most urgent first."""
_PLACES: Final = {
    "campaign": "campaign",
    "decision": "decision",
    "delivery": "decision",
    "accounts": "decision",
    "case": "case",
}
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Digest:
    """Some notices that are told together."""

    message_id: str
    notices: tuple[NewNotice, ...]
    at: datetime
    link_base: str = ""

    @property
    def subject(self) -> str:
        """Say in one line what there is."""
        counts = Counter(one.kind for one in self.notices)
        said = (
            f"{counts[kind]} {words[counts[kind] > 1]}"
            for kind, words in _WORDS.items()
            if counts[kind]
        )
        return f"Stillwatch: {', '.join(said)}"

    @property
    def text(self) -> str:
        """Say for people what there is, the most urgent first."""
        order = list(_WORDS)
        ranked = sorted(self.notices, key=lambda one: order.index(one.kind))
        lines = [f"- {one.says}{self._where(one)}" for one in ranked[:NOTICE_LINES_MAX]]
        if left := len(ranked) - len(lines):
            lines.append(f"- … and {left:,} more: see the console.")
        return "\n".join([self.subject, "", *lines])

    def _where(self, notice: NewNotice) -> str:
        link = link_of(notice, base=self.link_base)
        return f"\n  {link}" if link else ""


def link_of(notice: NewNotice, *, base: str) -> str | None:
    """Give where in the console a notice leads.

    Nulls:   None where no base is set, and for the audit log as a whole.
    Cost:    one string.
    """
    if not base or notice.kind == "audit_broken":
        return None
    place = _PLACES.get(notice.kind.partition("_")[0], "appeal")
    return f"{base.rstrip('/')}/{place}?id={quote(notice.subject_id, safe='')}"


def write_notices(digest: Digest, *, text_alone: bool) -> bytes:
    """Write a digest as the body of a webhook; `text_alone` for a chat that takes nothing else.

    Grain:   one object; `notices` has one item a notice, in the digest's order.
    """
    text = {"text": digest.text.translate(_ESCAPES)}
    if text_alone:
        return orjson.dumps(text)
    frame = {
        "schema": NOTICES_SCHEMA,
        "message_id": digest.message_id,
        "sent_at": digest.at,
        **text,
        "notices": [_item(one, base=digest.link_base) for one in digest.notices],
    }
    return orjson.dumps(frame, option=orjson.OPT_UTC_Z)


def write_mail(digest: Digest, *, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """Write a digest as a mail of plain text; who gets it twice sees one `Message-ID`.

    Raises:
        ValueError: an address holds a line end.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, ", ".join(recipients)
    mail["Subject"] = digest.subject
    mail["Date"] = format_datetime(digest.at)
    mail["Message-ID"] = f"<{digest.message_id}@{sender.rpartition('@')[2].strip('<> ')}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(digest.text + "\n")
    return mail


def _item(notice: NewNotice, *, base: str) -> dict[str, Any]:
    return {
        "notice_id": notice.notice_id,
        "kind": notice.kind,
        "subject_id": notice.subject_id,
        "accounts": notice.accounts,
        "q_value": notice.q_value,
        "says": notice.says,
        "link": link_of(notice, base=base),
    }
