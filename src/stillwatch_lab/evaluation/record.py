"""What an evaluation says, as frozen values: every figure has its place and its name here.

Written by `evaluate`, read by the terminal, the page and other programs, as JSON whose fields
are those below (docs/evaluation.md lists them, a test compares). The one idea: a ratio of nothing
is None, never nought, and what the truth doesn't say is None too. Absent: any computing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stillwatch_lab.evaluation.estimates import Calibration, Means
from stillwatch_lab.evaluation.json_form import write_json

EVALUATION_FORM: Final = "stillwatch-evaluation-1"
"""Form of `Evaluation` as JSON; the number changes when a field is renamed, retyped or dropped."""
STUDY_FORM: Final = "stillwatch-study-1"
"""The same, of `Study`."""


@dataclass(frozen=True, slots=True)
class CampaignScore:
    """How one true campaign was found."""

    campaign: str
    heads: int
    """Accounts of it that sent anything."""
    found: int
    recall: float | None
    recall_at_suspect: float | None
    purity: float | None
    """Of the accounts found under its main campaign id: the share that is of this campaign."""
    in_one_piece: float | None
    """The largest share of its found accounts that carry one campaign id."""
    pieces: int
    exchange_recall: float | None
    exchanges: int
    """Harvest exchanges that the truth names."""
    exchanges_found: int


@dataclass(frozen=True, slots=True)
class PivotRow:
    """One found campaign that was tested for a turn to a release."""

    campaign_id: str
    campaign: str | None
    """The true campaign of most of its accounts; None where most belong to none."""
    pivot_q_value: float
    is_named: bool
    """The q-value is at most 0.05."""
    has_turned: bool | None
    """What the truth says; None: not in the truth."""


@dataclass(frozen=True, slots=True)
class PivotScore:
    """Who was said to turn to a release, against who did."""

    is_in_truth: bool
    turned: int
    """True campaigns that turned."""
    turned_named: int
    stayed: int
    """True campaigns of which the truth says that they did not turn."""
    stayed_named: int
    campaigns: tuple[PivotRow, ...]


@dataclass(frozen=True, slots=True)
class SuccessorScore:
    """Who was said to take a banned account's place, against who did."""

    is_in_truth: bool
    successors: int
    """Accounts of the truth that replace another and sent anything."""
    named: int
    """Accounts for which the result names a predecessor."""
    right: int
    """Accounts for which it names the one that the truth names."""
    recall: float | None
    precision: float | None
    replacing: int
    """Accounts for which it names anybody, and which replace somebody, whoever that is."""
    recall_of_anybody: float | None
    precision_of_anybody: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All counts of one result against one truth. A ratio of nothing is None."""

    form: str
    incident: str
    fraud_accounts: int
    account_recall: float | None
    account_recall_at_suspect: float | None
    called_fraudulent: int
    false_accounts: int
    false_share: float | None
    """False accounts over all that were called fraudulent."""
    false_discovery: float
    """The same, and 0 where none was called: the realised false-discovery proportion."""
    promised_false_discovery: float | None
    """Mean of 1 - probability over those called: what the result itself expects."""
    false_by_role: dict[str, int]
    false_at_suspect: int
    exchanges: int
    """Harvest exchanges that the truth names."""
    exchanges_found: int
    """Exchanges at membership 0.5 or more, right or wrong."""
    exchanges_right: int
    exchanges_apart: int
    """Found exchanges of honest accounts with verdict `permitted`, no harvest by the truth."""
    exchange_recall: float | None
    exchange_precision: float | None
    exchange_precision_apart: float | None
    """Precision without those set apart: a permitted harvest is no innocent traffic."""
    campaigns: tuple[CampaignScore, ...]
    pivots: PivotScore
    successors: SuccessorScore
    calibration: Calibration
    calibration_tied: Calibration
    """The same over accounts in groups of tied accounts."""
    verdicts_by_role: dict[str, dict[str, int]]
    intervals: Means

    def to_json(self) -> str:
        """Write the evaluation as one JSON object."""
        return write_json(self)


@dataclass(frozen=True, slots=True)
class Study:
    """Several incidents together: the means, and each evaluation."""

    form: str
    means: Means
    incidents_with_false: int
    """Incidents in which anybody was falsely called."""
    any_false_share_high: float
    """95 % one-sided upper bound of the share of such incidents: it speaks where none was seen."""
    calibration: Calibration
    """Over the accounts of all incidents."""
    calibration_tied: Calibration
    evaluations: tuple[Evaluation, ...]

    def to_json(self) -> str:
        """Write the study as one JSON object."""
        return write_json(self)
