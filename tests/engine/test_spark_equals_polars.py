"""The stages that see every exchange give the same on one machine and on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import observed as made
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from stillwatch.ingest import find_traffic
from stillwatch.ingest.register import RegisterReading, read_register
from stillwatch.observe import count_traits, list_passages, load_tactics
from stillwatch.observe.content import sketch_batch
from stillwatch.observe.echoes import find_echoes
from stillwatch.observe.engines import collect_here
from stillwatch.observe.hashes.shingles import count_spread, list_frequent
from stillwatch.observe.profiles import measure_profiles
from stillwatch.observe.systems import observe_systems
from stillwatch.observe.template_book import count_holdings, describe_population, observe_days
from stillwatch.observe.template_book.day import cover_exchanges, find_shingles
from stillwatch.observe.traits import EXCHANGE_CHANNELS, count_first_use, count_values

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

Frame = nw.LazyFrame[Any]
_ARROW_ROWS = 700
"""Rows of a batch under Spark: several batches a partition, none of them the whole."""


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a small demo's traffic directory."""
    return made.write_traffic(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def arrivals(traffic: Path) -> pl.DataFrame:
    """Give its exchanges with their text."""
    return made.read_arrivals(traffic)


@pytest.fixture(scope="module")
def exchanges(arrivals: pl.DataFrame) -> pl.DataFrame:
    """Give its exchanges as the lake has them."""
    return made.observe(arrivals)


@pytest.fixture(scope="module")
def systems(arrivals: pl.DataFrame) -> pl.DataFrame:
    """Give the sketches of its system texts."""
    return observe_systems(made.name_team(arrivals), key=made.KEY)


@pytest.fixture(scope="module")
def register(traffic: Path) -> RegisterReading:
    """Give its register and releases."""
    return read_register(find_traffic(traffic), key=made.KEY)


@pytest.fixture(scope="module")
def on_spark(spark: SparkSession, exchanges: pl.DataFrame) -> Iterator[Frame]:
    """Give the exchanges to Spark, over four partitions."""
    frame = spark.createDataFrame(exchanges.to_arrow()).repartition(4).cache()
    yield nw.from_native(frame)
    frame.unpersist()


@pytest.fixture(scope="module")
def on_polars(exchanges: pl.DataFrame) -> Frame:
    """Give them to Polars."""
    return nw.from_native(exchanges.lazy())


def hold_equal(stage: Callable[[Frame], Any], *frames: Frame) -> pl.DataFrame:
    """Hold a stage to equal rows, whatever their order, on every frame it is given."""
    polars, spark = (_settled(stage(frame)) for frame in frames)
    assert len(polars) > 0, "nothing is compared"
    assert_frame_equal(polars, spark, check_dtypes=False, rel_tol=1e-12)
    return polars


def _settled(found: pl.DataFrame | Frame) -> pl.DataFrame:
    frame = found if isinstance(found, pl.DataFrame) else collect_here(found)
    return frame.select(sorted(frame.columns)).sort(pl.all())


@pytest.mark.parametrize("column", ["access_path", "reasoning_block_hash"])
def test_values_are_counted_equally(column: str, on_polars: Frame, on_spark: Frame) -> None:
    """Words or numbers, per account and value, without a row for a null."""
    found = hold_equal(lambda frame: count_values(frame, column=column), on_polars, on_spark)
    assert made.BARE not in found["account_id"]


def test_first_uses_are_found_equally(on_polars: Frame, on_spark: Frame) -> None:
    """The hour in which each account took each model up; no row for exchanges without a model."""
    found = hold_equal(count_first_use, on_polars, on_spark)
    assert made.BARE not in found["account_id"]


def test_shingles_are_counted_and_listed_equally(on_polars: Frame, on_spark: Frame) -> None:
    """Null and empty sketches give no shingle on either engine."""
    hold_equal(count_spread, on_polars, on_spark)
    listed = hold_equal(lambda x: list_frequent(x, count_spread(x)), on_polars, on_spark)
    assert made.BARE not in listed["account_id"]


def test_echoes_are_found_equally(on_polars: Frame, on_spark: Frame) -> None:
    """Refused and answered requests that another account sends, and how many were watched."""
    found = hold_equal(lambda frame: find_echoes(frame).found, on_polars, on_spark)
    assert found["is_refused"].any()
    hold_equal(lambda frame: find_echoes(frame).watched, on_polars, on_spark)


def test_profiles_are_measured_equally(on_polars: Frame, on_spark: Frame) -> None:
    """Account-days; where every figure is missing, the sums are 0 on both, as the stage says."""
    found = hold_equal(measure_profiles, on_polars, on_spark)
    bare = found.filter(account_id=made.BARE)
    assert bare["exchanges"].sum() > 0
    assert bare.select("output_tokens", "harvest_like", "with_turn", "failed").sum().row(0) == (
        0,
        0.0,
        0,
        0,
    )


def test_passages_are_listed_equally(
    on_polars: Frame, on_spark: Frame, systems: pl.DataFrame
) -> None:
    """The small frames that go back to the engine are the same there; so are the templates."""

    def spell_out(frame: Frame) -> pl.DataFrame:
        return list_passages(frame, systems=systems).passages.spell_out()

    found = hold_equal(spell_out, on_polars, on_spark)
    assert set(found["place"].unique()) == {"prompt", "system"}


def test_templates_are_found_and_counted_equally(
    on_polars: Frame, on_spark: Frame, systems: pl.DataFrame, register: RegisterReading
) -> None:
    """A day's shingles, each exchange's cover, holdings and the population: the same on both."""
    shingles = hold_equal(lambda x: find_shingles(x, systems=systems), on_polars, on_spark)
    assert set(shingles["place"].unique()) == {"prompt", "system"}
    covered = hold_equal(
        lambda x: cover_exchanges(x, shingles=shingles, systems=systems), on_polars, on_spark
    )
    assert made.BARE not in covered["account_id"]
    hold_equal(
        lambda x: count_holdings(
            cover_exchanges(x, shingles=shingles, systems=systems).rename(
                {"template": "template_id"}
            )
        ),
        on_polars,
        on_spark,
    )
    people = hold_equal(
        lambda x: describe_population(x, register=register.register), on_polars, on_spark
    )
    assert people["account_id"].n_unique() == len(people)


def test_days_of_templates_are_observed_equally(
    on_polars: Frame, on_spark: Frame, systems: pl.DataFrame
) -> None:
    """The book after all days, ids and all."""
    hold_equal(lambda x: list(observe_days(x, systems=systems))[-1].book, on_polars, on_spark)


def test_traits_are_collected_equally(
    on_polars: Frame, on_spark: Frame, systems: pl.DataFrame, register: RegisterReading
) -> None:
    """Every channel that linking reads is equal, and the same ones stand aside."""
    silent = []

    def collect(frame: Frame) -> pl.DataFrame:
        observed = count_traits(
            frame,
            passages=list_passages(frame, systems=systems),
            register=register.register,
            launches=register.launches,
            key=made.KEY,
        )
        silent.append(observed.silent)
        return observed.traits

    found = hold_equal(collect, on_polars, on_spark)
    assert silent[0] == silent[1]
    assert {*EXCHANGE_CHANNELS, "template", "payment"} <= set(found["channel"])


def test_the_content_kernel_runs_in_spark(spark: SparkSession, arrivals: pl.DataFrame) -> None:
    """`mapInArrow` over batches of another size gives what one batch gives, row by row."""
    table = made.texts(arrivals)
    model, key = load_tactics(), made.KEY
    (whole,) = table.combine_chunks().to_batches()
    expected = pl.DataFrame(pl.from_arrow(sketch_batch(whole, key=key, model=model)))

    def observe(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            sketched = sketch_batch(batch, key=key, model=model)
            columns = [batch.column("row"), *sketched.columns]
            yield pa.RecordBatch.from_arrays(columns, names=["row", *sketched.schema.names])

    numbered = table.append_column("row", pa.array(range(len(table)), pa.int64()))
    shape = (
        "row long, system_hash long, prompt_hash long, prompt_words long, response_chars long, "
        "sketch array<long>, skeleton array<long>, gist array<long>, numbers_hash long, "
        "embedding binary, "
        "tactic string, tactic_probability double, capability string, replay_source string, "
        "replay_item_hash long, replay_share double"
    )
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(_ARROW_ROWS))
    found = spark.createDataFrame(numbered).repartition(3).mapInArrow(observe, shape).toArrow()
    rows = pl.DataFrame(pl.from_arrow(found)).sort("row").drop("row")
    assert rows.columns == expected.columns
    assert_frame_equal(rows, expected, check_exact=True)
