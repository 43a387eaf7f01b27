"""Show an evaluation to a person: three small tables for the terminal.

Reads an `Evaluation`; gives something that rich prints. Absent: any figure that isn't in it.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stillwatch.domain.results import VERDICTS
from stillwatch_lab.evaluate import Evaluation


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _grid(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, title_style="bold")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left", overflow="fold")
    return table


def render_evaluation(evaluation: Evaluation) -> RenderableType:
    """Lay an evaluation out: the whole, each campaign, each role."""
    return Group(
        _render_whole(evaluation),
        Text(),
        _render_campaigns(evaluation),
        Text(),
        _render_roles(evaluation),
    )


def _render_whole(evaluation: Evaluation) -> Table:
    table = _grid("the whole", "figure", "value")
    table.add_row("accounts of campaigns", f"{evaluation.fraud_accounts:,}")
    table.add_row("account recall (fraudulent)", _percent(evaluation.account_recall))
    table.add_row(
        "account recall (suspect or above)", _percent(evaluation.account_recall_at_suspect)
    )
    table.add_row("called fraudulent", f"{evaluation.called_fraudulent:,}")
    table.add_row("of them false", f"{evaluation.false_accounts:,}")
    table.add_row("false share", _percent(evaluation.false_share))
    for role, count in evaluation.false_by_role.items():
        table.add_row(f"  false: {role}", f"{count:,}")
    table.add_row("exchange recall", _percent(evaluation.exchange_recall))
    table.add_row("exchange precision", _percent(evaluation.exchange_precision))
    return table


def _render_campaigns(evaluation: Evaluation) -> Table:
    table = _grid(
        "campaigns", "campaign", "heads", "found", "recall", "suspect+", "purity", "one piece",
        "pieces", "exchanges",
    )  # fmt: skip
    for score in evaluation.campaigns:
        table.add_row(
            Text(score.campaign),
            f"{score.heads:,}",
            f"{score.found:,}",
            _percent(score.recall),
            _percent(score.recall_at_suspect),
            _percent(score.purity),
            _percent(score.in_one_piece),
            str(score.pieces),
            _percent(score.exchange_recall),
        )
    return table


def _render_roles(evaluation: Evaluation) -> Table:
    table = _grid("verdicts by role", "role", *VERDICTS)
    for role, counts in evaluation.verdicts_by_role.items():
        table.add_row(Text(role), *(f"{counts.get(verdict, 0):,}" for verdict in VERDICTS))
    return table
