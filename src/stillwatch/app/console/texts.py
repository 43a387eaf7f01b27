"""Text that strangers wrote, made harmless before it is shown or kept in a file.

Escaping is the template's and the writer's. What is left: characters that move a cursor, colour a
terminal or turn the reading direction, and cells that a spreadsheet would run. The first are spelt
out, `⟨U+202E⟩`, wherever text is shown; the second get an apostrophe in CSV.
"""

from __future__ import annotations

import re
from typing import Any, Final

from markupsafe import Markup

_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Controls (but tab and newline), marks of direction, what takes no room, and half characters."""
_FORMULA: Final = re.compile(r"^\s*[=+\-@|%]|^[\t\r\n]")


def spell_out(text: str) -> str:
    """Write what can't be seen, or would turn the line round, as its code point."""
    return _INVISIBLE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def finalise(value: Any) -> Any:  # noqa: ANN401  whatever a template prints
    """Spell out every text that a template prints, but for markup of our own."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return spell_out(value)
    return value


def csv_cell(value: object) -> str:
    """Write one cell of a CSV file, quoted; a text that begins as a formula gets an apostrophe."""
    if value is None:
        return ""
    text = spell_out(str(value)).replace("\t", " ")
    if isinstance(value, str) and _FORMULA.match(str(value)):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"'


def json_bytes(written: bytes) -> bytes:
    """Escape in finished JSON what would turn a line round on a screen; values stay the same."""
    text = written.decode("utf-8")
    return _INVISIBLE.sub(_escape, text).encode("utf-8")


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code <= 0xFFFF:  # noqa: PLR2004  one unit of UTF-16
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
