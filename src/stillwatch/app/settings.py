"""The environment and the clock, read in this one place; settings become frozen, as in the domain.

    STILLWATCH_KEY, …_FILE       the pseudonym key, 32 hexadecimal digits; its file is made if none
    STILLWATCH_AUDIT_KEY, …_FILE   a ledger's audit key, read in `commands/audit.py`
    STILLWATCH_OBSERVE_REPLAY_INDEX   the index of public items: a file, `shipped` or `none`
    STILLWATCH_OBSERVE_TEMPLATE_LIST  the list of public templates, likewise
    STILLWATCH_POLICY_SUSPEND_DAYS, …   any setting of `domain/settings.py`, by section and field

Without either of the first the key rests in the user's own configuration folder
(`XDG_CONFIG_HOME`, else `~/.config`). Every setting that was used is in `run.json`, but the key.
A mapping file, named on the command line, and both lists are read here too.
"""

from __future__ import annotations

import math
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stillwatch.domain.errors import BadMapping, BadReplayIndex, BadTemplateList, SettingError
from stillwatch.domain.settings import Settings

if TYPE_CHECKING:
    from stillwatch.domain.keyed import PseudonymKey
    from stillwatch.observe.content.replay import ReplayIndex
    from stillwatch.observe.template_book.public import PublicTemplates

PREFIX: Final = "STILLWATCH_"
KEY_VARIABLE: Final = f"{PREFIX}KEY"
KEY_FILE_VARIABLE: Final = f"{PREFIX}KEY_FILE"
_TRUTHS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Take the defaults of the domain and what the environment sets.

    Raises:
        SettingError: a variable of a section names no setting, or its value is none for it.
    """
    names = [one.name for one in fields(Settings)]
    return Settings(**{n: read_section(n, getattr(Settings(), n), environment) for n in names})


def read_section(section: str, defaults: Any, environment: Mapping[str, str] = os.environ) -> Any:  # noqa: ANN401  whatever frozen dataclass is given
    """Take the defaults of a section, a frozen dataclass, and what the environment sets of it.

    Raises:
        SettingError: a variable of the section names no field, or its value is none for it.
    """
    prefix = f"{PREFIX}{section.upper()}_"
    given = {
        name.removeprefix(prefix).lower(): text
        for name, text in environment.items()
        if name.startswith(prefix)
    }
    known = [one.name for one in fields(defaults)]
    for name in given:
        if name not in known:
            message = f"{prefix}{name.upper()} is no setting"
            raise SettingError(message, hint=f"{section} has {', '.join(known)}")
    changes = {
        name: _parse(text, like=getattr(defaults, name), name=f"{prefix}{name.upper()}")
        for name, text in given.items()
    }
    return replace(defaults, **changes)


def _parse(text: str, *, like: object, name: str) -> object:
    """Read a value of the type that the default has; a bound in days or shares is never below 0."""
    try:
        if isinstance(like, bool):
            return _TRUTHS[text.strip().lower()]
        if isinstance(like, int):
            return _not_negative(int(text))
        if isinstance(like, float):
            return _not_negative(float(text))
    except (ValueError, KeyError) as refused:
        message = f"{name} cannot be {text!r}"
        raise SettingError(message, hint=f"its default is {like!r}") from refused
    return text


def _not_negative(value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise ValueError(value)
    return value


def read_key(environment: Mapping[str, str] = os.environ) -> PseudonymKey:
    """Take the pseudonym key from the environment, else from its file; make that on first use.

    Raises:
        SecretKeyError: it is malformed, or others may read its file.
    """
    from stillwatch.store.secret_key import (  # noqa: PLC0415  brings Numba: a second at start
        key_from_file,
        key_from_hex,
    )

    if given := environment.get(KEY_VARIABLE):
        return key_from_hex(given, source=KEY_VARIABLE)
    return key_from_file(key_path(environment))


def key_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Say where the key rests: the file that is named, else the user's configuration folder."""
    if named := environment.get(KEY_FILE_VARIABLE):
        return Path(named).expanduser()
    folder = environment.get("XDG_CONFIG_HOME", "")
    base = Path(folder) if Path(folder).is_absolute() else Path.home() / ".config"
    return base / "stillwatch" / "pseudonym.key"


def read_mapping(path: Path | None) -> dict[str, object] | None:
    """Read a mapping file.

    Raises:
        BadMapping: it can't be read, or is no TOML.
    """
    if path is None:
        return None
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"cannot use the mapping {path}: {error}"
        raise BadMapping(
            message, hint='one line a field: our field = "path.in.their.record"'
        ) from error


def read_replay_index(setting: str) -> ReplayIndex:
    """Read the index of public items: `shipped`, `none`, or a file's path.

    Raises:
        BadReplayIndex: the file can't be read, or is no index of this version.
    """
    from stillwatch.observe.content.replay import (  # noqa: PLC0415  brings Numba
        ReplayIndex,
        load_shipped,
        read_index,
    )

    if setting == "none":
        return ReplayIndex()
    if setting == "shipped":
        return load_shipped()
    try:
        return read_index(Path(setting).expanduser().read_bytes(), where=setting)
    except OSError as error:
        raise BadReplayIndex(setting, says=error.strerror or "it cannot be read") from error


def read_template_list(setting: str) -> PublicTemplates:
    """Read the list of public templates: `shipped`, `none`, or a file's path.

    Raises:
        BadTemplateList: the file can't be read, or is no list of this version.
    """
    from stillwatch.observe.template_book.form import (  # noqa: PLC0415  brings Numba
        load_shipped,
        read_public,
    )
    from stillwatch.observe.template_book.public import PublicTemplates  # noqa: PLC0415  likewise

    if setting == "none":
        return PublicTemplates()
    if setting == "shipped":
        return load_shipped()
    try:
        return read_public(Path(setting).expanduser().read_bytes(), where=setting)
    except OSError as error:
        raise BadTemplateList(setting, says=error.strerror or "it cannot be read") from error


def has_screen(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether a browser window could appear to whoever started us."""
    if sys.platform in {"darwin", "win32"}:
        return "SSH_CONNECTION" not in environment
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def utc_now() -> datetime:
    """Give the present instant."""
    return datetime.now(UTC)


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant or a day; without a zone it is UTC.

    Raises:
        ValueError: it is neither.
    """
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
