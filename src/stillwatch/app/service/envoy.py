"""Envoy's `ext_authz` v3 over gRPC: the same answers, in the words of its protocol.

The account is in the header that the settings name, as for forward-auth, or in the context
extension `account_id` of the route, and the key in metadata or a header `x-stillwatch-key`. A
refusal carries the status, headers and body that the customer gets; what goes on gets headers for
the service behind, set and not added, so that nobody's own stand beside them.

Source:  envoy/service/auth/v3/external_auth.proto, by the package `xds-protos` (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from stillwatch.app.service.access.keys import KEY_HEADER, KeyRing
from stillwatch.app.service.decider import Decider
from stillwatch.app.service.problems import MEDIA_TYPE
from stillwatch.app.service.settings import Listening
from stillwatch.app.service.telemetry import tell
from stillwatch.domain.errors import SettingError
from stillwatch.domain.service_limits import (
    ENVOY_CALLS_MAX,
    SERVICE_BODY_BYTES_MAX,
)
from stillwatch.gateway.answers import Answer, unchecked
from stillwatch.gateway.judge import Asked

ROUTE: Final = "envoy"
_OK: Final = 0
_PERMISSION_DENIED: Final = 7
"""Codes of google.rpc.Status; Envoy looks whether it is 0, and takes the rest from the answer."""
_GRACE_S: Final = 2.0
"""Seconds for calls under way when the service ends."""


@asynccontextmanager
async def serve_envoy(
    decider: Decider, *, keys: KeyRing, listening: Listening
) -> AsyncIterator[None]:
    """Serve ext_authz beside HTTP, where a port for it is named.

    Raises:
        SettingError: gRPC is not installed, or the port can't be had.
    """
    if listening.grpc_port is None:
        yield
        return
    server = _make_server(decider, keys, listening)
    await server.start()
    tell("envoy.started", port=listening.grpc_port)
    try:
        yield
    finally:
        await server.stop(_GRACE_S)


def _make_server(decider: Decider, keys: KeyRing, listening: Listening) -> Any:  # noqa: ANN401  grpcio ships no types
    try:
        import grpc  # noqa: PLC0415  heavy, and wanted by those alone who name a port for it
        from envoy.service.auth.v3 import external_auth_pb2_grpc  # noqa: PLC0415  likewise
    except ImportError as absent:
        message = f"ext_authz needs {absent.name}"
        raise SettingError(message, hint="pip install 'stillwatch[serve]'") from absent
    server = grpc.aio.server(
        maximum_concurrent_rpcs=ENVOY_CALLS_MAX,
        options=[("grpc.max_receive_message_length", SERVICE_BODY_BYTES_MAX)],
    )
    external_auth_pb2_grpc.add_AuthorizationServicer_to_server(
        ExternalAuthorisation(decider, keys), server
    )
    address = f"{listening.host}:{listening.grpc_port}"
    try:
        if listening.certificate and listening.private_key:
            pair = (listening.private_key.read_bytes(), listening.certificate.read_bytes())
            server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
        else:
            server.add_insecure_port(address)
    except RuntimeError as taken:
        message = f"cannot listen on {address}"
        raise SettingError(message, hint="choose another --grpc-port") from taken
    return server


class ExternalAuthorisation:
    """The service `envoy.service.auth.v3.Authorization`."""

    def __init__(self, decider: Decider, keys: KeyRing) -> None:
        from envoy.service.auth.v3 import external_auth_pb2  # noqa: PLC0415  as above
        from envoy.type.v3 import http_status_pb2  # noqa: PLC0415

        self._decider = decider
        self._keys = keys
        self._messages = external_auth_pb2
        self._status = http_status_pb2.HttpStatus

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802  the protocol's name
        """Answer one request."""
        attributes = request.attributes
        headers = attributes.request.http.headers
        extensions = attributes.context_extensions
        if not self._may_ask(headers, context):
            return self._refuse(unchecked("", "deny", is_stale=False))
        settings = self._decider.settings
        asked = Asked(
            account_id=extensions.get("account_id") or headers.get(settings.account_header, ""),
            now_s=self._decider.clock(),
            api_key_id=headers.get(settings.api_key_header),
        )
        answer = self._decider.answer(ROUTE, asked)
        return self._let_pass(answer) if answer.goes_on else self._refuse(answer)

    def _may_ask(self, headers: Any, context: Any) -> bool:  # noqa: ANN401
        said = dict(context.invocation_metadata() or ())
        key = said.get(KEY_HEADER) or headers.get(KEY_HEADER, "")
        principal = self._keys.find(key)
        return principal is not None and "decide" in principal.scopes

    def _let_pass(self, answer: Answer) -> Any:  # noqa: ANN401
        response = self._messages.CheckResponse()
        response.status.code = _OK
        for name, value in answer.headers():
            if value:
                self._add_header(response.ok_response.headers, name, value)
            else:
                response.ok_response.headers_to_remove.append(name)
        return response

    def _refuse(self, answer: Answer) -> Any:  # noqa: ANN401
        response = self._messages.CheckResponse()
        response.status.code = _PERMISSION_DENIED
        denied = response.denied_response
        denied.status.CopyFrom(self._status(code=answer.status))
        for name, value in (*answer.headers(), ("content-type", MEDIA_TYPE)):
            self._add_header(denied.headers, name, value)
        denied.body = answer.body().decode()
        return response

    @staticmethod
    def _add_header(headers: Any, name: str, value: str) -> None:  # noqa: ANN401
        option = headers.add()
        option.header.key = name
        option.header.value = value
        option.append_action = option.OVERWRITE_IF_EXISTS_OR_ADD
