"""Campaigns add up: what was taken, with what, and when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from nulls_by_hand import judged
from traffic_by_hand import STREAM, Scene, group_rows

from stillwatch.detect.campaigns import Campaigns, find_campaigns, name_campaign
from stillwatch.detect.verdicts.listed import word_campaigns
from stillwatch.domain.results import CAMPAIGNS_OUT, EXCHANGES_OUT, HARVEST, TEMPLATES_OUT
from stillwatch.domain.schema import check_frame


def made(
    *, judgement: str = "harvest", probability: float = 0.9999, seed: int = 1
) -> tuple[Scene, Campaigns, list[str]]:
    """One judged group of ten heads: membership 0.8 for its stream and 0.1 for the rest."""
    scene = Scene(seed=seed)
    scene.add_strangers(30)
    heads = scene.add_heads("h", 10, harvest=12, unrelated=6)
    for row in scene.rows[::17]:
        row["output_tokens"] = None
    traffic = scene.traffic()
    members = traffic.codes_of(heads)
    ids = traffic.exchanges[traffic.rows_of(members)]["exchange_id"]
    group = judged(
        "h",
        members=members,
        membership=np.where(ids.is_in(sorted(scene.harvest)), 0.8, 0.1),
        judgement=judgement,
        q_value=0.003,
        probability=probability,
    )
    idle = judged("idle", judgement="innocent")
    found = find_campaigns(
        [group, idle],
        traffic,
        groups=group_rows(h=heads, idle=[]),
        passages=scene.carried(),
        pivots={"g-h": 0.04},
    )
    return scene, found, heads


def summary_of(found: Campaigns, *, verdict: str = "fraudulent", **facts: object) -> str:
    """What is written of the one campaign, where one of its accounts is called so."""
    told = found.campaigns
    for name, value in facts.items():
        told = told.with_columns(pl.Series(name, [value], told.schema[name]))
    accounts = pl.DataFrame(
        {"verdict": [verdict, "fraudulent"], "campaign_id": [told["campaign_id"].item(), "c-other"]}
    )
    worded = word_campaigns(replace(found, campaigns=told), accounts)
    return str(worded.campaigns["summary"].item())


@pytest.fixture(scope="module")
def everything() -> tuple[Scene, Campaigns, list[str]]:
    """A harvest, found."""
    return made()


def test_tables_keep_to_their_schemas(everything: tuple[Scene, Campaigns, list[str]]) -> None:
    """All four."""
    found = everything[1]
    for frame, table in (
        (found.campaigns, CAMPAIGNS_OUT),
        (found.exchanges, EXCHANGES_OUT),
        (found.harvest, HARVEST),
        (found.templates, TEMPLATES_OUT),
    ):
        assert len(check_frame(frame, table)) > 0


def test_a_campaign_counts_the_exchanges_at_one_half(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """120 of the stream, their tokens, and the first and last of them."""
    scene, found, heads = everything
    row = found.campaigns.row(0, named=True)
    stream = [r for r in scene.rows if r["exchange_id"] in scene.harvest]
    assert row["accounts"] == len(heads)
    assert row["exchanges"] == len(stream) == 120
    assert row["output_tokens"] == sum(r["output_tokens"] or 0 for r in stream)
    assert row["first_seen"] == min(r["time"] for r in stream)
    assert row["last_seen"] == max(r["time"] for r in stream)
    assert (row["kind"], row["q_value"], row["pivot_q_value"]) == ("distillation", 0.003, 0.04)
    assert (row["tactics"], row["capabilities"]) == (["cot_elicitation"], ["mathematics"])


def test_the_harvest_by_day_sums_membership(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """All exchanges of the accounts, each weighed by its membership; tokens alike."""
    scene, found, _ = everything
    assert found.harvest["exchanges"].sum() == pytest.approx(120 * 0.8 + 60 * 0.1)
    assert found.harvest["exchanges"].sum() == pytest.approx(found.exchanges["membership"].sum())
    weighed = {r["exchange_id"]: r["output_tokens"] or 0 for r in scene.rows}
    taken = sum(
        weighed[x] * m for x, m in found.exchanges.select("exchange_id", "membership").iter_rows()
    )
    assert found.harvest["output_tokens"].sum() == pytest.approx(taken)
    assert found.harvest.select("campaign_id", "day", "capability", "model").is_unique().all()


def test_every_exchange_of_the_accounts_is_listed_once(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """180 rows, unrelated traffic too, at its low membership."""
    found = everything[1]
    assert len(found.exchanges) == 180
    assert found.exchanges["exchange_id"].is_unique().all()
    assert set(found.exchanges["campaign_id"]) == {name_campaign("g-h")}


def test_what_is_taken_is_counted_by_account_and_what_of_it_replays_or_grades() -> None:
    """Twelve of the harvest each, half of them items of a public set, a quarter gradings."""
    scene = Scene(seed=4)
    heads = scene.add_heads("h", 5, harvest=12, unrelated=6)
    own = [row for row in scene.rows if row["exchange_id"] in scene.harvest]
    for k, row in enumerate(own):
        row["replay_source"] = "a_public_set" if k % 4 < 2 else None
        row["tactic"] = "rubric_grading" if k % 4 == 2 else row["tactic"]
    traffic = scene.traffic()
    members = traffic.codes_of(heads)
    ids = traffic.exchanges[traffic.rows_of(members)]["exchange_id"]
    group = judged(
        "h", members=members, membership=np.where(ids.is_in(sorted(scene.harvest)), 0.8, 0.1)
    )
    carried, pivots = scene.carried(), {"g-h": 1.0}
    found = find_campaigns(
        [group], traffic, groups=group_rows(h=heads), passages=carried, pivots=pivots
    )
    assert found.taken.sort("account_id").rows() == [(head, 12, 9) for head in heads]


def found_without_texts(*, wordless: bool) -> Campaigns:
    """Five heads of whose exchanges every other one, or each, has no text."""
    scene = Scene(seed=5)
    scene.add_strangers(30)
    heads = scene.add_heads("h", 5, harvest=12, unrelated=6)
    silent = {row["row"] for row in scene.rows if wordless or row["row"] % 2}
    for row in scene.rows:
        if row["row"] in silent:
            row["prompt_hash"] = row["tactic"] = None
    scene.passages = [carried for carried in scene.passages if carried[0] not in silent]
    traffic = scene.traffic()
    members = traffic.codes_of(heads)
    ids = traffic.exchanges[traffic.rows_of(members)]["exchange_id"]
    membership = np.where(ids.is_in(sorted(scene.harvest)), 0.8, 0.0)
    group = judged("h", members=members, membership=membership)
    carried = scene.carried()
    return find_campaigns(
        [group], traffic, groups=group_rows(h=heads), passages=carried, pivots={"g-h": 1.0}
    )


def test_where_there_is_no_text_all_that_heads_send_counts_and_no_tactic_is_named() -> None:
    """Logs without prompts: nothing can be unmixed, and nothing is said of what was asked."""
    found = found_without_texts(wordless=True)
    assert found.exchanges["membership"].unique().to_list() == [1.0]
    campaign = found.campaigns.row(0, named=True)
    assert (campaign["exchanges"], campaign["tactics"]) == (90, [])
    assert summary_of(found).startswith("5 accounts harvest 90 exchanges; tied by")


def test_exchanges_without_a_text_count_as_the_others_do_on_average() -> None:
    """One of two sources of logs holds no texts."""
    found = found_without_texts(wordless=False)
    shares = found.exchanges["membership"].value_counts().sort("membership")
    assert shares["membership"].to_list() == pytest.approx(
        [0.0, found.exchanges.filter(pl.col("membership").is_in([0.0, 0.8]))["membership"].mean(),
         0.8]
    )  # fmt: skip


def test_templates_are_those_that_a_tenth_of_the_accounts_sent(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """The stream's first: sent by all heads and by nobody outside."""
    first = everything[1].templates.row(0, named=True)
    assert first["template_id"] == f"{STREAM[0]:016x}"
    assert (first["accounts"], first["accounts_outside"], first["exchanges"]) == (10, 0, 120)
    assert first["tactic"] == "cot_elicitation"
    assert everything[1].templates["accounts"].min() >= 1


