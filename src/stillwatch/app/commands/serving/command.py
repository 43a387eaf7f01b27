"""`stillwatch serve`: decisions for gateways, and exchanges taken in from them.

Decisions come out of the ledger, or without one out of a finished result or the newest of a folder
of them; with a journal and a lake the service takes exchanges in and looks itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from stillwatch.app.commands.ledgers import LedgerIfAny, open_or_make
from stillwatch.app.commands.options import PolicyFile, examples, page, takes_options
from stillwatch.app.commands.serving.places import Places, check_places
from stillwatch.app.settings import read_section
from stillwatch.domain.errors import SettingError

_NEEDED: Final = ("fastapi", "uvicorn", "prometheus_client")
_PORT_MAX: Final = 65_535
_EXAMPLES = examples(
    "stillwatch serve --decisions monday",
    "stillwatch serve --journal journal --lake lake --results results",
    "stillwatch serve --journal journal --lake lake --results results --ledger ledger.db",
    "curl -H 'x-account-id: acct-0042' -i http://127.0.0.1:8787/v1/authz",
)
_Decisions = Annotated[
    Path | None, typer.Option(metavar="RESULT", help="Result whose decisions.jsonl is in force.")
]
_Journal = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Take exchanges in; they wait here.")
]
_Lake = Annotated[
    Path | None, typer.Option(metavar="LAKE", help="Lake that gets what was taken in.")
]
_Results = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Results of looks at the lake; the newest decides."),
]
_Seconds = Annotated[float, typer.Option(min=0.1, help="Seconds between two looks at the lake.")]
_Host = Annotated[str, typer.Option(help="Address to listen on.")]
_Port = Annotated[int, typer.Option(min=1, max=_PORT_MAX, help="Port of HTTP.")]
_GrpcPort = Annotated[
    int | None,
    typer.Option(min=1, max=_PORT_MAX, help="Port of Envoy's ext_authz; default: not served."),
]
_Keys = Annotated[
    Path | None, typer.Option(metavar="FILE", help="TOML: who may ask; needed beyond loopback.")
]
_Chain = Annotated[Path | None, typer.Option(metavar="FILE", help="PEM chain.")]
_PrivateKey = Annotated[Path | None, typer.Option(metavar="FILE", help="PEM private key.")]


@dataclass(frozen=True, slots=True)
class ListeningOptions:
    """Where the service listens, and to whom."""

    host: _Host = "127.0.0.1"
    port: _Port = 8787
    grpc_port: _GrpcPort = None
    keys: _Keys = None
    tls_certificate: _Chain = None
    tls_key: _PrivateKey = None


def serve(  # noqa: PLR0913  options of a command
    *,
    decisions: _Decisions = None,
    journal: _Journal = None,
    lake: _Lake = None,
    results: _Results = None,
    look_every: _Seconds = 300.0,
    ledger: LedgerIfAny = None,
    policy: PolicyFile = None,
    listening: ListeningOptions,
) -> None:
    """Answer gateways whether a request may go on, and take in what they log.

    With a ledger what its decisions say is in force: looks are recorded there and ruled under the
    policy, and `stillwatch revert` or an appeal takes effect within a second. Without one the
    table of a result decides, and is read anew when it changes. Settings are STILLWATCH_SERVE_…
    variables; docs/operate/gateway.md and docs/operate/enforcement.md have them.
    """
    for name in _NEEDED:
        if find_spec(name) is None:
            message = f"the service needs {name}"
            raise SettingError(message, hint="pip install 'stillwatch[serve]'")
    places = Places(decisions, journal, lake, results, ledger, policy, look_every)
    check_places(places)
    from stillwatch.app.commands.serving.parts import (  # noqa: PLC0415  half a second
        make_parts,
        source_of,
    )
    from stillwatch.app.service.serve import serve_decisions  # noqa: PLC0415  likewise
    from stillwatch.app.service.settings import (  # noqa: PLC0415  likewise
        Listening,
        ServiceSettings,
    )

    opened = None if ledger is None else open_or_make(ledger)
    try:
        serve_decisions(
            source_of(places, opened),
            listening=Listening(
                listening.host,
                listening.port,
                listening.grpc_port,
                listening.tls_certificate,
                listening.tls_key,
            ),
            keys_file=listening.keys,
            settings=read_section("serve", ServiceSettings()),
            ledger=opened,
            parts=make_parts(places),
        )
    finally:
        if opened is not None:
            opened.close()


def register(app: typer.Typer) -> None:
    """Add the command."""
    command = takes_options(serve, listening=ListeningOptions)
    app.command(help=page(serve), epilog=_EXAMPLES)(command)
