"""The policy that the package carries: what happens where nobody has written another."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Policy

_FILE: Final = "default.yaml"


def shipped_text() -> str:
    """Give the text of the shipped policy, comments and all.

    Cost:    one file of the package.
    """
    return resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")


@cache
def shipped_policy() -> Policy:
    """Give the shipped policy.

    Cost:    one file of the package, once a process.
    """
    policy = parse_policy(shipped_text())
    assert isinstance(policy, Policy), policy  # noqa: S101  a fault in the package, and tested
    return policy
