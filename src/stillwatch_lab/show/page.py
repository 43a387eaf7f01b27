"""The evaluation as one self-contained page: light and dark, at a desk and on a phone.

Reads a `Study` (of one incident, too); writes HTML that loads nothing and has no script. The one
idea: every figure of the JSON that a reader decides by stands here with how it was counted.
Absent: any figure that isn't in the study.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from stillwatch.domain.results import VERDICTS
from stillwatch_lab.evaluation.estimates import Means
from stillwatch_lab.evaluation.record import CampaignScore, Evaluation, Study
from stillwatch_lab.show import figures
from stillwatch_lab.show.charts import plot_campaigns, plot_intervals, plot_reliability
from stillwatch_lab.show.drawing import draw_chart

ROWS_MAX: Final = 200
"""Rows of a table on the page; the JSON has all."""
BARS_MAX: Final = 24
"""Campaigns that are drawn: a screen's height."""
_TOTALLED: Final = (
    "fraud_accounts",
    "called_fraudulent",
    "false_accounts",
    "false_at_suspect",
    "exchanges",
    "exchanges_right",
)
_FILTERS: Final = (
    figures.interval,
    figures.number,
    figures.percent,
    figures.q_value,
    figures.score,
)


def render_page(study: Study) -> bytes:
    """Render a study as one page that loads nothing.

    Cost:    about 0.3 s, and 0.6 s more for the first drawing of a process.
    """
    style = _asset("palette.css") + _asset("evaluation.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    page = _environment().get_template("evaluation.html")
    return page.render(
        style=Markup(style),  # noqa: S704  our own style sheet
        policy=policy,
        **_context(study),
    ).encode()


def _context(study: Study) -> dict[str, Any]:
    one = study.evaluations[0] if len(study.evaluations) == 1 else None
    means = one.intervals if one else study.means
    campaigns = [(each, score) for each in study.evaluations for score in each.campaigns]
    return {
        "study": study,
        "one": one,
        "means": means,
        "rows_max": ROWS_MAX,
        "totals": _totals(study.evaluations),
        "campaigns": campaigns,
        "measures": _measures(means, study.evaluations),
        "false_roles": _sum_roles([each.false_by_role for each in study.evaluations]),
        "roles": _sum_verdicts(study.evaluations),
        "verdicts": VERDICTS,
        "drawings": _draw(study, means, campaigns),
        "bars_max": BARS_MAX,
    }


def _measures(means: Means, evaluations: Sequence[Evaluation]) -> list[tuple[str, Any, list[Any]]]:
    """List the chief figures: name, interval, figure of every incident."""
    return [
        ("Account recall", means.account_recall, [e.account_recall for e in evaluations]),
        (
            "At suspect or above",
            means.account_recall_at_suspect,
            [e.account_recall_at_suspect for e in evaluations],
        ),
        ("False discoveries", means.false_discovery, [e.false_discovery for e in evaluations]),
        ("Exchange recall", means.exchange_recall, [e.exchange_recall for e in evaluations]),
        (
            "Exchange precision",
            means.exchange_precision,
            [e.exchange_precision for e in evaluations],
        ),
        (
            "Permitted apart",
            means.exchange_precision_apart,
            [e.exchange_precision_apart for e in evaluations],
        ),
    ]


def _draw(
    study: Study, means: Means, campaigns: Sequence[tuple[Evaluation, CampaignScore]]
) -> dict[str, Markup]:
    several = len(study.evaluations) > 1
    bars = [
        {
            "name": f"{score.campaign}, {each.incident}" if several else score.campaign,
            "recall": score.recall or 0.0,
            "suspected": score.recall_at_suspect or 0.0,
        }
        for each, score in campaigns[:BARS_MAX]
    ]
    measures = _measures(means, study.evaluations if several else ())
    drawn = {
        "intervals": draw_chart(
            plot_intervals(measures),
            name="intervals",
            title="The chief figures and their 95 % intervals",
            says="A diamond for each figure, a bar for its interval, a ring for each incident.",
        )
    }
    for name, each, of in (
        ("reliability", study.calibration, "Share of fraud"),
        ("reliability_tied", study.calibration_tied, "Tied accounts alone: share of fraud"),
    ):
        if each.bins:
            drawn[name] = draw_chart(
                plot_reliability(each.bins),
                name=name,
                title=f"{of} against the probability that was said",
                says="A point for each bin with its 95 % interval; the table has the figures.",
            )
    if bars:
        drawn["campaigns"] = draw_chart(
            plot_campaigns(bars, several=several),
            name="campaigns",
            title="How much of each campaign was found",
            says="A bar for each campaign: accounts fraudulent, and suspect behind them.",
        )
    return drawn


def _totals(evaluations: Sequence[Evaluation]) -> dict[str, int]:
    totals = {name: sum(getattr(one, name) for one in evaluations) for name in _TOTALLED}
    return {**totals, "found": totals["called_fraudulent"] - totals["false_accounts"]}


def _sum_roles(counts: Sequence[dict[str, int]]) -> dict[str, int]:
    roles = sorted({role for each in counts for role in each})
    return {role: sum(each.get(role, 0) for each in counts) for role in roles}


def _sum_verdicts(evaluations: Sequence[Evaluation]) -> dict[str, dict[str, int]]:
    roles = sorted({role for each in evaluations for role in each.verdicts_by_role})
    return {
        role: _sum_roles([each.verdicts_by_role.get(role, {}) for each in evaluations])
        for role in roles
    }


def _asset(name: str) -> str:
    place = files("stillwatch_lab.show").joinpath("templates", name)
    return place.read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({function.__name__: function for function in _FILTERS})
    return environment
