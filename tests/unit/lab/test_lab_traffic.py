"""What accounts of each role have in common in a simulated demo, and what they don't."""

from __future__ import annotations

import json
from datetime import timedelta

import polars as pl
import pytest

from stillwatch_lab.simulate import Summary


def rows(frame: pl.DataFrame, role: str) -> pl.DataFrame:
    """The rows of one role."""
    return frame.filter(pl.col("role") == role)


def heads(frame: pl.DataFrame, campaign: str) -> pl.DataFrame:
    """The rows of one campaign's accounts."""
    return frame.filter(pl.col("campaign") == campaign)


def test_no_two_honest_individuals_share_a_prompt(exchanges: pl.DataFrame) -> None:
    """Whoever writes for himself writes what nobody else writes."""
    alone = exchanges.filter(pl.col("role").is_in(["benign-individual", "benign-framework"]))
    senders = alone.group_by("prompt").agg(pl.col("account_id").n_unique())
    assert senders["account_id"].max() == 1


def test_a_campaign_draws_every_item_once(demo: Summary, exchanges: pl.DataFrame) -> None:
    """A prompt of the harvest comes again only where a request was refused and re-issued."""
    truth = pl.read_csv(demo.out / "truth" / "exchanges.csv").select("exchange_id")
    harvest = exchanges.join(truth, on="exchange_id")
    first = harvest.filter(pl.col("status") == 200)
    assert first["prompt"].n_unique() >= 0.999 * first.height
    again = harvest.filter(pl.col("prompt").is_duplicated())
    assert again.group_by("prompt").agg((pl.col("status") != 200).any())["status"].all()


def test_a_refused_request_comes_back_on_another_head_and_honest_ones_on_their_own(
    demo: Summary, exchanges: pl.DataFrame
) -> None:
    """Re-issue tells a queue from a person."""
    truth = pl.read_csv(demo.out / "truth" / "exchanges.csv").select("exchange_id")
    senders = pl.col("account_id").n_unique()
    harvest = exchanges.join(truth, on="exchange_id").filter(pl.col("prompt").is_duplicated())
    own = rows(exchanges, "benign-framework").filter(pl.col("prompt").is_duplicated())
    assert harvest.group_by("prompt").agg(senders)["account_id"].mean() > 1.8
    assert own.group_by("prompt").agg(senders)["account_id"].max() == 1


@pytest.mark.parametrize(
    ("campaign", "instruments"), [("reasoning", 3), ("grading", 6), ("agentic", 65)]
)
def test_payment_is_shared_as_planned(
    register: pl.DataFrame, campaign: str, instruments: int
) -> None:
    """Three cards; a card per ten heads; a card each, successors included."""
    assert heads(register, campaign)["payment_fingerprint"].n_unique() == instruments


def test_networks_are_shared_as_planned(exchanges: pl.DataFrame) -> None:
    """A pool of 20 proxies; homes; one range of a cloud."""
    pool = heads(exchanges, "reasoning")["ip"].value_counts(sort=True)
    assert pool["count"][:20].sum() > 0.8 * pool["count"].sum()
    homes = (
        heads(exchanges, "grading")
        .drop_nulls("ip")
        .group_by("ip")
        .agg(pl.col("account_id").n_unique())
    )
    assert homes["account_id"].max() == 1
    cloud = heads(exchanges, "agentic")["ip"].drop_nulls().str.extract(r"^(\d+\.\d+\.\d+)\.")
    assert cloud.n_unique() <= 2


def test_vpn_exits_are_met_by_strangers_and_by_some_heads(exchanges: pl.DataFrame) -> None:
    """An address that strangers and heads share proves nothing."""
    exits = set(rows(exchanges, "benign-vpn")["ip"].drop_nulls())
    assert exits & set(heads(exchanges, "reasoning")["ip"].drop_nulls())


def test_banned_heads_are_replaced_within_hours(register: pl.DataFrame) -> None:
    """Every successor opens its account after its predecessor was closed."""
    heirs = register.filter(pl.col("replaces").is_not_null())
    pairs = heirs.join(register, left_on="replaces", right_on="account_id", suffix="_before")
    opened = pairs["created_at"].str.to_datetime("%Y-%m-%dT%H:%M:%SZ")
    closed = pairs["status_changed_at_before"].str.to_datetime("%Y-%m-%dT%H:%M:%SZ")
    assert pairs.height == round(0.08 * 60)
    assert set(pairs["status_before"]) == {"terminated"}
    assert (opened - closed).min() > timedelta(0)
    assert (opened - closed).max() < timedelta(hours=7)


