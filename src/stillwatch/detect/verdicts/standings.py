"""How a judged group stands: what is kept of it when people say what it was.

Writes `STANDING`. A witness is kept as it was standardised, before the run widened the null and
before it was cut, so that it can be put beside the groups of another run. Absent: accounts, texts,
figures in their own units.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import polars as pl

from stillwatch.detect.dispositions.kept import write_witnesses
from stillwatch.detect.dispositions.tables import STANDING
from stillwatch.detect.honest_groups import HonestNull, save_null
from stillwatch.detect.judge import Judged

_VERSION_BYTES = 6


def name_null(null: HonestNull) -> str:
    """Name a null after what is in it: two that judge alike have one name.

    Cost:    one hash of some kilobytes; 12 hexadecimal digits.
    """
    return hashlib.blake2b(save_null(null), digest_size=_VERSION_BYTES).hexdigest()


def list_standings(judged: Sequence[Judged], null: HonestNull) -> pl.DataFrame:
    """List how the groups stand that something ties.

    Grain:   one STANDING row per tied group, in the order given; campaigns are not named yet.
    """
    version = name_null(null)
    rows = [
        (
            j.group_id,
            None,
            version,
            len(j.members),
            j.core_exchanges,
            list(j.kinds),
            write_witnesses(j.placed),
            j.shipped_p_value,
            j.probability,
        )
        for j in judged
        if j.judgement != "undecided"
    ]
    return STANDING.conform(pl.DataFrame(rows, schema=STANDING.schema, orient="row"))
