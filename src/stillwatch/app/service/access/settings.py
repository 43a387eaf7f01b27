"""What an operator may set of access: each default, and where it comes from.

    STILLWATCH_ACCESS_PUBLIC_URL=https://stillwatch.example, …   read in `app/settings.py`

Everything works without any of it on this machine alone; behind a name of its own the service wants
`public_url`, and people of an identity provider want the settings that begin with `oidc_`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from stillwatch.domain.errors import SettingError

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """All that may be set."""

    public_url: str = ""
    """Where browsers find the service: scheme, host and port. Empty = as they address it."""
    allowed_hosts: str = ""
    """Host names that are answered, by commas; empty = any, or that of `public_url`."""
    session_idle_s: float = 3_600.0
    """Seconds without a request after which a session is over: a long meeting."""
    session_s: float = 43_200.0
    """Seconds after which it is over in any case: a working day."""
    invitation_s: float = 86_400.0
    """Seconds in which an invitation has to be used: until tomorrow at this time."""
    oidc_issuer: str = ""
    """Issuer of the identity provider; empty = none."""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_client_secret_file: str = ""
    """File with the secret, where it is not in the environment."""
    oidc_scopes: str = "openid profile"
    oidc_name_claim: str = "preferred_username"
    """Claim that names a new user; what follows an @ is left out."""
    oidc_roles_claim: str = "groups"
    oidc_roles: str = ""
    """Roles by value of that claim: `soc=analyst,leads=analyst+approver`. Empty = only people whom
    an administrator has listed, with the roles of the ledger."""

    @property
    def has_oidc(self) -> bool:
        """Say whether people sign in at an identity provider."""
        return bool(self.oidc_issuer)

    @property
    def origin(self) -> str:
        """Give the origin of `public_url`, as browsers write it; empty where none is set."""
        split = urlsplit(self.public_url)
        return f"{split.scheme}://{split.netloc}".lower() if self.public_url else ""

    @property
    def hosts(self) -> frozenset[str]:
        """Give the names of hosts that are answered; empty = any."""
        named = {name.strip().lower() for name in self.allowed_hosts.split(",")} - {""}
        if not named and self.public_url:
            named = {urlsplit(self.public_url).hostname or "", *LOOPBACK}
        return frozenset(named)

    def check(self) -> None:
        """Refuse settings that would leave a door open, or shut for good.

        Raises:
            SettingError: an address is none, or is not HTTPS beyond this machine; the identity
                provider is half named.
        """
        for name in ("public_url", "oidc_issuer"):
            if said := getattr(self, name):
                _check_url(f"STILLWATCH_ACCESS_{name.upper()}", urlsplit(said))
        if self.has_oidc and not (self.oidc_client_id and self.public_url):
            message = "an identity provider needs a client id and the public URL"
            hint = "set STILLWATCH_ACCESS_OIDC_CLIENT_ID and STILLWATCH_ACCESS_PUBLIC_URL"
            raise SettingError(message, hint=hint)
        if not 0 < self.session_idle_s <= self.session_s:
            message = "a session is idle before it is over"
            raise SettingError(message, hint="STILLWATCH_ACCESS_SESSION_IDLE_S is the smaller one")

    def read_client_secret(self) -> str:
        """Give the client's secret, from the setting or its file; empty for a public client.

        Raises:
            SettingError: the file can't be read.
        """
        if self.oidc_client_secret or not self.oidc_client_secret_file:
            return self.oidc_client_secret
        try:
            return Path(self.oidc_client_secret_file).read_text(encoding="utf-8").strip()
        except OSError as refused:
            message = f"cannot read the client's secret: {refused.strerror}"
            hint = "STILLWATCH_ACCESS_OIDC_CLIENT_SECRET_FILE names a file that this user may read"
            raise SettingError(message, hint=hint) from refused


def _check_url(name: str, split: SplitResult) -> None:
    local = split.hostname in LOOPBACK
    if not split.netloc or split.scheme not in (("https", "http") if local else ("https",)):
        message = f"{name} is no address with https://"
        raise SettingError(message, hint="plain http:// is for this machine alone")
