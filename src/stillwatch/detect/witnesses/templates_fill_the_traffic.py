"""A head has one job: most of what it sends carries the group's passages.

Share of the accounts' exchanges that are core. It may accuse and never clears: proxies mix their
harvest with unrelated customers' requests, so much other traffic says nothing (DESIGN.md, section
1). Blind spot: just such a proxy; an honest application has one job too.
"""

from __future__ import annotations

from stillwatch.detect.witnesses.core import UNKNOWN, Core, Witness, is_thin


def measure(core: Core) -> float:
    """Give the share of core exchanges."""
    if is_thin(core):
        return UNKNOWN
    return core.core_share


WITNESS = Witness(
    "template_mass",
    "content",
    1,
    "share of exchanges with the group's passages",
    "people who share a tool but use the model for much else",
    measure,
    exculpates=False,
)
