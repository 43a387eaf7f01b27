"""Show how far a probability can be taken at its word: a table for the terminal.

Reads the calibrations of an `Evaluation` or a `Study`; gives things that rich prints.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from stillwatch_lab.evaluation.estimates import Calibration
from stillwatch_lab.evaluation.record import Evaluation, Study
from stillwatch_lab.show.figures import number, percent, score


def make_grid(title: str, *columns: str) -> Table:
    """Make a table of figures: the first column are words."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, title_style="bold")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left", overflow="fold")
    return table


def render_calibrations(scored: Evaluation | Study) -> Iterator[RenderableType]:
    """Lay out how far the probability can be taken at its word, of everybody and of the tied."""
    yield _render_calibration(scored.calibration, title="probability at its word")
    yield _say_brier(scored.calibration)
    yield Text()
    yield _render_calibration(scored.calibration_tied, title="the same, of tied accounts alone")
    yield _say_brier(scored.calibration_tied)


def _render_calibration(calibration: Calibration, *, title: str) -> Table:
    table = make_grid(title, "from", "up to", "accounts", "said", "fraud", "95 %")
    for row in calibration.bins:
        table.add_row(
            percent(row.low),
            percent(row.high),
            number(row.accounts),
            percent(row.mean_probability),
            percent(row.fraud_share),
            f"{percent(row.share_low)} to {percent(row.share_high)}",
        )
    return table


def _say_brier(calibration: Calibration) -> Text:
    brier, base = score(calibration.brier), score(calibration.brier_of_base_rate)
    error = percent(calibration.expected_error)
    says = f"expected error {error}; Brier score {brier}; the base rate alone would score {base}"
    return Text(says, style="dim")
