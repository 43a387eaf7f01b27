"""What the simulator says of a customer's keys on one card is there in logs and register."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.scenarios import choose
from stillwatch_lab.simulate import simulate

ROLE = "benign-card-keys"
CUSTOMERS = 24


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two thousand honest accounts, 24 such customers among them."""
    out = tmp_path_factory.mktemp("keys") / "innocent"
    simulate(choose("innocent", asked={"card-keys": CUSTOMERS}), out=out, scale=0.004, seed=15)
    return out


@pytest.fixture(scope="module")
def keys(traffic: Path) -> pl.DataFrame:
    """The register's rows of those customers, with the group of each."""
    register = pl.read_ndjson(traffic / "accounts.jsonl", infer_schema_length=None)
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", infer_schema_length=None)
    return register.join(truth.filter(pl.col("role") == ROLE), on="account_id")


@pytest.fixture(scope="module")
def sent(traffic: Path, keys: pl.DataFrame) -> pl.DataFrame:
    """Their exchanges."""
    frame = pl.read_parquet(traffic / "exchanges-*.parquet")
    return frame.join(keys.select("account_id", "group"), on="account_id")


def test_each_customer_is_one_card_and_each_card_one_customer(keys: pl.DataFrame) -> None:
    """All of a group's accounts on it, nobody else's; nothing else is declared."""
    assert keys["group"].n_unique() == CUSTOMERS
    by_group = keys.group_by("group").agg(pl.col("payment_fingerprint").n_unique(), pl.len())
    assert by_group["payment_fingerprint"].to_list() == [1] * CUSTOMERS
    assert by_group["len"].min() >= 3
    assert by_group["len"].max() <= 40
    assert keys["payment_fingerprint"].n_unique() == CUSTOMERS
    assert keys["org_id"].null_count() == keys.height
    assert not keys["org_verified"].any()


def test_a_public_provider_holds_their_mail(keys: pl.DataFrame, traffic: Path) -> None:
    """Each domain is that of many strangers."""
    register = pl.read_ndjson(traffic / "accounts.jsonl", infer_schema_length=None)
    held = dict(register["email_domain"].value_counts().iter_rows())
    assert min(held[domain] for domain in set(keys["email_domain"])) > 100


def test_one_client_and_no_organisation_is_in_their_logs(sent: pl.DataFrame) -> None:
    """At most two versions of one stack in each group, and never an organisation."""
    clients = sent.drop_nulls("user_agent").group_by("group").agg(pl.col("user_agent").n_unique())
    assert set(clients["user_agent"]) <= {1, 2}
    assert sent["org_id"].null_count() == sent.height


def test_evenness_differs_from_customer_to_customer(sent: pl.DataFrame) -> None:
    """Of the groups of five keys or more some are even to a quarter, others vary by half."""
    counts = sent.group_by("group", "account_id").len()
    groups = counts.group_by("group").agg(
        cv=pl.col("len").std() / pl.col("len").mean(), keys=pl.len()
    )
    cv = groups.filter(pl.col("keys") >= 5)["cv"].to_numpy()
    assert np.mean(cv < 0.25) > 0.1
    assert np.mean(cv > 0.5) > 0.25


def test_some_hand_refused_requests_to_another_key(sent: pl.DataFrame) -> None:
    """A prompt that was refused is answered under another account, in some groups alone."""
    refused = sent.filter(pl.col("status").is_in([429, 529])).select(
        "group", "prompt", first="account_id"
    )
    again = refused.join(sent.filter(pl.col("status") == 200), on=["group", "prompt"])
    moved = again.group_by("group").agg(share=(pl.col("first") != pl.col("account_id")).mean())
    assert (moved["share"] > 0.9).any()
    assert (moved["share"] < 0.1).any()
    assert ((moved["share"] > 0.9) | (moved["share"] < 0.1)).mean() > 0.8
