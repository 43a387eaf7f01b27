"""The audit log: who did what when; verified from here, and anchored for another party to keep."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from stillwatch.app.console.desk.changing import act_page, read_ledger, word_refusal
from stillwatch.app.console.desk.deciding.wishes import read_day
from stillwatch.app.console.desk.rows import sheet_of
from stillwatch.app.console.desk.trail import ALL_COLUMNS, describe_entries
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Page, Sent, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.service.control import audit as management
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger import read_anchor
from stillwatch.store.ledger.audit.anchor import Anchor
from stillwatch.store.ledger.audit.trails import TRAIL_MAX, Wanted, list_trail
from stillwatch.store.ledger.audit.verify import AuditReport
from stillwatch.store.ledger.nouns import KINDS

_BACK: Final = address("/audit")
_FAULTS_SHOWN_MAX: Final = 50
_DIGITS_MAX: Final = 18


def view(asked: Asked) -> Shown:
    """List entries, the newest first; the address says which."""
    wanted = _wanted(asked)
    entries = read_ledger(asked, lambda view: list_trail(view, wanted))
    sheet = sheet_of(
        "entries",
        "Audit log",
        columns=ALL_COLUMNS,
        rows=describe_entries(entries),
        empty="No entry is like that. Leave some of the filters out.",
    )
    older = str(entries[-1].number) if len(entries) == TRAIL_MAX else None
    return _show(older=older, sheets=(sheet,))


def verify(asked: Asked) -> Shown:
    """Read the whole log again, and compare it with an anchor where one is given."""
    anchor, problem = _anchor(asked.said("anchor"))
    if problem:
        return _show(problem=problem, status=422)
    ledger = asked.ledger()
    if not management._verifying.acquire(blocking=False):  # noqa: SLF001  one at a time, for both
        advice = "Somebody has just asked for it. Try again in a minute."
        raise RefusedPageError(503, "It is being verified", advice)
    try:
        report = management._verify(ledger, anchor, asked.now)  # noqa: SLF001  as the API does it
    except RefusedError as refused:
        return _show(problem=refused.detail, status=refused.status)
    except StillwatchError as refused:
        raise word_refusal(refused) from refused
    finally:
        management._verifying.release()  # noqa: SLF001  as above
    return _show(report=report, had_anchor=anchor is not None)


def download_anchor(asked: Asked) -> Sent:
    """Give the anchor of the log as a file, for another party to keep."""
    try:
        anchor = asked.ledger().anchor(now=asked.now)
    except StillwatchError as refused:
        raise word_refusal(refused) from refused
    name = f"stillwatch-{anchor.entries}.anchor"
    return Sent(anchor.to_json(), "application/json", name)


def _wanted(asked: Asked) -> Wanted:
    before, until = asked.text("before"), read_day(asked.text("until"))
    is_number = before.isascii() and before.isdecimal() and len(before) < _DIGITS_MAX
    return Wanted(
        actor=asked.text("actor").strip() or None,
        kind=asked.choice("kind", ("", *sorted(KINDS.values()))) or None,
        subject_id=asked.text("subject").strip() or None,
        since=read_day(asked.text("since")),
        until=until + timedelta(days=1) if until else None,
        before=int(before) if is_number else None,
    )


def _anchor(text: str) -> tuple[Anchor | None, str]:
    """Read a pasted anchor; a text that is none is told."""
    if not text:
        return None, ""
    with suppress(StillwatchError):
        return read_anchor(text.encode()), ""
    return None, "This is no anchor. Paste the whole file that was downloaded here."


def _show(**told: Any) -> Shown:  # noqa: ANN401  what the template is told
    sheets, status = told.pop("sheets", ()), told.pop("status", 200)
    report: AuditReport | None = told.get("report")
    said = {
        "problem": "",
        "report": None,
        "older": None,
        "had_anchor": False,
        "kinds": sorted(KINDS.values()),
        "faults": report.faults[:_FAULTS_SHOWN_MAX] if report else (),
        **told,
    }
    return Shown("desk/audit.html", said, sheets=sheets, status=status)


PAGES: Final = (
    Page("/audit", "Audit log", view, section="Service", needs=("ledger",), key="l"),
    Page("/audit/anchor", "Anchor", download_anchor, needs=("ledger",)),
    act_page("/audit/verify", "Audit log", verify, scope="read", back=_BACK),
)
