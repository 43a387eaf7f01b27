"""The template book: templates with ids that last, who sends them, and how those are spread."""

from __future__ import annotations

from stillwatch.observe.template_book.figures import (
    count_holdings,
    describe_population,
    measure_templates,
)
from stillwatch.observe.template_book.observe import ObservedDay, observe_day, observe_days

__all__ = [
    "ObservedDay",
    "count_holdings",
    "describe_population",
    "measure_templates",
    "observe_day",
    "observe_days",
]
