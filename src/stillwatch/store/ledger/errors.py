"""Operating failures of the ledger, as one tree built from facts; `domain/errors.py` has the root.

Where one of them is raised, nothing was changed.
    LedgerError         no ledger there, of another version, or a value it can't hold   exit 2
    ├── LedgerUnavailable   the database, or its driver, can't be reached or is busy
    ├── AuditBroken     its audit log was rewritten or cut; nothing is added to it
    ├── BadValue        a value is outside its bounds
    ├── UnknownRow      it holds nothing of that kind and id
    ├── RowExists       the id is taken by something else
    ├── MoveRefused     its state doesn't lead there
    ├── StaleVersion    somebody has changed it since it was looked at
    ├── FourEyesNeeded  another person has to do this
    └── NotDelivered    what its outbox holds did not go out; it keeps that
"""

from __future__ import annotations

from stillwatch.domain.errors import StillwatchError


class LedgerError(StillwatchError):
    """There is no ledger, it is of another version, or it can't hold what it was given."""


class LedgerUnavailable(LedgerError):  # noqa: N818  the name is the claim
    """The database of a ledger, or its driver, can't be reached, refuses, or is busy."""

    def __init__(self, where: str, *, says: str) -> None:
        super().__init__(
            f"the ledger {where} cannot be used: {says}",
            hint="check that its database runs and that this user may write; nothing was changed",
        )


class AuditBroken(LedgerError):  # noqa: N818
    """The audit log of a ledger was rewritten or cut; nothing is added to it."""

    def __init__(self, where: str, *, says: str) -> None:
        super().__init__(
            f"the audit log of {where} is broken: {says}",
            hint="`stillwatch audit verify` names the first bad entry; see docs/operate/ledger.md",
        )


class BadValue(LedgerError):  # noqa: N818
    """A value that was to be written into the ledger is outside its bounds."""

    def __init__(self, *, field: str, says: str) -> None:
        super().__init__(f"{field} {says}", hint="nothing was changed")


class UnknownRow(LedgerError):  # noqa: N818
    """The ledger holds nothing of that kind and id."""

    def __init__(self, *, kind: str, subject_id: str) -> None:
        super().__init__(f"the ledger has no {kind} {subject_id}", hint="nothing was changed")


class RowExists(LedgerError):  # noqa: N818
    """An id is taken by something else than what was to be written."""

    def __init__(self, *, kind: str, subject_id: str) -> None:
        super().__init__(
            f"the {kind} {subject_id} is there already, and says something else",
            hint="give it another id; what is there was left as it was",
        )


class MoveRefused(LedgerError):  # noqa: N818
    """The state of something doesn't lead to the one that was asked for."""

    def __init__(self, *, subject: str, state: str, to: str) -> None:
        super().__init__(
            f"{subject} is {state} and cannot become {to}",
            hint="somebody may have been faster: look at it again",
        )


class StaleVersion(LedgerError):  # noqa: N818
    """Somebody has changed something since it was looked at."""

    def __init__(self, *, subject: str, expected: int, found: int) -> None:
        super().__init__(
            f"{subject} has changed: version {expected} was looked at, it is at {found}",
            hint="look at it again, and decide again",
        )


class FourEyesNeeded(LedgerError):  # noqa: N818
    """What was asked for must be done by another person."""

    def __init__(self, *, what: str, actor: str, because: str) -> None:
        super().__init__(
            f"{actor} may not {what}: {because}", hint="ask somebody else to look at it"
        )


class NotDelivered(LedgerError):  # noqa: N818
    """What the outbox holds did not go out: nobody is there, or it was refused."""

    def __init__(self, what: str, *, says: str, is_final: bool) -> None:
        mend = "mend the receiver, then `stillwatch deliver LEDGER --retry DECISION`"
        super().__init__(
            f"{what} did not go out: {says}", hint=mend if is_final else "it is tried again"
        )
