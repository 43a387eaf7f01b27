"""What people have answered about a campaign or an account, and what has come of the answer.

It says what is so: `innocent` and `permitted` keep machines off at the next look (the enforcement
round reads them), answers about accounts are what a backtest counts innocents by, and the next look
counts a group that was marked innocent among honest groups, and says in `run.json` that it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from stillwatch.app.console.desk.rows import list_newest
from stillwatch.store.ledger.nouns.findings import Disposition, Finding
from stillwatch.store.ledger.views import View

MEANINGS: Final[Mapping[str, str]] = {
    "distillation": "It is a campaign: answers were collected to build another model.",
    "coordinated_other": "It is one hand behind many accounts, and no harvest.",
    "innocent": "It is innocent: these accounts have nothing to answer for.",
    "permitted": "It is permitted: somebody here has allowed it.",
    "unsure": "Nobody can say. It counts as no answer.",
}
USE: Final = (
    "What an answer does: “innocent” and “permitted” keep machines from acting on the campaign "
    "from the next look on, and let go what is approved and not in force yet. They take back "
    "nothing that is in force. A group marked “innocent” also counts among the honest groups that "
    "the next looks compare with, for a year: it makes them less sure of groups that stand alike "
    "and lie no further out, of this one too, and of nothing surer. “Distillation” is held against "
    "the probability that was said, and raises none. A later answer takes an earlier one's place "
    "at the next look. Answers about single accounts are also what a policy's backtest counts "
    "innocents by; detection reads none of those."
)
_SPARING: Final = ("innocent", "permitted")
_INNOCENT: Final = "innocent"
_CONFIRMED: Final = "distillation"
_KEPT_OFF: Final = "kept_off"


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, and what has come of it."""

    row: Disposition
    is_latest: bool
    came_of_it: str
    """A sentence or two: what enforcement has done, then what detection has."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The newest look, and what it says of the answers that it went by."""

    look: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    """`answers` of its run.json; empty where it read none."""


def list_answers(
    view: View,
    subject: tuple[str, str],
    findings: Sequence[Finding],
    *,
    newest: Calibrated,
) -> list[Answered]:
    """List the answers about a (kind, id), the newest first, with what has come of each."""
    kind, subject_id = subject
    rows = list_newest(view, Disposition, subject_id=subject_id)
    rows = [one for one in rows if one.subject_kind == kind]
    latest = next((one for one in rows if one.answer != "unsure"), None)
    return [
        Answered(
            one,
            one is latest,
            " ".join(
                said
                for said in (
                    say_use(one, findings, is_latest=one is latest),
                    say_calibration(view, one, newest) if one is latest else "",
                )
                if said
            ),
        )
        for one in rows
    ]


def say_use(answer: Disposition, findings: Sequence[Finding], *, is_latest: bool) -> str:
    """Say whether a look has gone by an answer, as the ledger's findings tell it.

    Blind spot: a look that found nothing to do about the campaign leaves no finding, so that
    nobody can say whether the answer would have mattered.
    """
    if answer.answer == "unsure":
        return "Counts as no answer."
    later = [one for one in findings if one.recorded_at > answer.noted_at]
    if answer.answer not in _SPARING:
        return "Kept here; an earlier “innocent” or “permitted” ends with it."
    used = [one for one in later if one.kind == _KEPT_OFF and _names(one, answer)]
    if used:
        look = max(used, key=lambda one: one.found_at)
        return f"Used: at the look {look.result} machines left {look.accounts:,} accounts alone."
    if not is_latest:
        return "A later answer has taken its place."
    return "Not used yet: no look since has wanted to act on it."


def say_calibration(view: View, answer: Disposition, newest: Calibrated) -> str:
    """Say whether detection goes by the latest answer about a campaign, as the newest look tells.

    Nulls:   empty for answers that detection doesn't read.
    """
    if answer.answer not in (_INNOCENT, _CONFIRMED):
        return ""
    kept = view.seek_kept_likeness(answer.disposition_id)
    if kept is None:
        return "Detection can't go by it: no look had judged the group when it was given."
    if answer.answer == _CONFIRMED:
        return (
            f"Held against the probability of {kept.probability:.3g} that the look "
            f"{kept.result} had said; it raises none."
        )
    as_of = _instant(newest.told.get("as_of"))
    if as_of is None or as_of <= answer.noted_at:
        return "No look has gone by it yet: the next one counts the group among honest groups."
    if kept.campaign_id in (newest.told.get("innocent_campaigns") or ()):
        return f"Used: the look {newest.look} counted the group among honest groups."
    return f"The look {newest.look} did not count it: too old, or there are newer ones enough."


def _instant(said: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _names(finding: Finding, answer: Disposition) -> bool:
    return any(why.startswith(answer.answer) for why in finding.reasons)
