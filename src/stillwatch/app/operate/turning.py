"""Another pseudonym key for what comes from now on, in a lake that keeps what it has.

Pseudonyms under two keys never meet, and what they were made of is gone: nothing can be made again.
So a window never holds both. What came under the key before stands aside in every look, which says
so; campaigns keep their ids through the accounts that stay in them. Whoever destroys the old key
has made the old pseudonyms noise.
"""

from __future__ import annotations

from pathlib import Path

from stillwatch.app.steps.opening import check_of_key, lake_to_rewrite
from stillwatch.domain.errors import LakeError
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.store.manifest import turn_key


def turn_to(new: PseudonymKey, *, lake: Path, old: PseudonymKey, journal: Path | None) -> bool:
    """Let a new key rule a lake; say whether that was news.

    Segments of a journal are encrypted under a key that is made of the old one: all that wait must
    have been committed.

    Raises:
        LakeError: segments wait still, or the lake was made with neither key.
    """
    with lake_to_rewrite(lake):
        if journal is not None:
            _require_empty(journal)
        return turn_key(lake, key_check=check_of_key(old), new_check=check_of_key(new))


def _require_empty(journal: Path) -> None:
    from stillwatch.store.segments import SegmentFolder  # noqa: PLC0415  wants the extra `serve`

    folder = SegmentFolder(journal)
    waiting = len(folder.unfinished()) + len(folder.sealed()) if journal.is_dir() else 0
    if waiting:
        message = f"{waiting} segments wait in {journal}, and only the old key opens them"
        hint = "stop the service, then `stillwatch commit JOURNAL --lake LAKE --once`"
        raise LakeError(message, hint=hint)
