"""Install the package as docs/operate/install.md says; run its units under a systemd that boots.

The machine is a tree of Debian that systemd-nspawn boots, with a network of its own that has only
loopback. What is typed is read from the page: its first fence before the boot, its second after.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from packaging_ground import (
    LONG_S,
    REPOSITORY,
    PackagingError,
    PipSettings,
    copy_sources,
    hold,
    lend_names,
    mounted,
    run,
    wait_until,
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

NEEDED: Final = {"systemd-nspawn": "systemd-container", "nsenter": "util-linux"}
"""Programs, and the Debian packages that have them."""
PAGE: Final = REPOSITORY / "docs/operate/install.md"
SYSTEMD: Final = ("systemd", "systemd-sysv", "dbus")
UNITS: Final = ("stillwatch.service", "stillwatch-upkeep.service", "stillwatch-upkeep.timer")
EXPOSURE_MAX: Final = 2.0
"""systemd's exposure level, of 10, up to which it says `OK`."""
_STOP_S: Final = 60
_PYTHON: Final = "/opt/stillwatch/bin/python"
_NOT_WRITTEN: Final = ("/etc", "/opt/stillwatch", "/usr", "/var/lib", "/home", "/root", "/boot")
_NOW: Final = "[Timer]\nOnActiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=100ms\n"


def check_systemd(work: Path, base: Path, pip: PipSettings, tell: Callable[..., None]) -> None:
    """Install, boot, start, use, kill, maintain, stop; hold what the units promise."""
    fences = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    tree = work / "machine"
    key = _install(tree, base, pip, fences[0], tell)
    try:
        with _booted(tree) as enter:
            place = Place(enter, (*enter, "/usr/local/sbin/stillwatch-shell"), _PYTHON)
            _verify(place, tell)
            begun = time.monotonic()
            place.run("sh", "-ec", fences[1])
            wait_ready(place)
            tell("enabled, started and ready", f"{time.monotonic() - begun:.1f} s")
            _use(place, key, tell)
            _maintain(place, tell)
            _stop(place, tell)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _install(
    tree: Path, base: Path, pip: PipSettings, typed: str, tell: Callable[..., None]
) -> str:
    """Type the page's first fence, in a tree that can boot; give the key that it prints."""
    shutil.rmtree(tree, ignore_errors=True)
    run("cp", "-a", base, tree, limit_s=LONG_S)
    lend_names(tree)
    chroot = ("chroot", tree, "/usr/bin/env", "DEBIAN_FRONTEND=noninteractive")
    run(*chroot, "apt-get", "update", "-qq", limit_s=LONG_S)
    install = ("apt-get", "install", "-qq", "-y", "--no-install-recommends")
    run(*chroot, *install, *SYSTEMD, limit_s=LONG_S)
    copy_sources(tree / "srv/stillwatch")
    begun = time.monotonic()
    with mounted(pip.mounts, tree):
        said = run("chroot", tree, "sh", "-ec", f"cd /srv/stillwatch\n{typed}", limit_s=LONG_S)
    shutil.rmtree(tree / "srv/stillwatch")
    (tree / "etc/machine-id").write_text("")
    size = int(run("du", "-sm", tree / "opt/stillwatch").split()[0])
    tell("installed into /opt/stillwatch", f"{time.monotonic() - begun:.0f} s, {size:,} MB")
    return said.split()[-1]


@contextmanager
def _booted(tree: Path) -> Iterator[tuple[str, ...]]:
    """Boot the tree; give the words that bring a command into it.

    Raises:
        PackagingError: it doesn't boot.
    """
    words = ["systemd-nspawn", "--boot", "--register=no", "--private-network", "--console=pipe"]
    if not Path("/run/systemd/system").exists():
        words.append("--keep-unit")  # nobody is there to be asked for a unit
    with (tree.parent / "boot.log").open("wb") as log:
        machine = subprocess.Popen([*words, "-D", tree], stdout=log, stderr=log)
    try:
        enter = ("nsenter", "-t", _leader_of(machine), "-m", "-u", "-i", "-n", "-p", "-C", "--")
        running = ("systemctl", "is-system-running")
        wait_until(
            "systemd has booted",
            lambda: run(*enter, *running, ok=False).strip() in {"running", "degraded"},
        )
        yield enter
        run(*enter, "systemctl", "poweroff", ok=False)
        machine.wait(timeout=_STOP_S)
    finally:
        machine.terminate()
        try:
            machine.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            machine.kill()


