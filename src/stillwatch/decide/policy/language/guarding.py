"""The `guards` of a policy: what holds effects back, read key by key.

The blast radius and the cool-down have no default: whoever writes a policy says how much it may
take in one run, and how long a corrected mistake is remembered.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from stillwatch.decide.policy.language.compose import Node
from stillwatch.decide.policy.language.problems import Problems
from stillwatch.decide.policy.language.values import (
    read_count,
    read_duration,
    read_flag,
    read_mapping,
    read_share,
    read_word,
)
from stillwatch.decide.policy.model import Guards
from stillwatch.domain.results import TAKING

GUARD_KEYS: Final = ("dry_run", "blast_radius", "four_eyes", "cool_down")
BLAST_KEYS: Final = ("accounts", "revenue")
FOUR_EYES_KEYS: Final = ("above_accounts", "from")
_STATED: Final = {
    "blast_radius": "add `blast_radius: {accounts: 5%}`; `100%` is no bound",
    "cool_down": "add `cool_down: 30d`; `0d` is none",
}
"""What has to be said, and how."""


def read_guards(node: Node, problems: Problems) -> Guards:
    """Read the guards; what is no guard is a problem and left out.

    Cost:    constant.
    """
    keys = read_mapping(node, problems, keys=GUARD_KEYS, of="guards")
    for key, hint in _STATED.items():
        if key not in keys and node.kind == "mapping":
            problems.add(node.place, f"`{key}` is missing", hint=hint)
    shares = _read_shares(keys.get("blast_radius"), problems)
    above, mildest = _read_four_eyes(keys.get("four_eyes"), problems)
    cool_down = None
    if "cool_down" in keys:
        cool_down = read_duration(keys["cool_down"], problems, may_be_zero=True)
    return Guards(
        dry_run=bool(read_flag(keys["dry_run"], problems)) if "dry_run" in keys else False,
        accounts_share_max=shares.get("accounts", 1.0),
        revenue_share_max=shares.get("revenue", 1.0),
        four_eyes_above=above,
        four_eyes_from=mildest,
        cool_down=cool_down or timedelta(0),
    )


def _read_shares(node: Node | None, problems: Problems) -> dict[str, float]:
    if node is None:
        return {}
    parts = read_mapping(node, problems, keys=BLAST_KEYS, of="blast_radius")
    if "accounts" not in parts and node.kind == "mapping":
        problems.add(node.place, "`accounts` is missing", hint="add `accounts: 5%`")
    shares = {name: read_share(part, problems) for name, part in parts.items()}
    return {name: share for name, share in shares.items() if share is not None}


def _read_four_eyes(node: Node | None, problems: Problems) -> tuple[int | None, str]:
    if node is None:
        return None, TAKING[0]
    keys = read_mapping(node, problems, keys=FOUR_EYES_KEYS, of="four_eyes")
    if "above_accounts" not in keys and node.kind == "mapping":
        hint = "add `above_accounts: 100`"
        problems.add(node.place, "`above_accounts` is missing", hint=hint)
    above = read_count(keys["above_accounts"], problems) if "above_accounts" in keys else None
    mildest = read_word(keys["from"], problems, known=TAKING) if "from" in keys else None
    return above, mildest or TAKING[0]
