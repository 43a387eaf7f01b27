"""What a body or its moment is refused for, as problem+json; and a route that says so.

Nothing of a body is ever repeated in a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from stillwatch.domain import service_limits
from stillwatch.store.segments.errors import Backlogged, SegmentError

MEDIA_TYPE: Final = "application/problem+json"
_CLIENT_GONE: Final = 499
"""As nginx logs it: nobody reads this answer."""
Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class RefusedError(Exception):
    """A body that is not taken, or not now; nothing of it was kept."""

    def __init__(self, status: int, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> Mapping[str, str]:
        """Give the headers that go with it."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}


def as_refusal(failure: Exception) -> RefusedError | None:
    """Give the refusal that a failure comes to; None where it is a fault of ours."""
    if isinstance(failure, RefusedError):
        return failure
    if isinstance(failure, Backlogged):
        detail = "More waits to be committed than may wait; send it again later."
        return RefusedError(429, detail, retry_after_s=failure.retry_after_s)
    if isinstance(failure, SegmentError):
        detail = "It could not be written to the disk; send it again later."
        return RefusedError(503, detail, retry_after_s=service_limits.JOURNAL_RETRY_S)
    if isinstance(failure, ClientDisconnect):
        return RefusedError(_CLIENT_GONE, "The client has gone.")
    return None


def word_refusal(refusal: RefusedError) -> Response:
    """Word a refusal as problem+json."""
    known = {one.value for one in HTTPStatus}
    title = HTTPStatus(refusal.status).phrase if refusal.status in known else "Client Gone"
    content = {
        "type": "about:blank",
        "title": title,
        "status": refusal.status,
        "detail": refusal.detail,
    }
    return Response(
        orjson.dumps(content),
        refusal.status,
        media_type=MEDIA_TYPE,
        headers=dict(refusal.headers),
    )


def refusing(answer: Answer) -> Answer:
    """Have a route word its refusals here, in whatever application it is included."""

    async def answer_or_refuse(request: Request) -> Response:
        try:
            return await answer(request)
        except Exception as failure:
            refusal = as_refusal(failure)
            if refusal is None:
                raise
            return word_refusal(refusal)

    return answer_or_refuse
