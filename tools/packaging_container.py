"""Build `packaging/Containerfile`, and run the image as the file's own header says.

The command is read from the header and given what this machine needs (a store of its own, a free
port, limits that the machine allows), so that what operators copy is what is tried.
"""

from __future__ import annotations

import json
import re
import resource
import secrets
import shlex
import socket
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from packaging_ground import (
    COMMAND_S,
    LONG_S,
    REPOSITORY,
    PipSettings,
    copy_sources,
    hold,
    run,
)
from packaging_probe import (
    Place,
    has_data,
    has_kernels,
    refuses_to_write,
    tells_nobody,
    wait_ready,
    work_through,
)

NEEDED: Final = {
    "buildah": "buildah",
    "podman": "podman",
    "runc": "runc",
    "iptables": "iptables",
    "/usr/lib/podman/netavark": "netavark",
}
"""Programs, and the Debian packages that have them."""
CONTAINERFILE: Final = REPOSITORY / "packaging/Containerfile"
_BASE: Final = "localhost/stillwatch-check-base"
_NAME: Final = "stillwatch-check"
_PROCESSES: Final = 4096
_END_S: Final = 60
_NOT_WRITTEN: Final = ("/etc", "/opt/stillwatch", "/usr", "/var/lib", "/run/secrets")


@dataclass(frozen=True, slots=True)
class Engine:
    """Podman and Buildah with a store of their own, in the folder of the work."""

    store: tuple[str, ...]

    @classmethod
    def of(cls, work: Path) -> Engine:
        """Take overlays where there are some; copies of whole images otherwise."""
        for driver in ("overlay", "vfs"):
            roots = ("--root", str(work / driver), "--runroot", str(work / f"{driver}-run"))
            engine = cls((*roots, "--storage-driver", driver))
            if f"graphDriverName: {driver}" in engine.podman("info", ok=False):
                return engine
        return engine

    @property
    def words(self) -> tuple[str, ...]:
        """Podman, with cgroups by itself and the runtime that takes those of either version."""
        return ("podman", *self.store, "--cgroup-manager", "cgroupfs", "--runtime", "runc")

    def podman(
        self, *words: str, ok: bool = True, told: str = "", limit_s: float = COMMAND_S
    ) -> str:
        """Run a command of Podman."""
        return run(*self.words, *words, ok=ok, told=told, limit_s=limit_s)


def check_container(work: Path, base: Path, pip: PipSettings, tell: Callable[..., None]) -> None:
    """Build, start, use, end, start again, and look at what was written."""
    engine = Engine.of(work)
    image = _build(engine, work, base, pip, tell)
    key, secret = secrets.token_hex(32), work / "secret"
    for name, text in _secrets_of(key).items():
        secret.write_text(text)
        engine.podman("secret", "rm", name, ok=False)
        engine.podman("secret", "create", name, str(secret))
    secret.unlink()
    port = _free_port()
    try:
        _run_twice(engine, _typed_run(image, port), port, key, tell)
    finally:
        engine.podman("rm", "--force", "--time", "5", _NAME, ok=False)
        engine.podman("volume", "rm", "--force", "stillwatch", ok=False)


def _build(
    engine: Engine, work: Path, base: Path, pip: PipSettings, tell: Callable[..., None]
) -> str:
    archive, source = work / "base.tar", work / "source"
    run("tar", "-C", base, "-cf", archive, ".", limit_s=LONG_S)
    engine.podman("import", "-q", str(archive), _BASE, limit_s=LONG_S)
    archive.unlink()
    if not source.exists():
        copy_sources(source)
    lent = [f"--volume={one}:{place}:ro" for one, place in pip.mounts]
    begun = time.monotonic()
    # The file's header has `podman build --format docker`; Buildah is what that runs, and needs no
    # namespaces for `RUN` with this isolation.
    run(
        *("buildah", *engine.store, "build", "--format=docker", "--isolation=chroot"),
        *("--pull=never", f"--build-arg=PYTHON={_BASE}", *lent),
        *("--tag=localhost/stillwatch", "--file", CONTAINERFILE, source),
        limit_s=LONG_S,
    )
    tell("built", f"{time.monotonic() - begun:.0f} s")
    known = json.loads(engine.podman("image", "inspect", "localhost/stillwatch"))[0]
    base_bytes = json.loads(engine.podman("image", "inspect", _BASE))[0]["Size"]
    tell("image", f"{known['Size'] / 1e6:,.0f} MB, of which the base is {base_bytes / 1e6:,.0f}")
    hold("the image has a health check", holds=bool(known.get("Healthcheck")), seen=known["Config"])
    # What is lent leaves an empty mount point behind; its content has to be gone.
    alone = ("run", "--rm", "--network=none", *_limits(), "--entrypoint=cat")
    lent_file = engine.podman(*alone, "localhost/stillwatch", "/etc/pip.conf", ok=False)
    hold("pip's settings are in no layer", holds="[global]" not in lent_file, seen=lent_file)
    return "localhost/stillwatch"


