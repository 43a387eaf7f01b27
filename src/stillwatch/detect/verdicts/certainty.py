"""`fraudulent` for as many accounts as the mean error allows: the least certain wait for a person.

Part of the sixth step of *detect*. The one idea: an innocent account suspended by mistake is the
worst that can happen, so certainty is asked of each account and of all so called together.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from stillwatch.domain.settings import DetectSettings


def hold_back(verdicts: pl.DataFrame, *, settings: DetectSettings) -> pl.DataFrame:
    """Keep `fraudulent` for as many accounts as the mean error allows, the surest first.

    None below the least probability keeps it: what the mean leaves room for is no licence.
    """
    called = verdicts.filter(pl.col("verdict") == "fraudulent").sort(
        "probability", "account_id", descending=[True, False]
    )
    error = (1 - called["probability"]).cum_sum() / np.arange(1, len(called) + 1)
    unsure = called["probability"] < settings.fraudulent_probability_min
    too_many = called.filter((error > settings.fraudulent_mean_error_max) | unsure)["account_id"]
    held = (pl.col("verdict") == "fraudulent") & pl.col("account_id").is_in(too_many.to_list())
    return verdicts.with_columns(
        pl.when(held).then(pl.lit("suspect")).otherwise("verdict").alias("verdict"),
        pl.when(held)
        .then(pl.concat_list("reasons", pl.lit(["held_back_uncertain"])))
        .otherwise("reasons")
        .alias("reasons"),
    )
