"""What an identity token says of its person: a name, and values that our roles hang on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from stillwatch.app.service.access.keys import ROLE_SCOPES
from stillwatch.domain.errors import SettingError
from stillwatch.domain.service_limits import LEDGER_WORD_CHARS_MAX

RoleMap = Mapping[str, frozenset[str]]
_STRANGE: Final = re.compile(r"[^a-z0-9._+-]+")
_HINT: Final = "as in soc=analyst,leads=analyst+approver"


def read_role_map(said: str) -> RoleMap:
    """Read which roles a value of the claim gives; nothing said is no map.

    Raises:
        SettingError: a part is not `value=role+role`, or a role is none.
    """
    found: dict[str, frozenset[str]] = {}
    for part in filter(None, (part.strip() for part in said.split(","))):
        value, is_pair, roles = part.rpartition("=")
        words = frozenset(word.strip() for word in roles.split("+"))
        if not is_pair or not value or words - set(ROLE_SCOPES):
            message = f"STILLWATCH_ACCESS_OIDC_ROLES has {part!r}"
            raise SettingError(message, hint=_HINT)
        found[value.strip()] = found.get(value.strip(), frozenset()) | words
    return found


def roles_in(claims: Mapping[str, Any], role_map: RoleMap, *, claim: str) -> tuple[str, ...]:
    """Give the roles that a person's claims give them, in the order of their names."""
    said = claims.get(claim)
    values = said if isinstance(said, list) else [said]
    given = [role_map[one] for one in values if isinstance(one, str) and one in role_map]
    return tuple(sorted(frozenset[str]().union(*given)))


def name_in(claims: Mapping[str, Any], *, claim: str) -> str:
    """Give the user name that a person's claims suggest; empty where they suggest none.

    What follows an @ is left out: no e-mail address becomes a name.
    """
    said = claims.get(claim)
    plain = said.partition("@")[0].lower() if isinstance(said, str) else ""
    return _STRANGE.sub("-", plain).strip("._+-")[:LEDGER_WORD_CHARS_MAX]
