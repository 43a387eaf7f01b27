"""What may be set, with each default and where it comes from; frozen, written to run.json.

Statistical constants are not tuned on a scenario that is reported: each says whether it follows
from a null, from the trial in DESIGN.md (section 6), or from the contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ObserveSettings:
    """What prompts are looked up in."""

    replay_index: str = "shipped"
    """Index of public items: a file that `stillwatch replay add` has made, `shipped`, `none`."""
    template_list: str = "shipped"
    """List of public templates: a file that `stillwatch templates add` has made, or as above."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """How accounts become groups."""

    family_cap_bits: float = 6.0
    """Cap of one family's evidence for one member (DESIGN.md, 6.5)."""
    member_bar_bits: float = 4.0
    """Total evidence that a member needs after the prior (DESIGN.md, 6.5)."""
    hidden_bar_bits: float = 2.0
    """The same in a search with one family hidden: those groups are candidates only (6, errors)."""
    family_bar_bits: float = 0.8
    """What a family must bring to count as one of the two that a member needs (DESIGN.md, 6.5)."""
    lift_bits: float = 2.0
    """Holders of values with this lift are looked at when a group grows (DESIGN.md, 6.8)."""
    shrink_members: float = 2.0
    """Pseudo-members at the population's share, in every share of a group."""
    group_q_max: float = 0.2
    """Candidates less surely tied than this are no groups (CONTRACT.md: `watch` ends there)."""
    queue_bits: float = 7.0
    """Evidence from which a group counts as one queue: an e-value of 128, as if q were 0.01 and
    every queue that is tested were one."""
    apart_q_max: float = 0.01
    """How surely a queue has to stand alone to keep what it took out of a group, and how surely
    traits have to tie a group for the queue of a few to be the whole's: as surely as a group has to
    be tied before it is judged (`DetectSettings.link_q_max`)."""
    queue_cap_bits: float = 12.0
    """Cap of what a member's repetitions say: they are counted against a control of the same run,
    not against a popularity that can be misjudged, so they may say as much as two families."""
    overdispersion_min: float = 0.02
    """Least intra-cohort correlation in the null, whatever was measured (coordination.md, 2.5)."""


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """How groups become campaigns and accounts get verdicts: CONTRACT.md, section 2."""

    link_q_max: float = 0.01
    fraudulent_q_max: float = 0.01
    suspect_q_max: float = 0.05
    watch_q_max: float = 0.2
    explanation_p_max: float = 0.05
    hand_p_max: float = 0.03
    """Bar at which a hand shows (`detect/odds.py`): so many of the null's honest strangers show one
    (0.029), and more where one owner stands for most accounts (0.088) or one card (0.038)."""
    fraudulent_mean_error_max: float = 0.01
    fraudulent_probability_min: float = 0.95
    """Least probability of any account so called, whatever the mean: one that is sure of most heads
    would leave room for an innocent group. Suspending an innocent is taken to be nineteen times as
    bad as leaving a head to a person."""
    families_min: int = 2
    harvest_prior: float = 0.1
    """Share of tied groups that harvest, before the evidence; a stated guess, in run.json."""
    unrelated_share_max: float = 0.98
    """Most of a group's traffic that membership may call unrelated."""
    alarm_fdr_max: float = 0.05
    """False discovery rate over all alarms of new campaigns that the looks at a lake ever raise: as
    for `suspect`, since an alarm calls a person and suspends nobody."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What a verdict leads to, and for how long; every effect expires by itself."""

    suspend_days: int = 30
    review_days: int = 14
    failure_effect: str = "review"
    """What happens where a decision cannot be made: a person looks; never `suspend`."""
    appeal: str = "by replying to this message"
    """How a customer appeals, as the end of the sentence "You can appeal …"."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them, as one value."""

    observe: ObserveSettings = field(default_factory=ObserveSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """For how many days each kind of data is kept; 0 = until somebody says otherwise.

    Nothing goes by itself: `stillwatch retain` applies them, and only to what it is pointed at.
    """

    exchanges_days: int = 0
    """Exchanges with their sketches, in days after they were sent."""
    day_counts_days: int = 0
    """Counts of a day, which can be made again as long as its exchanges are there."""
    quarantine_days: int = 0
    """Places and reasons of rejected records and of duplicates, after their ingest's last one."""
    early_days: int = 0
    """Accounts that were found at their first requests."""
    campaigns_days: int = 0
    """What campaigns are known by from look to look, after they were last seen."""
    results_days: int = 0
    """Results of looks, after they were made; the newest stays."""
    text_days: int = 0
    """Text of customers in results, where it is retained, and the pages that show it."""
    ledger_text_days: int = 0
    """Statements of resolved appeals, and comments on closed cases."""
