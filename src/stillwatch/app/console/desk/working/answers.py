"""What people have answered about a campaign or an account, and what has come of the answer.

It says what is so: `innocent` and `permitted` keep machines off at the next look (the enforcement
round reads them), answers about accounts are what a backtest counts innocents by, and detection
reads none: the next run's probabilities are what they would have been without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

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
    "nothing that is in force. Answers about single accounts are also what a policy's backtest "
    "counts innocents by. Detection itself reads no answers: the next run's probabilities are the "
    "same with and without yours."
)
_SPARING: Final = ("innocent", "permitted")
_KEPT_OFF: Final = "kept_off"


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, and what has come of it."""

    row: Disposition
    is_latest: bool
    came_of_it: str
    """A sentence."""


def list_answers(
    view: View, kind: str, subject_id: str, findings: Sequence[Finding]
) -> list[Answered]:
    """List the answers about a subject, the newest first, with what has come of each."""
    rows = list_newest(view, Disposition, subject_id=subject_id)
    rows = [one for one in rows if one.subject_kind == kind]
    latest = next((one for one in rows if one.answer != "unsure"), None)
    return [
        Answered(one, one is latest, say_use(one, findings, is_latest=one is latest))
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
        return "Kept here. No run reads it; an earlier “innocent” or “permitted” ends with it."
    used = [one for one in later if one.kind == _KEPT_OFF and _names(one, answer)]
    if used:
        look = max(used, key=lambda one: one.found_at)
        return f"Used: at the look {look.result} machines left {look.accounts:,} accounts alone."
    if not is_latest:
        return "A later answer has taken its place."
    return "Not used yet: no look since has wanted to act on it."


def _names(finding: Finding, answer: Disposition) -> bool:
    return any(why.startswith(answer.answer) for why in finding.reasons)
