"""`stillwatch backtest`: who would have been hit by a policy, when, and what would have come of it.

An evaluation command: it alone may be given the truth of simulated traffic.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.app.commands.backtest.answers import (
    EXAMPLE,
    Dispositions,
    TruthDirectory,
    read_answers,
)
from stillwatch.app.commands.options import AsJson, examples, page
from stillwatch.app.commands.screen import say_json
from stillwatch.app.progress import shown_progress
from stillwatch.app.settings import read_key, read_settings

if TYPE_CHECKING:
    from stillwatch.app.commands.backtest.history import History

_EXAMPLES = examples(
    "stillwatch backtest house.yaml --lake lake/",
    EXAMPLE,
    "stillwatch backtest house.yaml --result sunday --result monday --dispositions answers.csv",
)


def backtest(  # noqa: PLR0913  one parameter an option
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="Policy file, YAML.")],
    *,
    lake: Annotated[
        Path | None, typer.Option("--lake", metavar="LAKE", help="Replay the looks at a lake.")
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option("--result", metavar="RESULT", help="Replay finished results; repeats."),
    ] = None,
    daily: Annotated[
        bool, typer.Option("--daily", help="Of a lake: one look at each evening instead.")
    ] = False,
    accounts: Annotated[
        Path | None,
        typer.Option("--register", metavar="DIR", help="Of results: a directory with accounts*."),
    ] = None,
    approved: Annotated[
        bool, typer.Option("--approved", help="As if people approved at once what waits for them.")
    ] = False,
    simulated: TruthDirectory = None,
    dispositions: Dispositions = None,
    as_json: AsJson = False,
) -> None:
    """Replay history under a policy: who would have been hit, when, and by which rule.

    Says what harvest would have been prevented, which innocents harmed, and what the guards would
    have stopped. Nothing is put into force. A lake's looks are looked at again, which costs a watch
    each.
    """
    from stillwatch.app.commands.backtest.shown import show_outcome  # noqa: PLC0415  brings Polars
    from stillwatch.app.steps.policies import read_policy  # noqa: PLC0415  likewise
    from stillwatch.decide.backtest import replay_policy, weigh_outcome  # noqa: PLC0415  likewise

    if (lake is None) == (not results):
        message = "give either --lake LAKE or --result RESULT"
        raise typer.BadParameter(message)
    rules = read_policy(policy)
    assert rules is not None  # noqa: S101  a path was given
    answers = read_answers(simulated, dispositions=dispositions)
    history = _replay_lake(lake, by_day=daily) if lake else _read_results(results or [], accounts)
    settings = read_settings()
    replayed = replay_policy(history.looks, policy=rules, settings=settings, is_approved=approved)
    outcome = weigh_outcome(replayed, looks=history.looks, traffic=history.traffic, answers=answers)
    if as_json:
        say_json({"policy": rules.name, "notes": history.remarks(), **asdict(outcome)})
    else:
        show_outcome(outcome, remarks=history.remarks(), has_answers=bool(len(answers)))


def _replay_lake(lake: Path, *, by_day: bool) -> History:
    from stillwatch.app.commands.backtest.from_lake import history_of_lake  # noqa: PLC0415  every stage

    with shown_progress() as progress:
        return history_of_lake(
            lake, by_day=by_day, settings=read_settings(), key=read_key(), progress=progress
        )


def _read_results(results: list[Path], accounts: Path | None) -> History:
    from stillwatch.app.commands.backtest.from_results import history_of_results  # noqa: PLC0415  Polars

    return history_of_results(results, register=accounts, key=read_key())


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=page(backtest), epilog=_EXAMPLES)(backtest)
