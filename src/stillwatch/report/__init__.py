"""The last stage: findings, reported to people.

Reads the tables of a result (`domain/results.py`) and the run's own record; writes bytes. The one
idea: every figure on the page is a figure of a table, so a reader can check it. Deliberately
absent: files, clocks, networks; the caller says what was found and where the bytes go.
"""

from __future__ import annotations

from stillwatch.report.findings import Findings
from stillwatch.report.page import render_html
from stillwatch.report.summary import summarise_json
from stillwatch.report.ticket import render_markdown

__all__ = ["Findings", "render_html", "render_markdown", "summarise_json"]
