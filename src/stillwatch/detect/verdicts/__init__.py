"""From judged groups to what is said of each account, by CONTRACT.md, section 2."""

from stillwatch.detect.verdicts.accounts import complete_accounts, find_verdicts, name_witnesses
from stillwatch.detect.verdicts.permissions import apply_permissions, find_cover

__all__ = [
    "apply_permissions",
    "complete_accounts",
    "find_cover",
    "find_verdicts",
    "name_witnesses",
]
