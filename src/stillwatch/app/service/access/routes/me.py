"""`GET /v1/me`: who asks, what they may, and the token that their forms need."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel

from stillwatch.app.service.access.door import csrf_token, open_door
from stillwatch.app.service.access.keys import identify
from stillwatch.app.service.access.routes.bodies import describe

router: Final = APIRouter(tags=["access"])


class Me(BaseModel):
    """Whoever asks."""

    user_id: str
    roles: list[str]
    """Empty for a key of a file."""
    scopes: list[str]
    by: str
    """`session` or `key`."""
    csrf_token: str
    """Empty where no session asks."""


@router.get("/v1/me", responses=describe(Me, 401, 404, 429, 503), summary="Who asks, what they may")
async def tell_me(request: Request) -> Me:
    """Tell it."""
    door = open_door(request)
    principal = await identify(request)
    user = door.keys.find_user(principal.name)
    session = door.sessions.find(request)
    is_session = session is not None and session.principal == principal
    return Me(
        user_id=principal.name,
        roles=list(user.roles) if user else [],
        scopes=sorted(principal.scopes),
        by="session" if is_session else "key",
        csrf_token=csrf_token(request) if is_session else "",
    )