def _secrets_of(key: str) -> dict[str, str]:
    digest = sha256(key.encode()).hexdigest()
    scopes = '["decide", "changes", "usage", "ingest"]'
    return {
        "pseudonym.key": secrets.token_hex(16),
        "audit.key": secrets.token_hex(32),
        "service-keys.toml": f'[[key]]\nname = "edge"\nsha256 = "{digest}"\nscopes = {scopes}\n',
    }


def _typed_run(image: str, port: int) -> list[str]:
    """Give the words after `podman` of the header's `podman run`, for this machine."""
    found = re.search(r"^#   podman (run (?:.*\\\n#)*.*)$", CONTAINERFILE.read_text(), re.MULTILINE)
    hold("the header says how to run it", holds=found is not None)
    typed = shlex.split((found[1] if found else "").replace("\\\n#", " "))
    hold("the header runs the image", holds=typed[-1] == "stillwatch", seen=typed)
    published = "127.0.0.1:8787:8787"
    hold("the header publishes the port", holds=published in typed, seen=typed)
    words = [f"127.0.0.1:{port}:8787" if word == published else word for word in typed]
    return ["run", "--detach", f"--name={_NAME}", *_limits(), *words[1:-1], image]


def _limits() -> list[str]:
    """Ask for no more than this machine has: Podman asks for more, and may be refused."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return [f"--ulimit=nofile={files}:{files}", f"--ulimit=nproc={_PROCESSES}:{_PROCESSES}"]


def _run_twice(
    engine: Engine, typed: list[str], port: int, key: str, tell: Callable[..., None]
) -> None:
    inside = (*engine.words, "exec", "-i", _NAME)
    place = Place(enter=inside, become=inside, python="python")
    engine.podman(*typed)
    tell("ready on a fresh volume", f"{wait_ready(place):.1f} s")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
        hold("the published port answers", holds=answer.status == 200, seen=answer.status)
    engine.podman("healthcheck", "run", _NAME)
    tell("health check", "passes")
    status = place.run("cat", "/proc/1/status")
    for line in (r"Uid:\t10001\t10001", r"CapEff:\t0+$", r"CapBnd:\t0+$", r"NoNewPrivs:\t1$"):
        hold(
            "it has no right", holds=bool(re.search(f"^{line}", status, re.MULTILINE)), seen=status
        )
    refuses_to_write(inside, _NOT_WRITTEN)
    tell("without root, without a capability, root file system read-only")
    code = work_through(place, key)
    tell(
        "first administrator, ingest, look and audit",
        f"{has_kernels(place, 'kernels')} kernel files",
    )
    begun = time.monotonic()
    engine.podman("stop", "--time", str(_END_S), _NAME)
    ended = json.loads(engine.podman("inspect", _NAME))[0]["State"]["ExitCode"]
    hold("SIGTERM ends it with 0", holds=ended == 0, seen=ended)
    tell("ended by SIGTERM", f"{time.monotonic() - begun:.1f} s, code 0")
    _look_at_traces(engine, code, tell)
    engine.podman("rm", _NAME)
    engine.podman(*typed)
    tell("ready again, in a new container", f"{wait_ready(place):.1f} s")
    has_data(place)
    tell("a new container finds the data of the one before")


def _look_at_traces(engine: Engine, code: str, tell: Callable[..., None]) -> None:
    """Hold that nothing was written but mount points, and that the log names nobody."""
    log = engine.podman("logs", _NAME)
    hold("it says that it ended", holds='"service.ended"' in log, seen=log)
    tells_nobody(log, code)
    written = [
        line
        for line in engine.podman("diff", _NAME).splitlines()
        if line[:2] in {"A ", "C ", "D "} and line[2:] not in {"/etc", "/run", "/run/secrets"}
    ]
    hold("nothing but the volume was written", holds=not written, seen=written)
    tell("nothing written but volume and tmpfs; no person and no code in the log")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port
