"""Show an evaluation to a person: small tables for the terminal.

Reads an `Evaluation` or a `Study`; gives something that rich prints. Absent: any figure that isn't
in it.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stillwatch.domain.results import VERDICTS
from stillwatch_lab.evaluation.estimates import Means
from stillwatch_lab.evaluation.record import Evaluation, Study
from stillwatch_lab.show.figures import interval, number, percent
from stillwatch_lab.show.reliability import make_grid, render_calibrations


def render_evaluation(evaluation: Evaluation) -> RenderableType:
    """Lay an evaluation out: the whole, each campaign, time, calibration, each role."""
    return Group(
        _render_whole(evaluation),
        Text(evaluation.intervals.note, style="dim"),
        Text(),
        _render_campaigns(evaluation),
        Text(),
        _render_time(evaluation),
        Text(),
        *render_calibrations(evaluation),
        Text(),
        _render_roles(evaluation),
    )


def render_study(study: Study) -> RenderableType:
    """Lay several incidents out: the means, one line an incident, calibration."""
    incidents = len(study.evaluations)
    return Group(
        _render_means(study.means),
        Text(study.means.note, style="dim"),
        Text(
            f"Somebody was falsely called in {study.incidents_with_false} of {incidents} incidents "
            f"(at most {percent(study.any_false_share_high)} of such, with 95 % confidence)."
        ),
        Text(),
        _render_incidents(study),
        Text(),
        *render_calibrations(study),
    )


def _render_whole(evaluation: Evaluation) -> Table:
    table, sure = make_grid("the whole", "figure", "value", "95 %"), evaluation.intervals
    rows = (
        ("accounts of campaigns", number(evaluation.fraud_accounts), ""),
        (
            "account recall (fraudulent)",
            percent(evaluation.account_recall),
            interval(sure.account_recall),
        ),
        (
            "account recall (suspect or above)",
            percent(evaluation.account_recall_at_suspect),
            interval(sure.account_recall_at_suspect),
        ),
        ("called fraudulent", number(evaluation.called_fraudulent), ""),
        ("of them false", number(evaluation.false_accounts), ""),
        ("false share", percent(evaluation.false_share), interval(sure.false_discovery)),
        *((f"  false: {role}", number(of), "") for role, of in evaluation.false_by_role.items()),
        ("false share it expects itself", percent(evaluation.promised_false_discovery), ""),
        ("exchange recall", percent(evaluation.exchange_recall), interval(sure.exchange_recall)),
        (
            "exchange precision",
            percent(evaluation.exchange_precision),
            interval(sure.exchange_precision),
        ),
        (
            "  permitted harvests apart",
            percent(evaluation.exchange_precision_apart),
            interval(sure.exchange_precision_apart),
        ),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _render_means(means: Means) -> Table:
    table = make_grid("means", "figure", "mean", "95 %", "incidents")
    for name, figure in (
        ("account recall (fraudulent)", means.account_recall),
        ("account recall (suspect or above)", means.account_recall_at_suspect),
        ("false-discovery proportion", means.false_discovery),
        ("exchange recall", means.exchange_recall),
        ("exchange precision", means.exchange_precision),
        ("  permitted harvests apart", means.exchange_precision_apart),
    ):
        estimate, units = (figure.estimate, number(figure.units)) if figure else (None, "0")
        table.add_row(name, percent(estimate), interval(figure), units)
    return table


def _render_incidents(study: Study) -> Table:
    table = make_grid(
        "incidents", "incident", "heads", "recall", "suspect+", "called", "false", "exch. recall",
        "exch. precision",
    )  # fmt: skip
    for one in study.evaluations:
        table.add_row(
            Text(one.incident),
            number(one.fraud_accounts),
            percent(one.account_recall),
            percent(one.account_recall_at_suspect),
            number(one.called_fraudulent),
            number(one.false_accounts),
            percent(one.exchange_recall),
            percent(one.exchange_precision_apart),
        )
    return table


def _render_campaigns(evaluation: Evaluation) -> Table:
    table = make_grid(
        "campaigns", "campaign", "heads", "found", "recall", "suspect+", "purity", "one piece",
        "pieces", "exchanges",
    )  # fmt: skip
    for one in evaluation.campaigns:
        table.add_row(
            Text(one.campaign),
            f"{one.heads:,}",
            f"{one.found:,}",
            percent(one.recall),
            percent(one.recall_at_suspect),
            percent(one.purity),
            percent(one.in_one_piece),
            str(one.pieces),
            percent(one.exchange_recall),
        )
    return table


def _render_time(evaluation: Evaluation) -> Table:
    """Releases and replacements: what a campaign did as time went by."""
    table, pivots, heirs = (
        make_grid("time", "figure", "value"),
        evaluation.pivots,
        evaluation.successors,
    )
    if pivots.is_in_truth:
        table.add_row(
            "turned to a release, and said so", f"{pivots.turned_named} of {pivots.turned}"
        )
        table.add_row("did not, but said so", f"{pivots.stayed_named} of {pivots.stayed}")
    else:
        table.add_row("turns to a release", "not in the truth")
    if heirs.is_in_truth:
        table.add_row("successors in the truth", number(heirs.successors))
        table.add_row("predecessor right: recall", percent(heirs.recall))
        table.add_row("predecessor right: precision", percent(heirs.precision))
        table.add_row("known as a successor: recall", percent(heirs.recall_of_anybody))
        table.add_row("known as a successor: precision", percent(heirs.precision_of_anybody))
    else:
        table.add_row("successors", "not in the truth")
    return table


def _render_roles(evaluation: Evaluation) -> Table:
    table = make_grid("verdicts by role", "role", *VERDICTS)
    for role, counts in evaluation.verdicts_by_role.items():
        table.add_row(Text(role), *(f"{counts.get(verdict, 0):,}" for verdict in VERDICTS))
    return table
