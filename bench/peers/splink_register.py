"""Peer: Splink 5 on the account register, clusters at a match probability, scored by their size.

The model is what its documentation advises: exact matches with term frequencies, a distance for
the sign-up time, u by random sampling, m by expectation maximisation over two rules of blocking.
Its setting is the match probability from which two accounts are one person's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from traffic import read_register, run_adapter, tell_clusters

PROBABILITIES: Final = (0.1, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)
FIELDS: Final = (
    "payment_fingerprint",
    "email_domain",
    "phone_country",
    "payment_country",
    "program",
    "referrer",
    "org_id",
    "plan",
)
BLOCKING: Final = (
    ("payment_fingerprint",),
    ("org_id",),
    ("email_domain", "signup_day"),
    ("phone_country", "payment_country", "signup_hour"),
)
TRAINING: Final = (("signup_day", "plan"), ("payment_fingerprint",))


def prepare_register(traffic: Path) -> pl.DataFrame:
    """Give the register with the sign-up's hour and day, as Splink wants it."""
    register = read_register(traffic)
    at = pl.col("created_at").cast(pl.String)
    return register.select(
        pl.col("account_id").alias("unique_id"),
        *(pl.col(name).cast(pl.String) for name in FIELDS),
        at.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False).alias("created_at"),
        at.str.slice(0, 10).alias("signup_day"),
        at.str.slice(0, 13).alias("signup_hour"),
    )


def train_model(register: pl.DataFrame) -> Linker:
    """Train Splink's model on the register."""
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            *(cl.ExactMatch(f).configure(term_frequency_adjustments=True) for f in FIELDS),
            cl.AbsoluteTimeDifferenceAtThresholds(
                "created_at",
                input_is_string=False,
                metrics=["minute", "hour", "day"],
                thresholds=[10, 1, 1],
            ),
        ],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in BLOCKING],
    )
    linker = Linker(DuckDBAPI().register(register.to_arrow()), settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("payment_fingerprint")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in TRAINING:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    return linker


def match_register(traffic: Path) -> Iterator[pl.DataFrame]:
    """Give the clusters at every match probability."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker = train_model(prepare_register(traffic))
    pairs = linker.inference.predict(threshold_match_probability=min(PROBABILITIES))
    for probability in PROBABILITIES:
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_probability=probability
        )
        rows = pl.DataFrame(found.as_duckdbpyrelation().arrow().read_all())
        clusters = rows["cluster_id"].rank("dense").cast(pl.Int64)
        yield tell_clusters(f"match probability {probability:g}", rows["unique_id"], clusters)


if __name__ == "__main__":
    run_adapter(match_register)
