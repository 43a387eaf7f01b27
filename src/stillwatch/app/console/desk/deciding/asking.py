"""Decide: choose an effect for a campaign or for some accounts, see what it would do, propose it.

Nothing happens here but a proposal; whoever proposes doesn't approve what needs a second person.
What was tried out is remembered in the form as a hash of its accounts: where the newest result has
changed them meanwhile, the page says so and shows the figures again instead of proposing.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from stillwatch.app.console.desk.changing import change_ledger, new_id, read_ledger, said_id
from stillwatch.app.console.desk.deciding.trying import try_wanted
from stillwatch.app.console.desk.deciding.wishes import (
    NEEDS,
    OFFERED,
    VERDICTS,
    Wish,
    as_asked,
    read_wish,
)
from stillwatch.app.console.desk.parts import control_of, may
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Answer, Moved, Page, Shown
from stillwatch.app.service.control.interventions.choosing import (
    InterventionAsked,
    new_decision,
    terms_of,
)
from stillwatch.app.service.control.interventions.dry_run import DryRun
from stillwatch.app.service.problems import RefusedError
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Campaign
from stillwatch.store.ledger.views import View

_PREFIX: Final = "d"
Tried = tuple[list[str], DryRun]


def view(asked: Asked) -> Shown:
    """Show the form, and where the address says enough, what would come of it."""
    control_of(asked)
    wish = read_wish(asked, own_id=new_id(_PREFIX))
    return _show(asked, wish, _try(asked, wish) if wish.is_whole else wish)


def act(asked: Asked) -> Answer:
    """Try it out, or propose it."""
    control_of(asked)
    wish = read_wish(asked, own_id=said_id(asked, _PREFIX))
    if _is_proposed(asked, wish.own_id):  # sent twice
        return _lead_to(wish.own_id)
    if not asked.said("step"):  # a selection, brought along from a table
        return _show(asked, wish, wish)
    tried = _try(asked, wish) if wish.is_whole else _say_missing(wish)
    if asked.said("step") != "propose" or isinstance(tried, Wish) or tried[1].is_refused:
        return _show(asked, wish, tried)
    if _mark(tried) != asked.said("seen"):
        said = "The newest result is another one now. Look at the figures again, and propose then."
        return _show(asked, replace(wish, problems=(("", said),)), tried)
    return _propose(asked, wish, tried)


def _say_missing(wish: Wish) -> Wish:
    missing = [] if wish.effect else [("effect", "Choose what is to happen.")]
    missing += [] if wish.campaign or wish.accounts else [("accounts", "Name at least one.")]
    return replace(wish, problems=tuple(missing))


def _try(asked: Asked, wish: Wish) -> Tried | Wish:
    """Try a wish out; where it can't be, give it back with what is wrong."""
    wanted = as_asked(wish)
    if not isinstance(wanted, InterventionAsked):
        return replace(wish, problems=tuple(wanted))
    try:
        terms_of(wanted, wish.own_id, None)
        return try_wanted(asked, wanted)
    except RefusedError as refused:
        return replace(wish, problems=(_place(refused.detail, wish.effect),))


def _place(detail: str, effect: str) -> tuple[str, str]:
    """Say which field a refusal of the management is about, in the words of the form."""
    if "`expires_at`" in detail:
        return "until", detail.replace("`expires_at`", "The end")
    if "`parameters`" in detail:
        return next(n for n, (of, _) in NEEDS.items() if of == effect), "Say how much, or what."
    return "accounts", detail


def _propose(asked: Asked, wish: Wish, tried: Tried) -> Moved:
    wanted, (account_ids, found) = as_asked(wish), tried
    assert isinstance(wanted, InterventionAsked)  # noqa: S101  it was tried out
    decision = new_decision(wanted, account_ids, decision_id=wish.own_id, dry_run=found)
    terms = terms_of(wanted, wish.own_id, found.result)
    change_ledger(
        asked,
        lambda change: change.propose_decision(decision, account_ids=account_ids, terms=terms),
    )
    return _lead_to(wish.own_id)


def _show(asked: Asked, wish: Wish, tried: Tried | Wish) -> Shown:
    failed = tried if isinstance(tried, Wish) else None
    problems = dict((*wish.problems, *(failed.problems if failed else ())))
    told: dict[str, Any] = {
        "wish": wish,
        "campaign": _campaign(asked, wish.campaign),
        "problems": problems,
        "run": None if isinstance(tried, Wish) else tried[1],
        "account_ids": [] if isinstance(tried, Wish) else tried[0],
        "seen": "" if isinstance(tried, Wish) else _mark(tried),
        "offered": OFFERED,
        "needs": NEEDS,
        "verdicts": VERDICTS,
        "may_work": may(asked, "work"),
    }
    return Shown("desk/decide.html", told, status=422 if problems and asked.form else 200)


def _campaign(asked: Asked, campaign_id: str) -> Campaign | None:
    """Find what the ledger knows of a campaign; None where nobody has recorded it."""

    def ask(view: View) -> Campaign | None:
        try:
            return view.find(Campaign, campaign_id)
        except UnknownRow:
            return None

    return read_ledger(asked, ask) if campaign_id else None


def _is_proposed(asked: Asked, decision_id: str) -> bool:
    def ask(view: View) -> bool:
        try:
            return view.find(Decision, decision_id).proposed_by == asked.principal.name
        except UnknownRow:
            return False

    return read_ledger(asked, ask)


def _mark(tried: Tried) -> str:
    """Give a short word for what was tried out: its effect and its accounts."""
    whole = "\n".join((tried[1].effect, *tried[0]))
    return sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _lead_to(decision_id: str) -> Moved:
    return Moved(address("/decision", id=decision_id, told="proposed"))


PAGE: Final = Page(
    "/decide",
    "Decide",
    view,
    section="Work",
    needs=("ledger",),
    act=act,
    example={"campaign": "{campaign}"},
)
