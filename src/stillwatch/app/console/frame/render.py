"""Templates become pages: one environment, strict, escaping, with the words of the report.

What every template knows: `page`, `asked`, `sections` (the navigation), `sheets` by name, `ui` (the
macros of `ui.html`), `asset(name)`, and `theme`. What a view adds stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from stillwatch.app.console.frame.asked import address
from stillwatch.app.console.frame.times import when
from stillwatch.app.console.texts import finalise
from stillwatch.report import figures


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """Draw a page.

    Raises:
        jinja2.UndefinedError: the template asks for what nobody told it, which is a bug.
    """
    return _environment().get_template(template).render(context).encode("utf-8", "replace")


def compile_ahead() -> None:
    """Have every template compiled before somebody waits for it.

    Cost:    half a second, once a process.
    """
    for name in _environment().list_templates(extensions=["html"]):
        _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("stillwatch.app.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalise,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({function.__name__: function for function in figures.FILTERS})
    environment.filters["quoted"] = quote_whole
    environment.filters["odds"] = write_odds
    environment.globals.update({"when": when, "address": address})
    return environment


def write_odds(times: float) -> str:
    """Write how many times as likely something is, to two digits: 2,500."""
    digits = max(math.floor(math.log10(times)) - 1, 0) if times > 0 else 0
    return figures.tokens(round(times, -digits))


def quote_whole(value: object) -> str:
    """Quote a value for an address, its slashes too."""
    return quote(str(value), safe="")
