"""Today's campaigns under their lasting ids, in every table that names one.

After `track`: reads what was detected under the names that a scan gives, writes the same under
those that history gives. Nothing else changes, so that a watch and a scan of one window differ in
these names alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from stillwatch.detect.detect import Detected


def rename_campaigns(detected: Detected, name_of: Mapping[str, str]) -> Detected:
    """Give campaigns the ids that history has for them.

    Grain:   as detected. Nulls: no campaign stays none.
    Order:   tables that are sorted by campaign are sorted by the new ids; templates are not.
    """
    found = detected.found

    def renamed(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col("campaign_id").replace(dict(name_of)))

    return replace(
        detected,
        accounts=renamed(detected.accounts),
        groups=renamed(detected.groups),
        found=replace(
            found,
            campaigns=renamed(found.campaigns).sort("campaign_id"),
            exchanges=renamed(found.exchanges).sort("campaign_id", "exchange_id"),
            harvest=renamed(found.harvest).sort("campaign_id", "day", "capability", "model"),
            templates=renamed(found.templates),
            of_group={
                group: (name_of.get(name, name), kind)
                for group, (name, kind) in found.of_group.items()
            },
        ),
    )
