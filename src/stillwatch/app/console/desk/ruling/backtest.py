"""Who would have been hit by a policy, and when: history replayed, with a picture of it.

It is asked for by a form, since it costs minutes, and runs in a process of its own; while it runs
nothing else of the console waits; what came of it has an address. Nothing is put in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from markupsafe import Markup

from stillwatch.app.console.desk.changing import new_id, read_ledger, said_id
from stillwatch.app.console.desk.parts import control_of
from stillwatch.app.console.desk.rows import sheet_of
from stillwatch.app.console.desk.ruling.editing import said_text, show_editor
from stillwatch.app.console.desk.ruling.outcomes import OUTCOMES, Kept
from stillwatch.app.console.drawing.canvas import legend
from stillwatch.app.console.drawing.stacked import Layer, draw_stacked
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Answer, Moved, Page, Shown
from stillwatch.app.console.frame.refusals import RefusedPageError
from stillwatch.app.console.frame.sheets import Column
from stillwatch.app.service.control.rules.policies import read_policy
from stillwatch.app.service.control.rules.replaying import list_answers
from stillwatch.app.service.problems import RefusedError
from stillwatch.domain.service_limits import BACKTEST_RESULTS_MAX, LEDGER_POLICY_CHARS_MAX

_NEWEST: Final = 30
AGAINST: Final = ("results", "lake")
_RULES: Final = (
    Column("rule", "Rule or budget", "code"),
    Column("effects", "Effects", "words"),
    Column("accounts_hit", "Hit", "count"),
    Column("innocents_hit", "Of them innocent", "count"),
    Column("accounts_waiting", "Left to a person", "count"),
    Column("harvest_exchanges_prevented", "Harvest prevented", "count"),
)
_HITS: Final = (
    Column("account_id", "Account", "code", link="/account?id={}"),
    Column("effect", "Effect", "chip"),
    Column("rule", "Rule", "code"),
    Column("at", "When first", "when"),
    Column("campaign_id", "Campaign", "code", link="/campaign?id={}"),
    Column("is_innocent", "An analyst said"),
)
_GUARDS: Final = (
    Column("name", "Look", "code"),
    Column("guard", "Guard", "chip"),
    Column("stopped", "Stopped", "count"),
    Column("measured", "Measured", "figure"),
    Column("bound", "Bound", "figure"),
    Column("says", "Why"),
)
_TONES: Final = (
    ("sure", "answered as a campaign's, or not answered"),
    ("innocent", "answered as innocent"),
)


def run(asked: Asked) -> Answer:
    """Replay history under the text of the form; the address of what came of it follows."""
    text, run_id = said_text(asked), said_id(asked, "backtest")
    if OUTCOMES.find(run_id, owner=asked.principal.name):  # sent twice
        return _lead_to(run_id)
    if not text or len(text) > LEDGER_POLICY_CHARS_MAX:
        return show_editor(asked, text, problem="Write a policy first.")
    found = read_policy(text)
    if not found.is_valid:
        return show_editor(asked, text, found=found, problem="It has problems; mend them first.")
    try:
        outcome = _replay(asked, text)
    except RefusedError as refused:
        return show_editor(asked, text, found=found, problem=refused.detail)
    name = asked.principal.name
    OUTCOMES.keep(run_id, Kept(name, str(found.name), text, asked.now, outcome))
    return _lead_to(run_id)


def view(asked: Asked) -> Answer:
    """Show what came of a backtest that was run lately."""
    asked.ledger()
    if not asked.text("run"):
        return Moved(address("/policies/edit"))
    kept = OUTCOMES.find(asked.text("run"), owner=asked.principal.name)
    if kept is None:
        advice = "The newest backtests are kept until the service restarts. Run it again."
        raise RefusedPageError(404, "This backtest is not kept any more", advice)
    outcome = kept.outcome
    hits = [_describe(one) for one in outcome["hits"]]
    told = {
        "kept": kept,
        "outcome": outcome,
        "totals": outcome["totals"],
        "picture": draw_hits(hits),
        "key": legend(_TONES),
        "own_id": new_id("backtest"),
    }
    sheets = (
        sheet_of("hits", "Who would have been hit", columns=_HITS, rows=hits, empty="Nobody."),
        sheet_of("rules", "By rule", columns=_RULES, rows=outcome["rules"], empty="No rule did."),
        sheet_of(
            "guards",
            "What guards stopped",
            columns=_GUARDS,
            rows=outcome["guards"],
            empty="Nothing.",
        ),
    )
    return Shown("desk/backtest.html", told, sheets=sheets)


def draw_hits(hits: Iterable[Mapping[str, Any]]) -> Markup | None:
    """Draw who would have been hit first on which day: innocents apart from all others.

    Nulls:   None where nobody would have been.
    """
    days: dict[str, Counter[date]] = {"sure": Counter(), "innocent": Counter()}
    for one in hits:
        days["innocent" if one["is_innocent"] == "innocent" else "sure"][one["at"].date()] += 1
    layers = [Layer(words, tone, days[tone]) for tone, words in _TONES]
    return draw_stacked(layers, title="Accounts hit, by the day of the look", unit="accounts")


def _replay(asked: Asked, text: str) -> dict[str, Any]:
    backtests = control_of(asked).backtests
    answers = read_ledger(asked, list_answers)
    against = asked.said("against") if asked.said("against") in AGAINST else AGAINST[0]
    newest = asked.said("newest")
    number = int(newest) if newest.isdecimal() and len(newest) < len("1000") else _NEWEST
    number = min(max(number, 1), BACKTEST_RESULTS_MAX)
    options = backtests.history(against=against, newest=number)
    options += ["--approved"] if asked.said("approved") else []
    return backtests.run(text, options=options, answers=answers)


def _describe(hit: Mapping[str, Any]) -> dict[str, Any]:
    said = {True: "innocent", False: "a campaign's", None: None}[hit["is_innocent"]]
    return {**hit, "at": datetime.fromisoformat(hit["at"]), "is_innocent": said}


def _lead_to(run_id: str) -> Moved:
    return Moved(address("/policies/backtest", run=run_id))


PAGES: Final = (
    Page(
        "/policies/backtest",
        "Backtest",
        view,
        needs=("ledger",),
        act=run,
        act_scope="administer",
    ),
)
