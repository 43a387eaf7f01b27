"""The findings for machines: one small JSON object, for `--json` and for alerting.

Reads findings; gives plain Python values that any JSON writer takes. The one idea: counts and
campaigns only, in the words of the tables; whoever wants rows reads the tables. Deliberately
absent: accounts one by one, wording for people.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from stillwatch.domain.results import JUDGEMENTS
from stillwatch.report.findings import Findings, Row, harvest_total

_RUN_KEYS: Final = ("stillwatch", "started_at", "finished_at")


def summarise_json(findings: Findings) -> dict[str, Any]:
    """Summarise the findings for machines.

    Grain:   `campaigns` has one entry per campaign, with its columns, `verdicts`, `is_permitted`.
    Units:   as in the tables; instants are RFC 3339 in UTC.
    Nulls:   null where a figure was not computed; never NaN.
    Order:   campaigns as on the page; keys always in this order.
    """
    ranked = findings.ranked_campaigns()
    live = [row for row in ranked if not row["is_permitted"]]
    judged = dict(findings.groups.group_by("judgement").len().iter_rows())
    effects = findings.decisions.group_by("effect").len().sort("effect")
    return {
        **{key: _value(findings.run.get(key)) for key in _RUN_KEYS},
        "found": bool(live),
        "campaigns_count": len(live),
        "accounts_seen": findings.accounts.height,
        "verdicts": findings.verdict_counts(),
        "harvested": {
            measure: harvest_total(ranked, measure) for measure in ("exchanges", "output_tokens")
        },
        "campaigns": [_campaign(findings, row) for row in ranked],
        "groups": {judgement: judged.get(judgement, 0) for judgement in JUDGEMENTS},
        "groups_let_be": findings.groups_let_be().height,
        "effects": dict(effects.iter_rows()),
        "smallest_campaign": findings.smallest_campaign(),
        "power": _value(list(findings.run.get("power") or ())),
        "stood_aside": _value(list(findings.run.get("stood_aside") or ())),
        "counts": _value(dict(findings.run.get("counts") or {})),
    }


def _campaign(findings: Findings, row: Row) -> dict[str, Any]:
    verdicts = findings.verdict_counts(row["campaign_id"])
    return {**{name: _value(value) for name, value in row.items()}, "verdicts": verdicts}


def _value(value: Any) -> Any:  # noqa: ANN401  JSON in, JSON out
    """Make a value fit for JSON: instants become text, NaN and infinities null."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _value(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_value(inner) for inner in value]
    return value
