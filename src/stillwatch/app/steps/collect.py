"""What a run's exchanges say of its accounts: passages, traits, and requests that came again.

Part of the rim: calls the last steps of *observe* on what has arrived, for *link* and *detect*.
"""

from __future__ import annotations

from typing import NamedTuple

import narwhals as nw

from stillwatch.app.arrive import Arrived
from stillwatch.app.steps.window import Snapshot
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.observations import Echoes
from stillwatch.ingest.register import RegisterReading
from stillwatch.observe import count_traits, list_passages
from stillwatch.observe.account_traits import Observed
from stillwatch.observe.day_counts import DayCounts
from stillwatch.observe.echoes import find_echoes
from stillwatch.observe.passages import SentPassages


class Collected(NamedTuple):
    """What linking is given."""

    sent: SentPassages
    observed: Observed
    echoes: Echoes


def collect_traits(
    arrived: Arrived,
    register: RegisterReading | Snapshot,
    *,
    key: PseudonymKey,
    counts: DayCounts | None = None,
) -> Collected:
    """Collect what the exchanges that stay say of their accounts.

    Grain:   as each table has it. Cost: a few passes over the exchanges.
    `counts` were made day by day, for a watch; without them they are counted here.
    """
    rows = nw.from_native(arrived.observed())
    sent = list_passages(rows, systems=arrived.systems())
    observed = count_traits(
        rows,
        passages=sent,
        register=register.register,
        launches=register.launches,
        key=key,
        counts=counts,
    )
    return Collected(sent, observed, find_echoes(rows))
