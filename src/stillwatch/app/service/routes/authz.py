"""`/v1/authz`: forward-auth, as nginx, Caddy, Traefik, APISIX and Envoy's HTTP filter ask it.

The account is in a header that the gateway sets. 200 lets pass, with headers for the service
behind; 401, 403 and 429 refuse, with a body that the gateway hands to the customer. nginx takes a
429 for a fault: `?refuse_with=403` makes every refusal that status, and `x-stillwatch-status` says
which it was. Any method, and any path below, since some gateways send the request's own.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import Headers

from stillwatch.app.service.access.keys import authorise
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.problems import MEDIA_TYPE
from stillwatch.app.service.routes.schema import describe
from stillwatch.gateway.asgi import read_header
from stillwatch.gateway.judge import Asked

router: Final = APIRouter()
ROUTE: Final = "authz"
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NO_STORE: Final = "no-store"
_RefuseWith = Annotated[Literal["401", "403"] | None, Query()]


@router.get(
    "/v1/authz",
    responses=describe(None, 401, 403, 422, 429, 503),
    response_class=Response,
    summary="Whether a request of an account may go on, for forward-auth",
)
async def authorise_request(request: Request, refuse_with: _RefuseWith = None) -> Response:
    """Answer for the account that the gateway's header names."""
    await authorise(request, "decide")
    return answer_authz(request.app.state.decider, request.headers, refuse_with=refuse_with)


def answer_authz(decider: Decider, headers: Headers, *, refuse_with: str | None) -> Response:
    """Answer whom the decision scope has let in; it waits for nothing."""
    settings = decider.settings
    asked = Asked(
        account_id=_id_in(headers, settings.account_header) or "",
        now_s=decider.clock(),
        api_key_id=_id_in(headers, settings.api_key_header),
    )
    answer = decider.answer(ROUTE, asked)
    said = {**dict(answer.headers()), "cache-control": _NO_STORE}
    if answer.goes_on:
        return Response(status_code=200, headers=said)
    status = int(refuse_with) if refuse_with else answer.status
    return Response(answer.body(), status, media_type=MEDIA_TYPE, headers=said)


def _id_in(headers: Headers, header: str) -> str | None:
    found = headers.getlist(header)
    return read_header(found[0].encode("latin-1")) if len(found) == 1 else None


for _path in ("/v1/authz", "/v1/authz/{rest:path}", "/authz", "/authz/{rest:path}"):
    router.add_api_route(
        _path,
        authorise_request,
        methods=[*METHODS],
        include_in_schema=False,
        response_class=Response,
    )
