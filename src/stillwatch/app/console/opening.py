"""A finished result, opened in the console on this machine alone: no server to set up.

It listens on loopback at a port that the system gives, lets in whoever has the address that was
printed, reads and never writes, and ends on Ctrl-C or when no page has been open for a while.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

import uvicorn
from fastapi import FastAPI

from stillwatch.app.console.console import make_console
from stillwatch.app.console.gate import ENTER, Gate, ReadOnly
from stillwatch.app.service.problems import add_problems
from stillwatch.domain.service_limits import CONSOLE_IDLE_S_MAX

_HOST: Final = "127.0.0.1"
_TOKEN_BYTES: Final = 32
_LOOK_S: Final = 1.0
"""Seconds between two looks at whether anybody is still there."""
_GRACE_S: Final = 2


def make_opened(result: Path, *, token: str, name: str = "you") -> Gate:
    """Make the application that shows one result to whoever has the token."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.keys = ReadOnly(name)
    app.state.ledger = None
    add_problems(app)
    app.include_router(make_console(lambda: result, stays_alive=True).router)
    return Gate(app, token=token)


def open_result(result: Path, *, tell: Callable[[str], None], port: int = 0) -> None:
    """Serve a result until Ctrl-C, or until nobody has looked for CONSOLE_IDLE_S_MAX.

    `tell` gets the address to open, once the port is open.

    Raises:
        OSError: the port can't be had.
    """
    token = token_urlsafe(_TOKEN_BYTES)
    gate = make_opened(result, token=token)
    config = uvicorn.Config(
        gate,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_S,
    )
    with socket.create_server((_HOST, port)) as bound:
        tell(f"http://{_HOST}:{bound.getsockname()[1]}{ENTER}?token={token}")
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_serve(uvicorn.Server(config), gate, bound))


async def _serve(server: uvicorn.Server, gate: Gate, bound: socket.socket) -> None:
    watching = asyncio.create_task(_end_when_idle(server, gate))
    await server.serve(sockets=[bound])
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def _end_when_idle(server: uvicorn.Server, gate: Gate) -> None:
    while not gate.is_idle(CONSOLE_IDLE_S_MAX):  # noqa: ASYNC110  a request moves the time, no event
        await asyncio.sleep(_LOOK_S)
    server.should_exit = True
