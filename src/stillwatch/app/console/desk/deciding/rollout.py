"""How far a decision has been brought out: deliveries by channel, and the gateways' own table.

The fragment is asked for again every few seconds while something is under way, and stops by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stillwatch.app.console.desk.changing import find_row, read_ledger
from stillwatch.app.console.desk.parts import may
from stillwatch.app.console.frame.asked import Asked
from stillwatch.app.console.frame.page import Page, Shown
from stillwatch.app.service.control.interventions.named import list_named
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.effects import Effect
from stillwatch.store.ledger.states import EFFECT_STATES
from stillwatch.store.ledger.views import View

_FAILED_SHOWN_MAX: Final = 5
_LOOKED_AT_MAX: Final = 1_000
"""Effects that are looked through for failures to show: some are enough to know why."""
_UNDER_WAY: Final = ("approved", "in_force")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one decision is."""

    channels: list[tuple[str, str, dict[str, int]]]
    """Channel, operation, and how many deliveries are in each state."""
    failed: list[Effect]
    """Some of the deliveries that failed last."""
    in_table: int | None
    """Accounts that this service tells gateways to meet with it; None where it tells none."""
    wanted_in_table: int

    @property
    def is_moving(self) -> bool:
        """Whether something is still under way."""
        queued = any(counts.get("queued") for _, _, counts in self.channels)
        return queued or (self.in_table is not None and self.in_table != self.wanted_in_table)


def view(asked: Asked) -> Shown:
    """Show how far it is, as a part of its page."""
    decision = find_row(asked, Decision, "id", of="decision")
    progress = read_ledger(asked, lambda view: progress_of(asked, view, decision))
    told = {"decision": decision, "progress": progress, "may_work": may(asked, "work")}
    return Shown("desk/rollout.html", told)


def progress_of(asked: Asked, view: View, decision: Decision) -> Progress:
    """Count how far a decision is; nothing where it never was in force."""
    counted: dict[tuple[str, str], dict[str, int]] = {}
    for (channel, operation, state), n in view.count_effects_of(decision.decision_id).items():
        counted.setdefault((channel, operation), dict.fromkeys(EFFECT_STATES, 0))[state] = n
    has_failed = any(counts["failed"] for counts in counted.values())
    effects = view.list_effects(decision.decision_id, limit=_LOOKED_AT_MAX) if has_failed else []
    accounts = list_named(view, decision.decision_id)
    return Progress(
        channels=[(*place, counts) for place, counts in counted.items()],
        failed=[one for one in effects if one.state == "failed"][:_FAILED_SHOWN_MAX],
        in_table=_count_in_table(asked, decision.decision_id, accounts),
        wanted_in_table=len(accounts) if decision.state == "in_force" else 0,
    )


def _count_in_table(asked: Asked, decision_id: str, accounts: Iterable[str]) -> int | None:
    """Count the accounts that the service's own table holds under a decision."""
    decider = getattr(asked.behind.state, "decider", None)
    if decider is None:
        return None
    table, now_s = decider.feed.table, asked.now.timestamp()
    return sum(
        any(one.decision_id == decision_id for one in table.in_force(account_id, now_s=now_s))
        for account_id in accounts
    )


PAGE: Final = Page(
    "/decision/rollout", "Roll-out", view, needs=("ledger",), example={"id": "{decision}"}
)
