"""What a plan costs its operator, from a table of assumed prices.

Reads a `Plan`; gives quantities and money. The one idea: quantities follow from the plan and are
exact, prices are guesses, each a row of PRICES with its reason, so that who knows better changes a
row. Absent: wages of those who build it, what the provider's fines or a lawsuit cost, discounts,
and the price of waiting, which is given in days apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stillwatch_lab.cohorts.campaigns import Plan

PER_EXCHANGES: Final = 1_000
"""Harvested exchanges to which a cost is related."""
_AGED_DAYS_LEAST: Final = 30.0
"""Age of the youngest aged account, as `cohorts.campaigns.register` draws it."""


@dataclass(frozen=True, slots=True)
class Price:
    """An assumed price: dollars for one unit, and why we guess so."""

    unit: str
    dollars: float
    why: str


PRICES: Final = {
    "harvested": Price(
        "harvested exchange", 0.02, "some 900 output tokens at a large model's list price"
    ),
    "unrelated": Price(
        "unrelated exchange",
        0.02,
        "as a harvested one; nothing, or a gain, where real customers pay for it",
    ),
    "account": Price("account opened", 2.0, "an e-mail address and a telephone number that verify"),
    "waiting": Price(
        "account and day between sign-up and first use",
        0.03,
        "kept alive, or bought aged: five dollars for half a year",
    ),
    "instrument": Price("payment instrument", 10.0, "a card, virtual or in a straw man's name"),
    "relay": Price("relay or cloud address, for the run", 1.0, "rented by the month, in bulk"),
    "home": Price(
        "residential address of one's own, for the run", 5.0, "a static one of a residential proxy"
    ),
    "stack": Price("client stack", 10.0, "half an hour to set up one that is told apart"),
    "paraphrase": Price(
        "call of a small model that paraphrases", 0.002, "a tenth of the exchange itself"
    ),
    "queue": Price("speciality", 100.0, "two hours' work for a queue and its pool of items"),
}
"""Guesses of ours, none measured; the order is that of the page."""


def count_units(plan: Plan, *, days: int) -> dict[str, float]:
    """Count what a plan needs in a run, by the names of PRICES.

    Units:   `plan.heads` is the number of its accounts; successors of banned ones are counted in.
    """
    heads = float(plan.heads)
    accounts = heads * (1.0 + plan.banned * plan.replaced)
    harvested = heads * plan.harvest_per_head(days)
    paraphrased = harvested if plan.paraphrase_by == "prompt" else _templates(plan)
    return {
        "harvested": harvested,
        "unrelated": harvested * plan.mixing / (1.0 - plan.mixing),
        "account": accounts,
        "waiting": accounts * _mean_age_days(plan),
        "instrument": _instruments(plan, accounts),
        "relay": {"proxy": 1.0, "pool": plan.addresses, "subnet": accounts, "own": 0.0}[
            plan.network
        ],
        "home": accounts if plan.network == "own" else 0.0,
        "stack": accounts if plan.clients == 0 else abs(float(plan.clients)),
        "paraphrase": plan.paraphrase * paraphrased,
        "queue": float(plan.specialities),
    }


def _templates(plan: Plan) -> float:
    """Count the templates that are written where each account has its own: one a kind of work."""
    return plan.heads * len(plan.kinds) / plan.specialities


def _instruments(plan: Plan, accounts: float) -> float:
    if plan.payment == "own":
        return accounts
    return float(plan.instruments) if plan.payment == "shared" else accounts / plan.instruments


def _mean_age_days(plan: Plan) -> float:
    """Give how long before the run its accounts were opened, on average."""
    before = _AGED_DAYS_LEAST if plan.signup == "aged" else plan.signup_before
    return max(0.0, before + plan.signup_days / 2.0)


def price_harvest(plan: Plan, *, days: int, prices: dict[str, Price] | None = None) -> float:
    """Give the dollars that PER_EXCHANGES harvested exchanges cost.

    Units:   all that the plan needs in the run over all that it harvests in the run; nothing is
             used again after it.
    """
    units = count_units(plan, days=days)
    table = PRICES if prices is None else prices
    total = sum(units[name] * price.dollars for name, price in table.items())
    return total / units["harvested"] * PER_EXCHANGES


def count_days(plan: Plan, *, base: Plan, days: int) -> float:
    """Give the days in which these accounts harvest what the base harvests in the run."""
    wanted = base.heads * base.harvest_per_head(days)
    return days * wanted / (plan.heads * plan.harvest_per_head(days))
