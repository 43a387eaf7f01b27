"""The knobs that are turned, one at a time, from two stated campaigns.

Reads nothing; gives plans. The one idea: a setting is a change of a base's fields, so all that
isn't named stays as it is, and settings that change nothing are the base itself, played once. The
last knob adds change to change. Absent: what settings cost (`costs.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from stillwatch_lab.cohorts.campaigns import Plan

Changes = dict[str, Any]

_OWN_PAYMENT: Final[Changes] = {"payment": "own"}
_OWN_NETWORK: Final[Changes] = {"network": "own"}
_OWN_BOTH: Final[Changes] = {**_OWN_PAYMENT, **_OWN_NETWORK}
_OWN_PARAMETERS: Final[Changes] = {"has_one_setting": False}
_OWN_CLIENTS: Final[Changes] = {"clients": 0, "has_one_setting": False}
_AGED: Final[Changes] = {"signup": "aged", "signup_days": 150.0}
_HUMAN: Final[Changes] = {"schedule": "human", "sigma": 0.8}
_OWN_WORDING: Final[Changes] = {"paraphrase": 1.0, "paraphrase_by": "head"}

BASE: Final = Plan(
    name="curve",
    heads=300,
    per_day=12.0,
    work="problem",
    also=("code", "grading", "trace", "tool_call", "seed", "rewriting", "quiz"),
    wordings=(0, 1),
    payment="batch",
    instruments=15,
    network="pool",
    addresses=60,
    clients=4,
    signup="bursts",
    signup_days=8.0,
)
"""An operator of middling care: `heads` is its number, whatever the scale of the honest traffic."""
PLAIN: Final = "plain"
CAREFUL: Final = "careful"
BASES: Final = {PLAIN: BASE, CAREFUL: replace(BASE, **_OWN_BOTH)}
"""From the first, other families give away who turns one knob alone; the second is on the edge."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One position of a knob: what it is called on an axis, and what it changes."""

    label: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class Knob:
    """What an operator can turn, from careless to careful."""

    name: str
    title: str
    settings: tuple[Setting, ...]
    adds_up: bool = False
    """Each setting keeps the changes of those before it."""

    def turn(self, base: Plan = BASE) -> Iterator[tuple[Setting, Plan]]:
        """Give the plan of every setting.

        Order:   as listed.
        """
        changes: Changes = {}
        for setting in self.settings:
            changes = {**changes, **setting.changes} if self.adds_up else setting.changes
            yield setting, replace(base, **changes)


def _vary(field: str, labels: dict[str, Any], **fixed: Any) -> tuple[Setting, ...]:  # noqa: ANN401  a plan's fields have many types
    return tuple(Setting(label, {field: value, **fixed}) for label, value in labels.items())


KNOBS: Final = (
    Knob(
        "paraphrase",
        "Paraphrase of the template",
        (
            Setting("none", {}),
            Setting("half, each prompt", {"paraphrase": 0.5}),
            Setting("afresh, each prompt", {"paraphrase": 1.0}),
            Setting("half, each account", {"paraphrase": 0.5, "paraphrase_by": "head"}),
            Setting("afresh, each account", _OWN_WORDING),
        ),
    ),
    Knob(
        "mixing",
        "Mixing with unrelated requests",
        _vary("mixing", {"0": 0.0, "50%": 0.5, "80%": 0.8, "95%": 0.95}),
    ),
    Knob(
        "network",
        "Network",
        (
            Setting("1 proxy", {"network": "proxy"}),
            Setting("pool 60", {"network": "pool"}),
            Setting("pool 4,000", {"network": "pool", "addresses": 4_000}),
            Setting("subnet", {"network": "subnet", "addresses": 4_096}),
            Setting("own", _OWN_NETWORK),
        ),
    ),
    Knob(
        "payment",
        "Accounts on one payment instrument",
        (
            Setting("all", {"payment": "shared", "instruments": 1}),
            Setting("15", {"payment": "batch"}),
            Setting("5", {"payment": "batch", "instruments": 5}),
            Setting("own", _OWN_PAYMENT),
        ),
    ),
    Knob(
        "rate",
        "Harvest exchanges a day and account",
        _vary("per_day", {"26": 26.0, "12": 12.0, "6": 6.0, "3": 3.0, "1": 1.0}),
    ),
    Knob(
        "specialities",
        "Specialities (eight kinds of items)",
        _vary("specialities", {"1": 1, "2": 2, "4": 4, "8": 8}),
    ),
    Knob(
        "clients",
        "Client stacks",
        (
            Setting("1, unusual", {"clients": -1}),
            Setting("4", {}),
            Setting("4, own parameters", _OWN_PARAMETERS),
            Setting("24, own parameters", {**_OWN_PARAMETERS, "clients": 24}),
            Setting("own", _OWN_CLIENTS),
        ),
    ),
    Knob(
        "signup",
        "Sign-up",
        (
            Setting("bursts", {}),
            Setting("regular", {"signup": "regular", "signup_days": 21.0}),
            Setting("9 weeks", {"signup": "weeks", "signup_days": 63.0}),
            Setting("aged", _AGED),
        ),
    ),
    Knob(
        "together",
        "One after another, cheap ones first",
        (
            Setting("base", {}),
            Setting("+ own wording", _OWN_WORDING),
            Setting("+ own parameters", _OWN_PARAMETERS),
            Setting("+ human hours, volumes", _HUMAN),
            Setting("+ aged accounts", _AGED),
            Setting("+ own clients", _OWN_CLIENTS),
            Setting("+ own network", _OWN_NETWORK),
            Setting("+ own payment: all own", _OWN_PAYMENT),
            Setting("+ half own life", {"mixing": 0.5, "unrelated": "own_life"}),
            Setting("+ 3 a day", {"per_day": 3.0}),
        ),
        adds_up=True,
    ),
)
"""Settings from careless to careful; the base's own is among them."""


def list_turns(
    knobs: Sequence[Knob] = KNOBS, bases: Mapping[str, Plan] = BASES
) -> Iterator[tuple[str, Knob, Setting, Plan]]:
    """List every setting of every knob from every base; what adds up begins at the plain one alone.

    Order:   by knob and base, then as listed.
    """
    for knob in knobs:
        for name, base in bases.items():
            if name == PLAIN or not knob.adds_up:
                for setting, plan in knob.turn(base):
                    yield name, knob, setting, plan


def list_plans(knobs: Sequence[Knob] = KNOBS, bases: Mapping[str, Plan] = BASES) -> list[Plan]:
    """List every different plan once, the bases first.

    Order:   as `list_turns` lists them.
    """
    plans = list(bases.values())
    for _, _, _, plan in list_turns(knobs, bases):
        if plan not in plans:
            plans.append(plan)
    return plans