def test_nobody_sends_before_the_account_was_opened_or_after_it_was_closed(
    exchanges: pl.DataFrame, register: pl.DataFrame
) -> None:
    """The register and the traffic agree."""
    life = register.select(
        "account_id",
        pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"),
        pl.col("status_changed_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"),
    )
    told = exchanges.filter(pl.col("status") == 200).join(life, on="account_id")
    late = pl.col("moment") > pl.col("status_changed_at") + timedelta(minutes=3)
    assert told.filter(pl.col("moment") < pl.col("created_at")).height == 0
    assert told.filter(late).height == 0


def test_the_pivot_comes_within_hours_of_the_release(exchanges: pl.DataFrame) -> None:
    """On the last day the heads use the new model alone, honest accounts mostly not."""
    last = exchanges.filter(pl.col("moment").dt.day() == 8)
    new = pl.col("model") == "tern-3"
    assert heads(last, "agentic").select(new.mean()).item() == 1.0
    assert rows(last, "benign-individual").select(new.mean()).item() < 0.5


def test_half_of_the_grading_proxys_traffic_is_unrelated(
    demo: Summary, roles: pl.DataFrame
) -> None:
    """The second campaign mixes its harvest with customers' requests."""
    total = roles.filter(pl.col("campaign") == "grading")["exchanges"].sum()
    assert demo.harvest["grading"] / total == pytest.approx(0.5, abs=0.08)


def test_the_class_repeats_one_exercise_in_one_evening(
    exchanges: pl.DataFrame, register: pl.DataFrame
) -> None:
    """Hardly any different prompts, a few hours, one hour of sign-ups."""
    pupils = rows(exchanges, "benign-class")
    created = rows(register, "benign-class")["created_at"].str.to_datetime("%Y-%m-%dT%H:%M:%SZ")
    assert pupils["prompt"].n_unique() <= 9
    assert pupils["moment"].max() - pupils["moment"].min() < timedelta(hours=4)
    assert created.max() - created.min() < timedelta(hours=1)
    assert set(rows(register, "benign-class")["program"]) == {"education"}


def test_the_evaluation_replays_one_set_several_times(exchanges: pl.DataFrame) -> None:
    """Each question comes more than once, from more than one account."""
    runs = rows(exchanges, "benign-evaluation").group_by("prompt").agg(
        pl.len(), pl.col("account_id").n_unique()
    )  # fmt: skip
    assert runs["len"].mean() > 1.5
    assert runs["account_id"].max() > 1


def test_the_partner_keeps_its_budget_and_is_permitted_by_organisation(
    demo: Summary, register: pl.DataFrame, exchanges: pl.DataFrame
) -> None:
    """One distillation permission covers every partner account, none of them verified."""
    (line,) = (demo.out / "permissions.jsonl").read_text().splitlines()
    granted = json.loads(line)
    partners = rows(register, "benign-partner")
    assert granted["scope"] == "distillation"
    assert set(partners["org_id"]) == {granted["org_id"]}
    assert not partners["org_verified"].any()
    assert rows(exchanges, "benign-partner").height <= granted["budget_exchanges"]


def test_offices_and_firms_do_different_jobs_behind_one_address(exchanges: pl.DataFrame) -> None:
    """Half of their traffic or more comes from one address, and no prompt comes from two people."""
    for group in ("office", "firm-1", "firm-2"):
        team = exchanges.filter(pl.col("group") == group)
        assert team["ip"].value_counts(sort=True)["count"][0] > 0.5 * team.height
        senders = team.group_by("prompt").agg(pl.col("account_id").n_unique())
        assert senders["account_id"].max() == 1


def test_logs_have_holes_and_failures_as_real_ones_do(exchanges: pl.DataFrame) -> None:
    """One to two per cent fail; several optional fields are missing now and then."""
    failed = exchanges.select((pl.col("status") != 200).mean()).item()
    assert 0.01 < failed < 0.02
    assert exchanges.filter(pl.col("status") != 200)["response"].null_count() > 0
    for name in ("ip", "tls_fingerprint", "latency_ms", "conversation_id", "end_user_id"):
        assert 0 < exchanges[name].null_count() < exchanges.height, name


def test_revenue_follows_the_traffic_of_heads_as_of_anybody(register: pl.DataFrame) -> None:
    """Who sends something pays something; nobody's bill gives the campaign away."""
    sent = register.filter(pl.col("exchanges") > 2)
    assert sent["revenue_30d"].min() > 0


def test_every_account_has_keys_and_devices_of_its_own(exchanges: pl.DataFrame) -> None:
    """Load-balanced keys are several keys; a successor gets a new one."""
    for name in ("api_key_id", "device_id"):
        holders = exchanges.drop_nulls(name).group_by(name).agg(pl.col("account_id").n_unique())
        assert holders["account_id"].max() == 1, name
