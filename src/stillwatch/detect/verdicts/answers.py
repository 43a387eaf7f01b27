"""What a run says of the answers that it went by, for `run.json` and everybody who reads it.

Reads `Answered` and judged groups; gives one record. Groups that would have been called a harvest
without any answer are named, so that a wrong answer can be seen at work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stillwatch.detect.dispositions.answered import CONFIRMED, INNOCENT, Answered
from stillwatch.detect.dispositions.reliability import measure_reliability
from stillwatch.detect.judge import Judged
from stillwatch.domain.limits import DISPOSITION_GROUPS_TOLD_MAX


def tell_answers(answered: Answered, judged: Sequence[Judged]) -> dict[str, Any]:
    """Tell which answers a run went by, and what they have changed.

    Grain:   one record; `milder` has one per group whose p-value an answer has raised, those first
             that are no harvest because of it, at most DISPOSITION_GROUPS_TOLD_MAX.
    """
    innocent = answered.with_answer(INNOCENT)
    raised = [j for j in judged if j.p_value > j.shipped_p_value]
    raised.sort(key=lambda j: (j.judgement == j.shipped_judgement, j.shipped_p_value, j.group_id))
    return {
        "as_of": answered.as_of.isoformat(),
        "innocent": len(innocent),
        "confirmed": len(answered.with_answer(CONFIRMED)),
        "unused": dict(sorted(answered.unused.items())),
        "innocent_campaigns": sorted(innocent["campaign_id"]),
        "groups_judged_milder": len(raised),
        "groups_let_be": sum(j.judgement != j.shipped_judgement for j in raised),
        "milder": [
            {
                "group_id": j.group_id,
                "p_value": j.p_value,
                "shipped_p_value": j.shipped_p_value,
                "judgement": j.judgement,
                "shipped_judgement": j.shipped_judgement,
            }
            for j in raised[:DISPOSITION_GROUPS_TOLD_MAX]
        ],
        "reliability": measure_reliability(answered),
    }
