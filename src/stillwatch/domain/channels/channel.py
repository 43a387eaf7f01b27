"""What a channel is, and the catalogue of them, found by discovery: a file each, a folder a family.

Whoever adds a file adds a channel: nothing lists them. One null serves all that are held: values
fall on accounts as they do in the population inside a stratum, with the overdispersion of random
cohorts (`link/overdispersion.py`); `requests_handed_on` has its own (`link/queues/weigh.py`). That
each ties heads that share it alone is shown by `tests/contract/test_channels.py`; what each is
worth beside the others, by docs/lab/channels.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way in which accounts can be alike."""

    name: str
    family: str
    source: str
    """`exchange` (measured on traffic) or `register` (declared in the account register)."""
    phrase: str
    """How a report says it to an analyst: "they share …"."""
    column: str | None = None
    """Whose values it holds, of OBSERVED or REGISTER; None where a function of its own counts."""
    is_held: bool = True
    """Whether accounts hold values of it; else it is measured between them."""
    is_moment: bool = False
    """Whether its values are moments: they tie accounts of one time, and outlast no replacement."""
    is_whole: bool = False
    """Whether an account has each of its values whole, however many it has: then the one that says
    most counts for it, and not their mean by shares of its traffic."""


def discover_channels(catalogue: ModuleType, *, family: str) -> Iterator[Channel]:
    """Give the channels of one family, by name.

    Raises:
        ValueError: a file's channel does not bear the names of its file and folder.
    """
    folder = import_module(f"{catalogue.__name__}.{family}")
    for name in sorted(module.name for module in iter_modules(folder.__path__)):
        channel: Channel = import_module(f"{folder.__name__}.{name}").CHANNEL
        if (channel.family, channel.name) != (family, name):
            message = f"{family}/{name}.py holds {channel.family}/{channel.name}"
            raise ValueError(message)
        yield channel
