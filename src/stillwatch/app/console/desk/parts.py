"""What the parts of the service hold that desk pages work with: management, and who comes in.

A page calls their functions and writes none of them again. Where a part is not there, whoever asked
is told so on a page.
"""

from __future__ import annotations

from typing import Any

from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.service.access.door import LedgerDoor
from stillwatch.app.service.control.part import Control


def control_of(asked: Asked) -> Control:
    """Give what the management of the service holds.

    Raises:
        RefusedPageError: there is no ledger, or this service runs without management.
    """
    asked.ledger()
    found = _held(asked, "control")
    if not isinstance(found, Control):
        raise RefusedPageError(
            404,
            "This service runs without management",
            "Start it with “stillwatch serve --ledger”; then decisions can be proposed here.",
        )
    return found


def door_of(asked: Asked) -> LedgerDoor:
    """Give what lets people and programs in.

    Raises:
        RefusedPageError: there is no ledger, or nobody signs in to this service.
    """
    asked.ledger()
    found = _held(asked, "access")
    if not isinstance(found, LedgerDoor):
        raise RefusedPageError(
            404,
            "Nobody signs in to this service",
            "It knows keys of a file alone. Start it with “stillwatch serve --ledger” for users.",
        )
    return found


def may(asked: Asked, scope: str) -> bool:
    """Say whether whoever asks may do something; the server checks again when they do."""
    return scope in asked.principal.scopes


def _held(asked: Asked, name: str) -> Any:  # noqa: ANN401  whatever a part has put there
    return getattr(asked.behind.state, name, None)
