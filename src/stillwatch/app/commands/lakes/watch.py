"""`stillwatch watch`: a look at the last days of a lake, and what has become of each campaign."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.app.commands.lakes.places import LakeToRead
from stillwatch.app.commands.ledgers import LedgerIfAny
from stillwatch.app.commands.options import AsJson, PolicyFile, Seed, examples, page
from stillwatch.app.commands.scan import show_outcome
from stillwatch.app.commands.screen import complain, say, show_table
from stillwatch.app.progress import QuietProgress, shown_progress
from stillwatch.app.requests import ScanOutcome, WatchRequest
from stillwatch.app.settings import read_key, read_settings, utc_now
from stillwatch.domain.errors import StillwatchError

if TYPE_CHECKING:
    from stillwatch.app.loops.beside_ledger import LookRules

_EXAMPLES = examples(
    "stillwatch watch lake/ --out monday",
    "stillwatch watch lake/ --out monday --window-days 14",
    "stillwatch diff sunday monday          [dim]# what has changed[/dim]",
)
_COLUMNS = ("campaign", "state", "accounts #", "new #", "gone #", "stopped #", "alarm")


def watch(  # noqa: PLR0913  one parameter an option
    lake: LakeToRead,
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="RESULT", help="Result directory; must not exist.")
    ],
    window_days: Annotated[
        int | None,
        typer.Option("--window-days", min=1, help="Days up to the last; default: all there are."),
    ] = None,
    policy: PolicyFile = None,
    ledger: LedgerIfAny = None,
    seed: Seed = 0,
    every: Annotated[
        float | None,
        typer.Option("--every", min=1.0, help="Look again and again, so many seconds apart."),
    ] = None,
    as_json: AsJson = False,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Find campaigns in a lake, and follow those that earlier looks knew.

    RESULT is what a scan of the same days would give, with campaigns under lasting ids and their
    history. Only days that are new or have changed are counted; nothing is read twice. With --every
    it is a folder of results, of which `newest.json` names the last; where nothing was ingested
    since the look before, there is no look. With --ledger its active policy rules before --policy,
    its permissions count, and groups that people have marked innocent count as honest groups;
    nothing is written there.
    """
    request = WatchRequest(lake, out, window_days, seed)
    with _rules(policy, ledger) as rules:
        if every is not None:
            _look_again(request, rules, every, with_parent=with_parent)
            return
        outcome = _look_once(request, rules)
    if not as_json:
        _show_history(outcome)
    show_outcome(outcome, as_json=as_json)


@contextmanager
def _rules(policy: Path | None, ledger: str | None) -> Iterator[LookRules]:
    """Give the rules of looks; the ledger is read only, and needs no audit key."""
    from stillwatch.app.enforce.settings import read_enforce_settings  # noqa: PLC0415  likewise
    from stillwatch.app.loops.beside_ledger import LookRules  # noqa: PLC0415  brings Polars

    if ledger is None:
        yield LookRules(policy)
        return
    from stillwatch.store.ledger import open_ledger  # noqa: PLC0415  0.3 s at start

    opened = open_ledger(ledger)
    try:
        yield LookRules(policy, opened, read_enforce_settings().policy_name)
    finally:
        opened.close()


def _look_once(request: WatchRequest, rules: LookRules) -> ScanOutcome:
    from stillwatch.app.pipeline import run_watch  # noqa: PLC0415  brings every stage
    from stillwatch.store.results import check_free  # noqa: PLC0415  brings Polars

    now = utc_now()
    chosen, beforehand = rules.read(now=now)
    check_free(request.out)
    with shown_progress() as progress:
        return run_watch(
            replace(request, policy=chosen, beforehand=beforehand),
            settings=read_settings(),
            key=read_key(),
            now=now,
            progress=progress,
        )


def _look_again(
    request: WatchRequest, rules: LookRules, every_s: float, *, with_parent: bool
) -> None:
    from stillwatch.app.loops.detecting import Detector  # noqa: PLC0415  brings every stage
    from stillwatch.app.loops.results_folder import ResultsFolder  # noqa: PLC0415  likewise
    from stillwatch.app.loops.rounds import Ending, go_round  # noqa: PLC0415  likewise

    detector = Detector(
        request.lake,
        ResultsFolder(request.out),
        read_key(),
        read_settings(),
        request.window_days,
        request.seed,
        rules,
    )
    ending = Ending()
    ending.at_signals()
    if with_parent:
        ending.with_input()

    def work() -> bool:
        outcome = detector.look_if_new(QuietProgress())
        if outcome is not None:
            say(f"look {outcome.run['watch']['look']}: {outcome.result}")
        return False

    go_round(work, every_s=every_s, ending=ending, complain=_complain)


def _complain(failure: StillwatchError | OSError) -> None:
    complain(failure, hint=getattr(failure, "hint", ""))


def _show_history(outcome: ScanOutcome) -> None:
    from stillwatch.report.provenance import word_answers  # noqa: PLC0415  brings the report

    told = outcome.run["watch"]
    first, last = told["window"]
    again = "" if told["is_new_look"] else " (looked at before)"
    say(f"look {told['look']}{again}: {first} to {last}, {told['days_counted']} days counted anew")
    if answers := outcome.run.get("answers"):
        say(word_answers(answers))
    if told["campaigns"]:
        show_table(_COLUMNS, (_row(one) for one in told["campaigns"]))


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    others = f" ({', '.join(one['related'])})" if one["related"] else ""
    return (
        one["campaign_id"],
        f"{one['state']}{others}",
        f"{one['accounts']:,}",
        f"{one['new_accounts']:,}",
        f"{one['gone_accounts']:,}",
        f"{one['stopped_accounts']:,}",
        _word_alarm(one),
    )


def _word_alarm(one: dict[str, Any]) -> str:
    if one["alarmed_at_look"] is not None:
        return f"raised at look {one['alarmed_at_look']}"
    if one["alarm_e_value"] is None or one["alarm_threshold"] is None:
        return ""
    return f"not yet: {one['alarm_e_value']:.1f} of {one['alarm_threshold']:.1f} bits"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(watch), epilog=_EXAMPLES)(watch)
