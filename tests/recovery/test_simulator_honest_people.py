"""Honest people of the simulator differ from one another, by as much as is stated here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from stillwatch_lab.cohorts.people import Volume, draw_volumes
from stillwatch_lab.simulate import simulate
from stillwatch_lab.text.topics import TOPICS

PERSONAL = ("benign-individual", "benign-vpn", "benign-framework")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Exchanges of some 500 people who have nothing to do with one another."""
    out: Path = tmp_path_factory.mktemp("people") / "demo"
    simulate("demo", out=out, scale=0.08, seed=21)
    roles = pl.read_csv(out / "truth" / "accounts.csv", infer_schema_length=None)
    frame = pl.read_parquet(out / "exchanges-*.parquet").join(roles, on="account_id")
    moment = pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ")
    return frame.filter(pl.col("role").is_in(PERSONAL)).with_columns(moment.alias("moment"))


def between_share(values: npt.NDArray[np.float64], account: npt.NDArray[np.str_]) -> float:
    """Intra-class correlation of a one-way analysis of variance, summed over the columns."""
    _, group, size = np.unique(account, return_inverse=True, return_counts=True)
    means = np.zeros((len(size), values.shape[1]))
    np.add.at(means, group, values)
    means /= size[:, None]
    between = (size[:, None] * (means - values.mean(0)) ** 2).sum() / (len(size) - 1)
    within = ((values - means[group]) ** 2).sum() / (len(values) - len(size))
    typical = (len(values) - (size**2).sum() / len(values)) / (len(size) - 1)
    return float((between - within) / (between + (typical - 1) * within))


def shingles(people: pl.DataFrame) -> pl.DataFrame:
    """One row per account, exchange and word-4-shingle, digits masked."""
    words = (
        people.with_row_index("row")
        .select(
            "account_id",
            "row",
            word=pl.col("prompt")
            .str.to_lowercase()
            .str.replace_all(r"\d+", "0")
            .str.extract_all(r"[\w']+"),
        )
        .explode("word", empty_as_null=True, keep_nulls=True)
    )
    later = [pl.col("word").shift(-step).over("row").alias(f"word{step}") for step in (1, 2, 3)]
    four = words.with_columns(later).drop_nulls()
    return four.select(
        "account_id", shingle=pl.concat_str("word", "word1", "word2", "word3", separator=" ")
    )


def test_shared_four_word_runs_between_strangers_are_rare_but_not_absent(
    people: pl.DataFrame,
) -> None:
    """Of 400 people's shingles under 12 % are anybody else's and under 4 % those of ten or more.

    A pair of people shares less than two shingles on average.
    """
    some = people["account_id"].unique(maintain_order=True).head(400)
    said = shingles(people.filter(pl.col("account_id").is_in(some.implode())))
    holders = said.group_by("shingle").agg(pl.col("account_id").n_unique().alias("holders"))
    shared = said.join(holders, on="shingle")["holders"]
    assert 0.01 < (shared > 1).mean() < 0.12
    assert (shared >= 10).mean() < 0.04
    pairs = (holders["holders"] * (holders["holders"] - 1.0)).sum() / (400 * 399)
    assert pairs < 2.0


def test_topics_are_a_matter_of_the_person(people: pl.DataFrame) -> None:
    """Between-account share of the variance of topics: 0.35 to 0.75."""
    topic = {noun: number for number, one in enumerate(TOPICS) for noun in one.nouns}
    votes = np.zeros((people.height, len(TOPICS)))
    for row, prompt in enumerate(people["prompt"].str.to_lowercase().str.extract_all(r"\w+")):
        for number in (topic[word] for word in prompt if word in topic):
            votes[row, number] += 1
    votes /= np.maximum(votes.sum(1, keepdims=True), 1)
    assert 0.35 < between_share(votes, people["account_id"].to_numpy()) < 0.75


def test_hours_are_a_matter_of_the_person(people: pl.DataFrame) -> None:
    """Between-account share of the variance of the hour (on its circle): 0.2 to 0.55."""
    angle = people["moment"].dt.hour().to_numpy() / 24 * 2 * np.pi
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    assert 0.2 < between_share(circle, people["account_id"].to_numpy()) < 0.55


def test_volumes_are_heavy_tailed(people: pl.DataFrame) -> None:
    """The median sends a few requests, the busiest tenth about half of all."""
    counts = np.sort(people["account_id"].value_counts()["count"].to_numpy())
    assert np.median(counts) < 0.6 * counts.mean()
    assert 0.3 < counts[-len(counts) // 10 :].sum() / counts.sum() < 0.65


@pytest.mark.parametrize(
    "volume", [Volume(16.0), Volume(40.0, sigma=2.35, cap=1_800.0), Volume(24.0, sigma=1.7)]
)
def test_the_mean_volume_is_recovered_under_its_cap(volume: Volume) -> None:
    """A cap lowers nobody's mean: the law is shifted until the capped mean is the stated one."""
    drawn = draw_volumes(np.random.default_rng(8), 200_000, volume)
    assert drawn.max() <= volume.cap
    assert drawn.mean() == pytest.approx(volume.mean, rel=0.03)
