"""A policy file at the rim: read, and refused with every problem that it has."""

from __future__ import annotations

from pathlib import Path

from stillwatch.decide.policy.language.reading import parse_policy
from stillwatch.decide.policy.model import Policy
from stillwatch.domain.errors import BadPolicy


def read_policy(path: Path | None) -> Policy | None:
    """Read a policy file; None stays None, which is the shipped policy.

    Raises:
        BadPolicy: it can't be read, or is no policy; `problems` has all of them.
    """
    return None if path is None else understand_policy(read_policy_text(path), where=str(path))


def read_policy_text(path: Path) -> str:
    """Read the text of a policy file.

    Raises:
        BadPolicy: it can't be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as refused:
        problem = (f" {refused.strerror or 'it cannot be read'}", "name a policy file")
        raise BadPolicy(str(path), problems=(problem,)) from refused
    except UnicodeDecodeError as refused:
        problem = (f" byte {refused.start + 1:,} is no UTF-8", "save it as UTF-8")
        raise BadPolicy(str(path), problems=(problem,)) from refused


def understand_policy(text: str, *, where: str) -> Policy:
    """Make a policy of its text; `where` names it for people.

    Raises:
        BadPolicy: it is none; `problems` has all that is wrong.
    """
    policy = parse_policy(text)
    if not isinstance(policy, Policy):
        raise BadPolicy(where, problems=tuple((str(one), one.hint) for one in policy))
    return policy