def _leader_of(machine: subprocess.Popen[bytes]) -> str:
    """Give the process that is the machine's first, once it is systemd."""
    children = Path(f"/proc/{machine.pid}/task/{machine.pid}/children")
    found: list[str] = []

    def is_there() -> bool:
        if machine.poll() is not None:
            message = f"systemd-nspawn ended with {machine.returncode}"
            raise PackagingError(message)
        born = children.read_text().split()
        comm = {child: Path(f"/proc/{child}/comm").read_text().strip() for child in born}
        found.extend(child for child, name in comm.items() if name == "systemd")
        return bool(found)

    wait_until("systemd begins", is_there)
    return found[0]


def _verify(place: Place, tell: Callable[..., None]) -> None:
    place.run("systemctl", "daemon-reload")
    folder = "/etc/systemd/system"
    place.run("systemd-analyze", "verify", "--man=no", *(f"{folder}/{one}" for one in UNITS))
    for unit in UNITS[:2]:
        said = place.run("systemd-analyze", "security", "--no-pager", unit)
        found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
        level = float(found[1]) if found else 10.0
        hold(
            f"{unit} is exposed to {EXPOSURE_MAX} at most", holds=level <= EXPOSURE_MAX, seen=level
        )
        tell(f"systemd-analyze security {unit}", f"{level}")


def _use(place: Place, key: str, tell: Callable[..., None]) -> None:
    """Hold what the service may, let it work, and kill it."""
    main = _shown(place, "MainPID")
    status = place.run("cat", f"/proc/{main}/status")
    for line in (r"Uid:\t[1-9]\d{4}\t", r"CapBnd:\t0+$", r"NoNewPrivs:\t1$", r"Seccomp:\t2$"):
        hold(
            "it has no right", holds=bool(re.search(f"^{line}", status, re.MULTILINE)), seen=status
        )
    refuses_to_write((*place.enter, "nsenter", "-t", main, "-m"), _NOT_WRITTEN)
    refuses_to_write(place.become, _NOT_WRITTEN)
    tell("neither it nor stillwatch-shell can write outside its state, not even with root's id")
    code = work_through(place, key)
    count = has_kernels(place, "/var/cache/stillwatch")
    tell("first administrator, ingest, look and audit", f"{count} kernel files")
    place.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "stillwatch.service")
    begun = time.monotonic()
    wait_until("another process is there", lambda: _shown(place, "MainPID") not in {main, "0"})
    wait_ready(place)
    tell("killed, and ready again", f"{time.monotonic() - begun:.1f} s")
    has_data(place)
    tells_nobody(place.run("journalctl", "--no-pager", "--output=cat"), code)
    tell("the journal has no account, address, prompt or code")


def _maintain(place: Place, tell: Callable[..., None]) -> None:
    """Let the timer run the upkeep now, once, instead of at night."""
    upkeep, timer = UNITS[1:]
    place.run("systemctl", "is-enabled", timer)
    folder = f"/run/systemd/system/{timer}.d"
    place.run("mkdir", "-p", folder)
    place.run("tee", f"{folder}/now.conf", told=_NOW)
    place.run("systemctl", "daemon-reload")
    place.run("systemctl", "restart", timer)
    took = wait_until("the upkeep has run", lambda: _has_run(place, upkeep))
    result = _shown(place, "Result", upkeep)
    log = place.run("journalctl", "--no-pager", "--output=cat", "--unit", upkeep)
    hold("the upkeep ends well", holds=result == "success", seen=log)
    hold("it verifies the audit log", holds="whole: " in log, seen=log)
    run(*place.become, "sh", "-c", "test -e backups/*/backup.json")
    tells_nobody(log)
    tell("upkeep by its timer: retention, compaction, backup, audit", f"{took:.1f} s")


def _stop(place: Place, tell: Callable[..., None]) -> None:
    begun = time.monotonic()
    place.run("systemctl", "stop", UNITS[0])
    result = _shown(place, "Result")
    log = place.run("journalctl", "--no-pager", "--output=cat", "--unit", UNITS[0])
    hold("it stops well", holds=result == "success" and '"service.ended"' in log, seen=log)
    tell("stopped", f"{time.monotonic() - begun:.1f} s")


def _has_run(place: Place, unit: str) -> bool:
    return _shown(place, "ExecMainExitTimestampMonotonic", unit) != "0" and (
        _shown(place, "ActiveState", unit) in {"inactive", "failed"}
    )


def _shown(place: Place, name: str, unit: str = UNITS[0]) -> str:
    return place.run("systemctl", "show", f"--property={name}", "--value", unit).strip()
