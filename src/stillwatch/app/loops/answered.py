"""From the ledger to judging: which answers of people a look goes by.

Reads the last answer about each campaign and group that was given before the look began, with what
was kept of how it looked; gives `Answered`. One group counts once, whatever name was answered
about, and the latest word on it counts: an answer that was taken back is gone at the next look.
Answers about single accounts are nobody's group, and not asked for.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stillwatch.detect.dispositions.answered import CONFIRMED, INNOCENT, Answered
from stillwatch.detect.dispositions.tables import ANSWERED
from stillwatch.domain.limits import DISPOSITION_DAYS_MAX, DISPOSITIONS_READ_MAX
from stillwatch.domain.service_limits import LEDGER_PAGE_MAX

if TYPE_CHECKING:
    from stillwatch.store.ledger.questions.answers import GroupAnswer
    from stillwatch.store.ledger.views import View

_READ: Final = (INNOCENT, CONFIRMED)
"""Answers that judging reads. One hand that harvests nothing is no honest group, and what was
permitted may well be a harvest: neither says what honest groups look like."""


def read_answered(view: View, *, at: datetime) -> Answered:
    """Read what people had answered about groups when a look began.

    Nulls:   an answer that no look's figures were kept with is counted as unused, and so are those
             that are too old, too many, or of a kind that judging doesn't read.
    Cost:    one pass over the dispositions; the audit key is not needed.
    """
    return choose_answers(view.list_group_answers(before=at, limit=LEDGER_PAGE_MAX), at=at)


def choose_answers(found: list[GroupAnswer], *, at: datetime) -> Answered:
    """Choose the answers that a look goes by.

    Grain:   one ANSWERED row per campaign, the newest answer about it.
    Order:   `found` has the newest first.
    """
    oldest = at - timedelta(days=DISPOSITION_DAYS_MAX)
    rows: list[dict[str, Any]] = []
    unused: Counter[str] = Counter()
    seen: set[str] = set()
    for one in found:
        own = one.likeness.campaign_id if one.likeness else one.subject_id
        if own in seen:
            continue
        seen.add(own)
        why = _why_unused(one, oldest=oldest, taken=len(rows))
        if why:
            unused[why] += 1
        elif one.likeness is not None:
            rows.append(_row(one))
    groups = ANSWERED.conform(pl.DataFrame(rows, schema=ANSWERED.schema))
    return Answered(at, groups.sort("campaign_id"), dict(unused))


def _why_unused(one: GroupAnswer, *, oldest: datetime, taken: int) -> str:
    if one.answer not in _READ:
        return f"answered_{one.answer}"
    if one.likeness is None:
        return "without_figures"
    if one.noted_at < oldest:
        return "too_old"
    return "too_many" if taken >= DISPOSITIONS_READ_MAX else ""


def _row(one: GroupAnswer) -> dict[str, Any]:
    kept = one.likeness
    said = {"answer": one.answer, "noted_at": one.noted_at}
    figures = {name: getattr(kept, name) for name in ANSWERED.columns if name not in said}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in (figures | said).items()}