def test_innocent_groups_are_no_campaigns(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """They are in the groups table alone."""
    assert everything[1].of_group == {"g-h": (name_campaign("g-h"), "distillation")}


def test_a_coordinated_group_is_named_as_what_it_is() -> None:
    """Not a harvest, and its summary says so."""
    _, found, _ = made(judgement="coordinated_other")
    row = found.campaigns.row(0, named=True)
    assert row["kind"] == "coordinated_other"
    assert "though not to harvest" in summary_of(found, verdict="watch")


def test_a_summary_counts_in_words_that_an_analyst_reads(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """Accounts, exchanges, tactic and ties."""
    assert summary_of(everything[1]) == (
        "10 accounts harvest 120 exchanges by cot elicitation; tied by template, client."
    )


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        ("fraudulent", "10 accounts harvest 120"),
        ("permitted", "10 accounts harvest 120"),
        ("suspect", "10 accounts perhaps harvest 120"),
        ("watch", "10 accounts perhaps harvest 120"),
    ],
)
def test_a_summary_is_as_sure_as_what_is_said_of_the_accounts(
    everything: tuple[Scene, Campaigns, list[str]], verdict: str, says: str
) -> None:
    """A group that waits for a person is no campaign in a headline, and none in a sentence."""
    assert summary_of(everything[1], verdict=verdict).startswith(says)


def test_a_summary_names_the_five_strongest_ties_and_counts_the_rest(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """An analyst reads a sentence; `channels` has them all."""
    many = ["client", "signup_week", "a", "b", "c", "d", "e"]
    says = summary_of(everything[1], channels=many)
    assert says.endswith("tied by client, signup week, a, b, c and 2 more.")
    assert summary_of(everything[1], channels=["client"]).endswith("tied by client.")


def test_a_summary_says_where_nothing_is_shared_but_the_likeness(
    everything: tuple[Scene, Campaigns, list[str]],
) -> None:
    """A harvest without an exchange that is its own."""
    says = summary_of(everything[1], exchanges=0)
    assert says.startswith("10 accounts look like a harvest's, but share no exchanges")


def test_a_group_keeps_its_campaign_s_name() -> None:
    """The same group, the same name; another group, another."""
    assert name_campaign("g-a") == name_campaign("g-a") != name_campaign("g-b")


def test_no_groups_are_no_campaigns() -> None:
    """Empty tables with their columns."""
    scene = Scene()
    scene.add_strangers(3)
    none = scene.carried(accounts=99)
    found = find_campaigns([], scene.traffic(), groups=group_rows(), passages=none, pivots={})
    assert len(found.campaigns) == len(found.exchanges) == len(found.harvest) == 0
