"""Changing the ledger from a page: under the name of whoever asks, and refusals in their words.

The ledger holds the rules (who may not approve, what leads where, which version was looked at);
here its refusals become pages that say what has happened and what to do. A form carries the id of
what it makes, and the version of what it changes, so that sending it twice does it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Final, TypeVar

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Moved, Page, View
from stillwatch.app.console.frame.refusals import NotThereError, RefusedPageError
from stillwatch.domain.errors import LimitExceeded, StillwatchError
from stillwatch.store.ledger import errors as told
from stillwatch.store.ledger.changes import Change
from stillwatch.store.ledger.nouns import Row
from stillwatch.store.ledger.views import View as LedgerView

T = TypeVar("T")
_ID_BYTES: Final = 10
_ID_CHARS: Final = 2 * _ID_BYTES


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says of one kind of refusal; an empty advice is the ledger's own hint."""

    status: int
    title: str
    advice: str = ""


_SAID: Final[tuple[tuple[type[StillwatchError], Words], ...]] = (
    (told.UnknownRow, Words(404, "There is no such thing in the ledger")),
    (told.FourEyesNeeded, Words(403, "Somebody else has to do this")),
    (
        told.StaleVersion,
        Words(
            409,
            "Somebody else has changed this meanwhile",
            "Nothing was changed by you. Go back, look at it as it is now, and decide again.",
        ),
    ),
    (
        told.MoveRefused,
        Words(
            409,
            "This is not possible any more",
            "Somebody else may have been faster. Go back and look at it as it is now.",
        ),
    ),
    (told.RowExists, Words(409, "This id is taken by something else")),
    (told.BadValue, Words(422, "Something in the form does not fit")),
    (LimitExceeded, Words(422, "This is too much at once")),
    (
        told.LedgerUnavailable,
        Words(503, "The ledger does not answer", "Nothing was changed. Try again in a minute."),
    ),
)


def change_ledger(asked: Asked, do: Callable[[Change], T]) -> T:
    """Change the ledger in one transaction, under the name of whoever asks.

    Raises:
        RefusedPageError: the ledger refuses; nothing was changed.
    """
    try:
        with asked.ledger().write(actor=asked.principal.name, now=asked.now) as change:
            return do(change)
    except StillwatchError as refused:
        raise word_refusal(refused) from refused


def read_ledger(asked: Asked, ask: Callable[[LedgerView], T]) -> T:
    """Ask one instant of the ledger something.

    Raises:
        RefusedPageError: the ledger refuses, or has no such thing.
    """
    try:
        with asked.ledger().read() as view:
            return ask(view)
    except StillwatchError as refused:
        raise word_refusal(refused) from refused


def find_row(asked: Asked, row: type[T], name: str, *, of: str) -> T:
    """Find a row by the id that the address or the form names.

    Raises:
        NotThereError: there is none.
    """
    assert issubclass(row, Row)  # noqa: S101  said by whoever wrote the page
    ledger = asked.ledger()
    found_id = asked.said(name) if asked.form else asked.text(name)
    if not found_id:
        raise NotThereError(of, "")
    try:
        with ledger.read() as view:
            return view.find(row, found_id)
    except told.UnknownRow as missing:
        raise NotThereError(of, found_id) from missing
    except StillwatchError as refused:
        raise word_refusal(refused) from refused


def word_refusal(refused: StillwatchError) -> RefusedPageError:
    """Word what the house refuses as a page says it."""
    words = next(
        (said for kind, said in _SAID if isinstance(refused, kind)),
        Words(503, "The ledger refuses this", "Nothing was changed. The service's log has more."),
    )
    sentence = str(refused)
    advice = words.advice or f"{(refused.hint or 'go back').capitalize()}."
    if words.status == 503:  # noqa: PLR2004  where it rests is nobody's business
        return RefusedPageError(words.status, words.title, advice)
    said = f"{sentence[:1].upper()}{sentence[1:]}. {advice}"
    return RefusedPageError(words.status, words.title, said)


def act_page(path: str, title: str, act: View, *, scope: str, back: str) -> Page:
    """Make the page that takes one form; whoever asks for it by address is led back."""

    def view(asked: Asked) -> Moved:
        asked.ledger()
        return Moved(back)

    return Page(path, title, view, needs=("ledger",), act=act, act_scope=scope)


def new_id(prefix: str) -> str:
    """Name something that a form will make: the form carries it, so that twice is once."""
    return f"{prefix}-{token_hex(_ID_BYTES)}"


def said_id(asked: Asked, prefix: str) -> str:
    """Give the id that a form carries, or a new one where it carries none of ours."""
    said = asked.said("own_id")
    given = said.removeprefix(f"{prefix}-")
    is_ours = said != given and len(given) == _ID_CHARS and set(given) <= set("0123456789abcdef")
    return said if is_ours else new_id(prefix)


def said_version(asked: Asked) -> int:
    """Give the version that whoever sends a form has looked at.

    Raises:
        RefusedPageError: the form names none.
    """
    said = asked.said("version")
    if not (said.isascii() and said.isdecimal() and len(said) < _ID_CHARS):
        raise RefusedPageError(422, "The form is incomplete", "Go back, reload, and try again.")
    return int(said)


def tell(asked: Asked, sentences: Mapping[str, str]) -> str:
    """Give the sentence about what was just done, as the address says; empty where nothing was."""
    return sentences.get(asked.text("told"), "")
