"""A backtest on the terminal: looks, rules, guards, and a sentence of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from stillwatch.app.commands.screen import say, show_table
from stillwatch.decide.backtest import Outcome

SHOWN_MAX: Final = 30
"""Looks or guards listed on a terminal, a screenful; `--json` lists all."""
_LOOKS: Final = ("look", "as of", "newly hit #", "innocent #", "newly waiting #")
_RULES: Final = (
    "rule or budget",
    "effect",
    "hit #",
    "innocent #",
    "waiting #",
    "harvest prevented #",
    "its tokens #",
    "innocents' refused #",
)
_GUARDS: Final = ("look", "guard", "stopped #", "measured #", "bound #", "why")


def show_outcome(outcome: Outcome, *, remarks: Sequence[str], has_answers: bool) -> None:
    """Print a backtest for a person."""
    for remark in remarks:
        say(f"note: {remark}")
    if not has_answers:
        say("note: no answers (--dispositions): who is innocent is unknown")
    say()
    _show_looks(outcome)
    if outcome.rules:
        say()
        show_table(_RULES, (_rule(one, has_answers=has_answers) for one in outcome.rules))
    if outcome.guards:
        say()
        show_table(_GUARDS, map(_guard, outcome.guards[:SHOWN_MAX]))
        _say_rest(outcome.guards)
    say()
    say(_sentence(outcome.totals, has_answers=has_answers))


def _show_looks(outcome: Outcome) -> None:
    told = [one for one in outcome.days if one["accounts_hit"] or one["accounts_waiting"]]
    if not told:
        say(f"{len(outcome.days)} looks: nobody would have been hit")
        return
    show_table(
        _LOOKS,
        (
            (
                one["name"],
                one["at"][:16],
                f"{one['accounts_hit']:,}",
                f"{one['innocents_hit']:,}",
                f"{one['accounts_waiting']:,}",
            )
            for one in told[:SHOWN_MAX]
        ),
    )
    _say_rest(told)


def _say_rest(rows: Sequence[Any]) -> None:
    if len(rows) > SHOWN_MAX:
        say(f"… and {len(rows) - SHOWN_MAX:,} more; --json lists all")


def _rule(one: dict[str, Any], *, has_answers: bool) -> tuple[str, ...]:
    return (
        one["rule"],
        ", ".join(one["effects"]),
        f"{one['accounts_hit']:,}",
        f"{one['innocents_hit']:,}" if has_answers else "?",
        f"{one['accounts_waiting']:,}",
        f"{one['harvest_exchanges_prevented']:,}",
        f"{one['harvest_output_tokens_prevented']:,}",
        f"{one['innocent_exchanges_refused']:,}" if has_answers else "?",
    )


def _guard(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["name"],
        one["guard"],
        f"{one['stopped']:,}",
        f"{one['measured']:.4g}",
        f"{one['bound']:.4g}",
        one["says"],
    )


def _sentence(totals: dict[str, Any], *, has_answers: bool) -> str:
    seen, prevented = totals["harvest_exchanges_seen"], totals["harvest_exchanges_prevented"]
    share = f" ({prevented / seen:.1%})" if seen else ""
    harm = (
        f"; innocents: {totals['innocents_hit']:,} hit, "
        f"{totals['innocent_exchanges_refused']:,} of their exchanges refused"
        if has_answers
        else ""
    )
    waiting = totals["accounts_waiting"]
    return (
        f"{totals['accounts_hit']:,} accounts hit, {waiting:,} left to a person; "
        f"{prevented:,} of {seen:,} exchanges of campaigns' accounts prevented{share}, "
        f"{totals['harvest_output_tokens_prevented']:,} output tokens{harm}"
    )
