"""`stillwatch serve`: decisions for gateways, and exchanges taken in from them.

Decisions come out of a finished result, or out of the newest of a folder in which looks at a lake
leave theirs; with a journal and a lake the service takes exchanges in and looks itself.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from stillwatch.app.commands.options import examples, page
from stillwatch.app.settings import read_key, read_section
from stillwatch.domain.errors import NotAResult, SettingError

if TYPE_CHECKING:
    from stillwatch.app.service import Part

_NEEDED: Final = ("fastapi", "uvicorn", "prometheus_client")
_PORT_MAX: Final = 65_535
_COMMIT_S: Final = 30.0
"""Seconds between two appends to the lake, or as many as between two looks where those are fewer:
each append is some files, which every look opens."""
_EXAMPLES = examples(
    "stillwatch serve --decisions monday",
    "stillwatch serve --journal journal --lake lake --results results",
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
        Path | None,
        typer.Option(metavar="RESULT", help="Result whose decisions.jsonl is in force."),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Take exchanges in; they wait here.")
    ] = None,
    lake: Annotated[
        Path | None, typer.Option(metavar="LAKE", help="Lake that gets what was taken in.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Results of looks at the lake; the newest decides."),
    ] = None,
    look_every: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two looks at the lake.")
    ] = 300.0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: _Port = 8787,
    grpc_port: _GrpcPort = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML: who may ask; needed beyond loopback.")
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM private key.")] = None,
) -> None:
    """Answer gateways whether a request may go on, and take in what they log.

    The table is read anew when it changes, so that `stillwatch revert` is in force within a second.
    Settings are STILLWATCH_SERVE_… variables; docs/operate/gateway.md has them, and how to put the
    service behind nginx, Caddy, Traefik, Envoy, APISIX, a model proxy or an ASGI application.
    """
    for name in _NEEDED:
        if find_spec(name) is None:
            message = f"the service needs {name}"
            raise SettingError(message, hint="pip install 'stillwatch[serve]'")
    _check_places(decisions, journal=journal, lake=lake, results=results)
    from stillwatch.app.service.serve import serve_decisions  # noqa: PLC0415  half a second
    from stillwatch.app.service.settings import (  # noqa: PLC0415  likewise
        Listening,
        ServiceSettings,
    )

    listening = Listening(host, port, grpc_port, tls_certificate, tls_key)
    serve_decisions(
        _newest_of(results) if decisions is None and results is not None else decisions or Path(),
        listening=listening,
        keys_file=keys,
        settings=read_section("serve", ServiceSettings()),
        parts=()
        if journal is None or lake is None
        else (_take_in(journal, lake, results, every=(min(_COMMIT_S, look_every), look_every)),),
    )


def _check_places(
    decisions: Path | None, *, journal: Path | None, lake: Path | None, results: Path | None
) -> None:
    """Refuse places that do not make sense together.

    Raises:
        SettingError: nothing says whence decisions come, or there is a journal without a lake.
        NotAResult: `decisions` is none.
    """
    if decisions is None and results is None:
        message = "nothing says whence decisions come"
        raise SettingError(message, hint="give --decisions RESULT, or --results FOLDER")
    if (journal is None) != (lake is None):
        message = "exchanges that are taken in need a journal and a lake"
        raise SettingError(message, hint="give both --journal and --lake, or neither")
    if decisions is not None and not (decisions / "decisions.jsonl").is_file():
        raise NotAResult(str(decisions), missing="decisions.jsonl")


def _newest_of(results: Path) -> Callable[[], Path | None]:
    from stillwatch.app.loops.results_folder import ResultsFolder  # noqa: PLC0415  likewise

    return ResultsFolder(results).newest


def _take_in(
    journal: Path, lake: Path, results: Path | None, *, every: tuple[float, float]
) -> Part:
    """Make the part that takes exchanges in; who sends them needs the scope `ingest`."""
    from fastapi import Depends, Request  # noqa: PLC0415  likewise

    from stillwatch.app.service import Part  # noqa: PLC0415  likewise
    from stillwatch.app.service.access.keys import authorise  # noqa: PLC0415  likewise
    from stillwatch.app.service.ingestion import (  # noqa: PLC0415  likewise
        Ingestion,
        IngestionSettings,
    )

    async def may_send(request: Request) -> None:
        await authorise(request, "ingest")

    may_send.__annotations__["request"] = Request  # FastAPI reads it, and knows no name of ours
    settings = IngestionSettings(journal, lake, results, *every)
    ingestion = Ingestion(settings, key=read_key(), dependencies=[Depends(may_send)])
    return Part(ingestion.router, ingestion.lifespan)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(serve), epilog=_EXAMPLES)(serve)
