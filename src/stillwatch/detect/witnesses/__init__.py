"""The witnesses of a harvest, a file each, or two that belong together.

Each says one figure of a tied group's core. None decides alone: they are put on one scale against
honest tied groups and cut there (`detect/honest_groups.py`).
"""

from __future__ import annotations

import numpy as np

from stillwatch.detect.witnesses import (
    heads_are_interchangeable,
    items_differ,
    more_is_taken,
    nobody_declares_an_owner,
    nobody_follows_up,
    people_have_paces_and_days,
    requests_are_dealt_out,
    requests_are_handed_on,
    tactics_harvest,
    templates_fill_the_traffic,
)
from stillwatch.detect.witnesses.core import F64, UNKNOWN, Core, Witness

WITNESSES = (
    heads_are_interchangeable.WITNESS,
    people_have_paces_and_days.VOLUME_EVENNESS,
    items_differ.WITNESS,
    templates_fill_the_traffic.WITNESS,
    tactics_harvest.WITNESS,
    more_is_taken.WITNESS,
    nobody_follows_up.WITNESS,
    nobody_declares_an_owner.WITNESS,
    requests_are_handed_on.HANDED_ON,
    requests_are_handed_on.MOVED_ON,
    requests_are_dealt_out.WITNESS,
    people_have_paces_and_days.OWN_DAYS,
)

__all__ = ["WITNESSES", "Core", "Witness", "hear_witnesses"]


def hear_witnesses(core: Core, *, is_resold: bool) -> F64:
    """Give every witness's figure of a core.

    Grain:   one figure per witness.
    Nulls:   nan where the data can't say, or where a permitted resale explains it.
    Order:   of WITNESSES.
    """
    silent = (is_resold and w.resale_explains for w in WITNESSES)
    figures = [UNKNOWN if no else w.measure(core) for no, w in zip(silent, WITNESSES, strict=True)]
    return np.array(figures, np.float64)
