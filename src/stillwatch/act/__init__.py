"""Decisions become effects, through an outbox, and each can be taken back exactly.

Reads `DECISION`, writes the gateway's table `decisions.jsonl`, `outbox.jsonl` while something is
under way, and `reversals.jsonl`. The webhook and the register come with a later issue.
"""

from stillwatch.act.outbox import deliver_effects, enqueue_effects
from stillwatch.act.reversal import Reversal, revert_effect

__all__ = ["Reversal", "deliver_effects", "enqueue_effects", "revert_effect"]
