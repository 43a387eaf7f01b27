"""`stillwatch demo`: a small incident, scanned, with nothing else needed.

The traffic is made by whatever is registered as `simulate` in the entry point group
`stillwatch.scenarios`: the lab, which this package never imports.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from stillwatch.app.commands.options import Seed, examples, page
from stillwatch.app.commands.scan import show_outcome
from stillwatch.app.commands.screen import say
from stillwatch.app.progress import Progress, shown_progress
from stillwatch.app.requests import ScanOutcome, ScanRequest
from stillwatch.app.settings import has_screen, read_settings, utc_now
from stillwatch.domain.errors import StillwatchError

SCENARIOS = "stillwatch.scenarios"
_DEMO_KEY = b"stillwatch-demo."
"""Sixteen bytes that are no secret: made-up accounts need none, and runs can be compared."""
_EXAMPLES = examples("stillwatch demo", "stillwatch demo --out /tmp/tour --seed 7 --no-open")


def demo(
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Holds traffic/ and result/ afterwards.")
    ] = Path("stillwatch-demo"),
    seed: Seed = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the report's path.")] = (
        False
    ),
) -> None:
    """Make a small incident, scan it and open the report; nothing else is needed.

    Some 8,000 honest accounts, three campaigns among them, and an innocent class, office, firm,
    evaluation harness and permitted partner that resemble them. DIR/traffic/truth tells who is who.
    """
    outcome = _make_and_scan(out, seed=seed)
    show_outcome(outcome, as_json=False)
    say(f"next: stillwatch open {outcome.result}")
    say(f"      stillwatch explain ACCOUNT --result {outcome.result}")
    if sys.stdout.isatty() and has_screen() and not no_open:
        typer.launch((outcome.result / "report.html").resolve().as_uri())


def _make_and_scan(out: Path, *, seed: int) -> ScanOutcome:
    from stillwatch.app.late import start_compiling  # noqa: PLC0415  brings Numba

    start_compiling()
    from stillwatch.app.pipeline import run_scan  # noqa: PLC0415  brings every stage
    from stillwatch.domain.keyed import PseudonymKey  # noqa: PLC0415  brings Numba
    from stillwatch.store.results import check_free  # noqa: PLC0415  brings Polars

    check_free(out)
    with shown_progress() as progress:
        _simulate(out / "traffic", seed=seed, progress=progress)
        return run_scan(
            ScanRequest(traffic=out / "traffic", out=out / "result", retain_text=True, seed=seed),
            settings=read_settings(),
            key=PseudonymKey.from_bytes(_DEMO_KEY),
            now=utc_now(),
            progress=progress,
        )


def _simulate(out: Path, *, seed: int, progress: Progress) -> None:
    simulate = _load_simulator()
    with progress.stage("simulate"):
        simulate("demo", out=out, scale=1.0, seed=seed)


def _load_simulator() -> Any:  # noqa: ANN401  a function of another distribution
    for point in entry_points(group=SCENARIOS, name="simulate"):
        return point.load()
    message = "no simulator is installed"
    raise StillwatchError(message, hint="reinstall stillwatch: its lab brings one")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(demo), epilog=_EXAMPLES)(demo)
