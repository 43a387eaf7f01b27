"""The state machines of the ledger and the rule of four eyes: all of it is in this file.

A decision is proposed, then approved or rejected; approved it is put in force; it ends expired or
reverted, and a proposal that nobody answers expires too. An appeal is open until somebody reviews
it, and `upheld` means that the decision stands, `overturned` that it doesn't. An effect is queued,
delivered or failed, and a failed one may be queued again. A case may be opened again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from stillwatch.store.ledger.errors import FourEyesNeeded, MoveRefused

Moves = Mapping[str, Collection[str]]

DECISION_MOVES: Final[Moves] = {
    "proposed": ("approved", "rejected", "expired"),
    "approved": ("in_force", "reverted", "expired"),
    "in_force": ("reverted", "expired"),
    "rejected": (),
    "reverted": (),
    "expired": (),
}
APPEAL_MOVES: Final[Moves] = {
    "open": ("in_review",),
    "in_review": ("in_review", "upheld", "overturned"),
    "upheld": (),
    "overturned": (),
}
EFFECT_MOVES: Final[Moves] = {
    "queued": ("delivered", "failed", "reverted"),
    "failed": ("queued", "reverted"),
    "delivered": ("reverted",),
    "reverted": (),
}
CASE_MOVES: Final[Moves] = {
    "new": ("assigned", "closed"),
    "assigned": ("assigned", "closed"),
    "closed": ("assigned",),
}
POLICY_MOVES: Final[Moves] = {
    "published": ("active",),
    "active": ("retired",),
    "retired": ("active",),
}
MOVES: Final[Mapping[str, Moves]] = {
    "decision": DECISION_MOVES,
    "appeal": APPEAL_MOVES,
    "effect": EFFECT_MOVES,
    "case": CASE_MOVES,
    "policy": POLICY_MOVES,
}
DECISION_STATES: Final = tuple(DECISION_MOVES)
APPEAL_STATES: Final = tuple(APPEAL_MOVES)
EFFECT_STATES: Final = tuple(EFFECT_MOVES)
CASE_STATES: Final = tuple(CASE_MOVES)
POLICY_STATES: Final = tuple(POLICY_MOVES)

MACHINE: Final = "service:"
"""How the names of users begin that are programs."""
UNDOING: Final = "terminate"
"""The effect that no machine may bring about by itself."""


def require_move(kind: str, subject_id: str, *, state: str, to: str) -> None:
    """Let something go from one state to another, or not.

    Raises:
        MoveRefused: its state doesn't lead there.
    """
    if to not in MOVES[kind][state]:
        raise MoveRefused(subject=f"{kind} {subject_id}", state=state, to=to)


def states_before(kind: str, to: str) -> list[str]:
    """List the states that lead to one, in the machine's order."""
    return [state for state, after in MOVES[kind].items() if to in after]


def is_machine(actor: str) -> bool:
    """Say whether a user is a program."""
    return actor.startswith(MACHINE)


def require_other_person(what: str, *, actor: str, others: Collection[str]) -> None:
    """Let only a person do this, and none of those who had a hand in it.

    Blind spot: one person with two user names is two.

    Raises:
        FourEyesNeeded: the actor is a program, or one of the others.
    """
    if is_machine(actor):
        raise FourEyesNeeded(what=what, actor=actor, because="it is a program")
    if actor in others:
        raise FourEyesNeeded(
            what=what, actor=actor, because="the same person had a hand in it before"
        )


def require_approvals(effect: str, *, needed: int) -> None:
    """Hold a proposal to the least number of approvals that its effect asks for.

    Raises:
        FourEyesNeeded: an account would be terminated without a person's approval.
    """
    if effect == UNDOING and needed < 1:
        because = "no account is terminated without a person's approval"
        raise FourEyesNeeded(what=f"propose {effect}", actor="the policy", because=because)
