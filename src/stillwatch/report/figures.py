"""How a figure reads: numbers, dates and codes turned into words, the same in every renderer.

Reads single values; writes plain strings (escaping is the template's). The one idea: a figure is
shown to three significant digits and never rounded to nought. Deliberately absent: any table.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any, Final

from stillwatch.domain.channels.families import CHANNEL_OF

NOTHING: Final = "\N{EN DASH}"
_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_SUPERSCRIPTS: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_DIGITS: Final = 3
_WHOLE: Final = 1_000
"""From here on a figure has no decimals."""
_GREAT: Final = 1e9
_SMALL: Final = 1e-3
"""Outside these, powers of ten are easier to read than noughts."""
_SMALLEST: Final = 1e-300
"""Below this a double is no longer a measured probability."""
_LARGE_STEPS: Final = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
_KILO: Final = 1_000
_MINUTE: Final = 60
_HOUR: Final = 3_600

_WORDS: Final = {
    "signup": "sign-up",
    "cot": "chain-of-thought",
    "api": "API",
    "id": "ID",
    "ids": "IDs",
    "json": "JSON",
    "http": "HTTP",
    "tls": "TLS",
    "asn": "ASN",
    "sha256": "SHA-256",
    "icc": "ICC",
}


def humanise(code: str) -> str:
    """Turn a code such as `signup_hour` into words; of a sentence only the first letter changes."""
    is_sentence = " " in code
    words = [_WORDS.get(word, word) for word in code.replace("_", " ").split()]
    text = code if is_sentence else " ".join(words)
    return text[:1].upper() + text[1:]


def phrase_of(channel: str) -> str:
    """Say what accounts share in a channel; an unknown channel is humanised."""
    known = CHANNEL_OF.get(channel)
    return known.phrase if known else humanise(channel).lower()


def count(value: float | None) -> str:
    """Write a whole number with thousands apart."""
    return NOTHING if value is None else f"{round(value):,}"


def figure(value: float | None) -> str:
    """Write a measured number to three significant digits."""
    if value is None or math.isnan(value):
        return NOTHING
    if value == 0 or math.isinf(value):
        return f"{value:g}"
    size = abs(value)
    if size >= _GREAT or size < _SMALL:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa} {_TIMES} 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    if size >= _WHOLE:
        return f"{value:,.0f}"
    decimals = _DIGITS - 1 - math.floor(math.log10(size))
    return f"{value:.{max(decimals, 0)}f}"


def bits(value: float | None) -> str:
    """Write a weight of evidence to a tenth of a bit."""
    return NOTHING if value is None or math.isnan(value) else f"{value:.1f}"


def probability(value: float) -> str:
    """Write a probability so that nothing measured reads as certain."""
    if 0 < value < _SMALL:
        return "< 0.001"
    if 1 - _SMALL < value < 1:
        return "> 0.999"
    return f"{value:.3f}"


def chance(value: float) -> str:
    """Write a p- or q-value in figures."""
    if math.isnan(value):
        return NOTHING
    return f"below 10{'-300'.translate(_SUPERSCRIPTS)}" if value < _SMALLEST else figure(value)


def chance_in_words(value: float) -> str:
    """Write a p- or q-value as a frequency: "about 1 in 400"."""
    if math.isnan(value):
        return "not known"
    if value > 0.5:  # noqa: PLR2004  more often than not
        return "more likely than not"
    if value < 1 / _LARGE_STEPS[0][0]:
        return "less than 1 in a trillion"
    return f"about 1 in {_round_number(1 / value)}"


def _round_number(value: float) -> str:
    for step, name in _LARGE_STEPS:
        if value >= step:
            return (
                f"{value / step:.2g} {name}" if value < 100 * step else f"{value / step:.0f} {name}"
            )
    magnitude = 10 ** max(math.floor(math.log10(value)) - 1, 0)
    return f"{round(value / magnitude) * magnitude:,}"


def tokens(value: float) -> str:
    """Write an amount of tokens or exchanges in short: `45.2 M`."""
    for step, name in ((1e9, "bn"), (1e6, "M")):
        if value >= step:
            return f"{value / step:,.{1 if value < 100 * step else 0}f} {name}"
    return count(value)


def size(value: float | None) -> str:
    """Write bytes: `3.4 MB`."""
    if value is None:
        return NOTHING
    amount, names = float(value), ["B", "kB", "MB", "GB", "TB"]
    while amount >= _KILO and len(names) > 1:
        amount, names = amount / _KILO, names[1:]
    return f"{amount:,.0f} {names[0]}" if names[0] == "B" else f"{amount:,.1f} {names[0]}"


def duration(seconds: float | None) -> str:
    """Write seconds as a person would."""
    if seconds is None:
        return NOTHING
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"  # noqa: PLR2004  display
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def day(value: date) -> str:
    """Write a day: `12 Feb 2026`."""
    return f"{value.day} {value:%b %Y}"


def instant(value: datetime | str | None) -> str:
    """Write an instant of UTC to the minute; a text that is no instant stays as it is."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return str(value)
    return NOTHING if value is None else f"{day(value)}, {value:%H:%M} UTC"


def plain(value: Any) -> str:  # noqa: ANN401  whatever run.json holds
    """Write any value of the run's record."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return figure(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(item) for item in value)
    return str(value)


FILTERS: Final = (
    bits,
    chance,
    chance_in_words,
    count,
    day,
    duration,
    figure,
    humanise,
    instant,
    phrase_of,
    plain,
    probability,
    size,
    tokens,
)
"""What a template of the report or of the console may write a value with."""
