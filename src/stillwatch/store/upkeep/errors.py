"""What can fail with a backup, beside what every disk can; part of the tree of `domain/errors`.

StillwatchError
└── BackupError    a backup can't be made; or is none, half of one, changed, or in the way   exit 2
"""

from __future__ import annotations

from stillwatch.domain.errors import StillwatchError


class BackupError(StillwatchError):
    """A backup can't be made; or what is to be brought back is none, half of one, or changed."""

    def __init__(self, where: str, *, says: str, hint: str = "use another backup") -> None:
        super().__init__(f"the backup {where} cannot be used: {says}", hint=hint)
