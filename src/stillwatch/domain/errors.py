"""Operating failures, as one tree of typed exceptions; bad input is data, bugs are assertions.

StillwatchError
├── InputError          the named input cannot be used at all        exit code 2
│   ├── NothingToRead   no exchanges file, or not one readable record
│   ├── UnknownDialect  no reader recognises the first records
│   ├── BadMapping      the mapping file cannot be applied
│   ├── BadReplayIndex  the replay index is none, of another scheme, or damaged
│   ├── BadTemplateList the list of public templates is none, of another scheme, or damaged
│   └── BadPolicy       the policy file has problems, each with its line and column
├── ResultError         a result directory is missing, incomplete or in the way   exit code 2
│   ├── ResultExists
│   ├── NotAResult
│   └── UnknownSubject  no such account, group, campaign or decision in it
├── LakeError           no lake, in the way, of another format or key   exit code 2
│   └── LakeDamaged     what its manifests name is missing, cut or unreadable
├── SecretKeyError      the pseudonym key is missing, malformed or readable by others   exit 2
├── SettingError        a setting has a value that it cannot have   exit 2
├── CountsDisagree      the records read are not all accounted for   exit 2
└── LimitExceeded       a bound of limits.py was met; nothing partial is returned      exit 2
"""

from __future__ import annotations

from typing import Final


class StillwatchError(Exception):
    """An operating failure: one line of what, and one hint of what to do."""

    hint: str = ""

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint or self.hint


class InputError(StillwatchError):
    """The named input cannot be used at all."""


WANTED_FILES: Final = "it wants exchanges*.jsonl, .json or .parquet, plain, .gz or .zst"
"""What a traffic directory is looked through for."""


class NothingToRead(InputError):  # noqa: N818  the name is the claim
    """The directory holds no exchanges, or not one readable record."""

    def __init__(self, where: str, *, looked_for: str, hint: str = WANTED_FILES) -> None:
        super().__init__(f"nothing to read in {where}: {looked_for}", hint=hint)


class UnknownDialect(InputError):  # noqa: N818
    """No reader recognises the first records of a file."""

    def __init__(self, where: str, *, known: tuple[str, ...]) -> None:
        super().__init__(
            f"cannot tell which log dialect {where} is in",
            hint=f"name it with --format ({', '.join(known)}) or map it with --mapping FILE",
        )


class BadMapping(InputError):  # noqa: N818
    """The mapping file cannot be applied."""


class BadReplayIndex(InputError):  # noqa: N818
    """A file is no replay index that this version can read."""

    def __init__(self, where: str, *, says: str, hint: str = "") -> None:
        super().__init__(f"cannot use the replay index {where}: {says}", hint=hint)


class BadTemplateList(InputError):  # noqa: N818
    """A file is no list of public templates that this version can read."""

    def __init__(self, where: str, *, says: str, hint: str = "") -> None:
        super().__init__(f"cannot use the list of public templates {where}: {says}", hint=hint)


class BadPolicy(InputError):  # noqa: N818
    """A policy file has problems; `problems` has each with its hint, in the order of the file."""

    def __init__(self, where: str, *, problems: tuple[tuple[str, str], ...]) -> None:
        (first, hint), count = problems[0], len(problems)
        also = f" (and {count - 1} more)" if count > 1 else ""
        super().__init__(f"{where}:{first}{also}", hint=hint)
        self.where = where
        self.problems = problems


class ResultError(StillwatchError):
    """A result directory is missing, incomplete or in the way."""


class ResultExists(ResultError):  # noqa: N818
    """The result directory is already there."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} exists",
            hint="choose another --out, or remove it first: results are immutable",
        )


class NotAResult(ResultError):  # noqa: N818
    """The directory does not hold a complete result."""

    def __init__(self, where: str, *, missing: str) -> None:
        super().__init__(
            f"{where} is no result directory: it has no {missing}",
            hint="make one with `stillwatch scan DIR --out RESULT`",
        )


class UnknownSubject(ResultError):  # noqa: N818
    """No account, group, campaign or decision of that name is in the result."""

    def __init__(self, subject: str, *, where: str) -> None:
        super().__init__(
            f"{subject} is not in {where}",
            hint="give an account, group, campaign or decision id exactly as the tables have it",
        )


class LakeError(StillwatchError):
    """There is no lake, something is in its way, or it is of another format or key."""


class LakeDamaged(LakeError):  # noqa: N818
    """Something that the lake's manifests name is missing, cut or unreadable."""

    def __init__(self, where: str, *, says: str) -> None:
        super().__init__(
            f"the lake {where} is damaged: {says}",
            hint="bring that file back from a copy, or ingest the logs into a new lake",
        )


class SecretKeyError(StillwatchError):
    """The pseudonym key is missing, malformed or readable by others."""


class SettingError(StillwatchError):
    """A setting, from the environment or the command line, has a value that it cannot have."""


class CountsDisagree(StillwatchError):  # noqa: N818
    """The records read are not all accounted for; nothing is written."""

    def __init__(self, *, read: int, accounted: int) -> None:
        super().__init__(
            f"{read:,} records were read and {accounted:,} are accounted for",
            hint="this is a fault in Stillwatch, not in your logs: please report it",
        )


class LimitExceeded(StillwatchError):  # noqa: N818
    """A bound of `limits.py` was met; nothing partial is returned."""

    def __init__(self, name: str, *, bound: int, met: int) -> None:
        super().__init__(
            f"{name} is bounded at {bound:,} and this run needs {met:,}",
            hint="narrow the run with --since and --until, or raise it in limits.py",
        )
