"""`stillwatch serve`: decisions for gateways, out of a finished result."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from stillwatch.app.commands.options import examples, page
from stillwatch.app.settings import read_section
from stillwatch.domain.errors import NotAResult, SettingError

_NEEDED: Final = ("fastapi", "uvicorn", "prometheus_client")
_PORT_MAX: Final = 65_535
_EXAMPLES = examples(
    "stillwatch serve --decisions monday",
    "curl -H 'x-account-id: acct-0042' -i http://127.0.0.1:8787/v1/authz",
)
_Port = Annotated[int, typer.Option(min=1, max=_PORT_MAX, help="Port of HTTP.")]
_GrpcPort = Annotated[
    int | None,
    typer.Option(min=1, max=_PORT_MAX, help="Port of Envoy's ext_authz; default: not served."),
]


def serve(  # noqa: PLR0913  options of a command
    *,
    decisions: Annotated[
        Path, typer.Option(metavar="RESULT", help="Result whose decisions.jsonl is in force.")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: _Port = 8787,
    grpc_port: _GrpcPort = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML: who may ask; needed beyond loopback.")
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM private key.")] = None,
) -> None:
    """Answer gateways whether a request may go on.

    The table is read anew when it changes, so that `stillwatch revert` is in force within a second.
    Settings are STILLWATCH_SERVE_… variables; docs/operate/gateway.md has them, and how to put the
    service behind nginx, Caddy, Traefik, Envoy, APISIX, a model proxy or an ASGI application.
    """
    for name in _NEEDED:
        if find_spec(name) is None:
            message = f"the service needs {name}"
            raise SettingError(message, hint="pip install 'stillwatch[serve]'")
    if not (decisions / "decisions.jsonl").is_file():
        raise NotAResult(str(decisions), missing="decisions.jsonl")
    from stillwatch.app.service.serve import serve_result  # noqa: PLC0415  half a second
    from stillwatch.app.service.settings import (  # noqa: PLC0415  likewise
        Listening,
        ServiceSettings,
    )

    listening = Listening(host, port, grpc_port, tls_certificate, tls_key)
    settings = read_section("serve", ServiceSettings())
    serve_result(decisions, listening=listening, keys_file=keys, settings=settings)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(serve), epilog=_EXAMPLES)(serve)
