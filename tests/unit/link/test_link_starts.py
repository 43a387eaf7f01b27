"""Hidden searches begin with the very actors that the kernel would choose for each of them."""

from __future__ import annotations

import numpy as np
import pytest
from workbench import Workbench, random_traits, refine

from stillwatch.domain import limits
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.link.search.starts import Starts
from stillwatch.link.table import FAMILY_OF_CHANNEL
from stillwatch.link.workbench import ALL


@pytest.mark.parametrize("seed", range(6))
def test_one_look_at_the_holders_does_for_every_hidden_family(seed: int) -> None:
    """Each value's best quarter, with each family hidden, to a man and in the kernel's order."""
    fast = Workbench(random_traits(seed))
    start, holders = fast.table.column_start, fast.table.column_actor
    chosen = 0
    for value in np.flatnonzero(np.diff(start) >= limits.ACTORS_MIN):
        own = int(FAMILY_OF_CHANNEL[fast.table.value_channel[value]])
        starts = Starts(fast.bench, holders[start[value] : start[value + 1]])
        for hidden in range(len(FAMILIES)):
            _, best = refine(fast.bench, int(value), hidden, fast.nobody_taken, ALL)
            assert starts.choose([own, hidden]).tolist() == best.tolist()
            chosen += len(best)
    assert chosen > 0


def test_too_few_holders_start_nothing() -> None:
    """Four actors are no group, whatever they hold."""
    fast = Workbench(random_traits(0))
    assert len(Starts(fast.bench, np.arange(4, dtype=np.int32)).choose([0])) == 0
