"""A real ingestion server on a loopback port, as a process: it prints its port.

    python ingestion_server.py JOURNAL LAKE [--mark FILE] [--commits]

`--mark` keeps the first byte of that file at 1 while a group is being written and flushed, also
after a kill: how a test knows what a kill has hit. `--commits` starts the committer beside it. One
that is asked to end prints what it has counted.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from stillwatch.app.service.ingestion import Ingestion, IngestionSettings
from stillwatch.app.settings import read_key
from stillwatch.store.segments import JournalBounds
from stillwatch.store.segments.records import PackedRecord
from stillwatch.store.segments.writing import OpenSegment


def mark_writes(path: Path) -> None:
    """Keep a shared byte at 1 while something is written."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    os.ftruncate(handle, mmap.PAGESIZE)
    shared = mmap.mmap(handle, mmap.PAGESIZE)
    put = OpenSegment.put

    def marked(self: OpenSegment, group: Sequence[PackedRecord]) -> int:
        shared[0] = 1
        written = put(self, group)
        shared[0] = 0
        return written

    OpenSegment.put = marked  # type: ignore[method-assign]


def main(arguments: list[str]) -> None:
    """Serve until it is killed."""
    journal, lake, *options = arguments
    if "--mark" in options:
        mark_writes(Path(options[options.index("--mark") + 1]))
    commits = "--commits" in options
    every_s = float(os.environ.get("COMMIT_EVERY_S", "1"))
    bounds = JournalBounds(segment_age_s=float(os.environ.get("SEGMENT_AGE_S", "0.3")))
    settings = IngestionSettings(
        Path(journal), Path(lake), commits=commits, commit_every_s=every_s, bounds=bounds
    )
    ingestion = Ingestion(settings, key=read_key())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with ingestion.lifespan(app):
            intake = ingestion.intake
            assert intake is not None
            yield
        told = {"journal": asdict(intake.journal.counts), "body_bytes": intake.counts.bytes}
        sys.stdout.write(f"{json.dumps(told)}\n")

    app = FastAPI(lifespan=lifespan)
    app.include_router(ingestion.router)
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1:])
