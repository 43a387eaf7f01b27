"""When somebody works: seven days of twenty-four hours in UTC, darker where there is more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from stillwatch.app.console.drawing.canvas import Canvas
from stillwatch.report.figures import count

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS: Final = 24
_ROW: Final = 22.0
_GUTTER: Final = 0.1
_FOOT: Final = 20.0
_SHADES: Final = 5
_LABELLED: Final = (0, 6, 12, 18)


def draw_week(exchanges: Mapping[tuple[int, int], int]) -> Markup | None:
    """Draw exchanges by (weekday from 0 = Monday, hour of UTC).

    Nulls:   None without any.
    """
    most = max(exchanges.values(), default=0)
    if most == 0:
        return None
    canvas = Canvas(len(_DAYS) * _ROW + _FOOT)
    wide = (1 - _GUTTER) / _HOURS
    for weekday, name in enumerate(_DAYS):
        canvas.text(0, weekday * _ROW + 15, name, tone="label quiet")
        for hour in range(_HOURS):
            number = exchanges.get((weekday, hour), 0)
            shade = -(-number * _SHADES // most)
            says = f"{name} {hour:02d}:00 UTC: {count(number)}"
            place = (_GUTTER + hour * wide, weekday * _ROW + 2)
            canvas.rect(place, (wide * 0.92, _ROW - 3), tone=f"heat-{shade}", says=says)
    for hour in _LABELLED:
        words = f"{hour:02d}:00"
        canvas.text(_GUTTER + hour * wide, len(_DAYS) * _ROW + 14, words, tone="label quiet")
    busiest = max(exchanges, key=lambda at: (exchanges[at], -at[0], -at[1]))
    quiet = _HOURS * len(_DAYS) - sum(1 for number in exchanges.values() if number)
    says = (
        f"Busiest on {_DAYS[busiest[0]]} at {busiest[1]:02d}:00 with {count(most)} exchanges; "
        f"{quiet} of 168 hours without any."
    )
    return canvas.markup(title="Exchanges by hour of the week", says=says)
