"""The whole of judging: every account gets its row, every group its word."""

from __future__ import annotations

import polars as pl
import pytest
from test_judge import by_hand
from traffic_by_hand import Scene, gather, group_rows, member_rows

from stillwatch.detect import Detected, Register, Tied, detect_campaigns
from stillwatch.domain.results import ACCOUNTS_OUT, EVIDENCE, GROUPS_OUT
from stillwatch.domain.schema import check_frame
from stillwatch.domain.settings import DetectSettings
from stillwatch.domain.tables import GRANT, LAUNCH, REGISTER

PARTNER = [f"p{k:03d}" for k in range(12)]


def scene_of() -> tuple[Scene, dict[str, list[str]]]:
    """A harvest, a partner that harvests with permission, and a team."""
    scene = Scene(seed=3)
    names = scene.add_strangers(200)
    groups = {"team": names[:20], "h": scene.add_heads("h", 20, unrelated=5)}
    groups["p"] = scene.add_heads("p", len(PARTNER))
    return scene, groups


def detect(
    scene: Scene, groups: dict[str, list[str]], *, seed: int | None = None, budget: int | None = 3
) -> Detected:
    """Judge it, rows shuffled where a seed is given."""

    def mixed(frame: pl.DataFrame) -> pl.DataFrame:
        return frame if seed is None else frame.sample(fraction=1.0, shuffle=True, seed=seed)

    grants = GRANT.conform(
        pl.DataFrame(
            [
                {"account_id": p, "scope": "distillation", "budget_exchanges": budget}
                for p in PARTNER
            ],
            schema_overrides={**GRANT.schema},
        )
    )
    return detect_campaigns(
        mixed(scene.exchanges()).lazy(),
        Tied(
            group_rows(**groups),
            mixed(member_rows(**groups)),
            gather(mixed(scene.passage_rows())),
            EVIDENCE.empty(),
            scene.exchanges().group_by("account_id").agg(pl.len().alias("exchanges")),
        ),
        register=Register(REGISTER.empty(), grants, LAUNCH.empty()),
        null=by_hand(),
        settings=DetectSettings(),
    )


@pytest.fixture(scope="module")
def found() -> Detected:
    """What is found in it."""
    return detect(*scene_of())


def verdict_of(found: Detected, prefix: str) -> set[str]:
    """Verdicts of accounts by the first letter of their names."""
    rows = found.accounts.filter(pl.col("account_id").str.starts_with(prefix))
    return set(rows["verdict"])


def test_heads_partner_and_strangers_get_what_they_are(found: Detected) -> None:
    """Fraudulent, permitted (over a budget of three), clear."""
    assert verdict_of(found, "h") == {"fraudulent"}
    assert verdict_of(found, "p") == {"permitted"}
    assert verdict_of(found, "s") == {"clear"}
    partner = found.accounts.filter(account_id=PARTNER[0]).row(0, named=True)
    assert partner["reasons"][0] == "over_budget"


@pytest.mark.parametrize("budget", [None, 3])
def test_what_the_permitted_send_belongs_to_no_harvest(budget: int | None) -> None:
    """Membership 0, over the budget too, which reasons say; the campaign's own figures keep it."""
    found = detect(*scene_of(), budget=budget).found
    taken = found.exchanges.filter(pl.col("membership") >= 0.5)
    assert set(taken["account_id"].str.slice(0, 1)) == {"h"}
    partner = found.campaigns.filter(campaign_id=found.of_group["g-p"][0])
    assert partner["exchanges"].item() > 100


def test_everybody_who_sent_anything_has_one_row(found: Detected) -> None:
    """232 accounts, with the exchanges that they sent."""
    scene, _ = scene_of()
    check_frame(found.accounts, ACCOUNTS_OUT)
    assert found.accounts["account_id"].is_unique().all()
    assert len(found.accounts) == 232
    assert found.accounts["exchanges"].sum() == len(scene.rows)


def test_every_group_is_listed_innocent_or_not(found: Detected) -> None:
    """The team too, with the story that explains it."""
    check_frame(found.groups, GROUPS_OUT)
    judgement = dict(found.groups.select("group_id", "judgement").iter_rows())
    assert judgement == {"g-h": "harvest", "g-p": "harvest", "g-team": "innocent"}
    team = found.groups.filter(group_id="g-team").row(0, named=True)
    assert team["campaign_id"] is None
    assert len(team["innocent_explanation"]) > 10
    assert team["exchanges"] > 100


def test_a_group_s_witnesses_are_evidence_against_what_honest_groups_show(
    found: Detected,
) -> None:
    """Observed and expected of each witness that spoke."""
    rows = found.evidence.filter(subject_id="g-h", channel="template_mass")
    assert rows["observed"].item() == pytest.approx(30 / 35, abs=0.03)
    assert rows["expected"].item() == pytest.approx(0.7)
    assert "declared_owner" not in set(found.evidence["channel"])


def test_how_a_group_s_text_lies_is_told_and_weighs_nothing(found: Detected) -> None:
    """A distance for each tied group, beside what strangers would show; three rank nobody."""
    rows = found.evidence.filter(pl.col("channel").str.starts_with("text_"))
    assert set(rows.select("subject_id", "channel").iter_rows()) == {
        (name, "text_distribution") for name in ("g-h", "g-p", "g-team")
    }
    assert set(rows["family"]) == {"content"}
    assert set(rows["weight_bits"]) == {0.0}


def test_over_all_who_are_called_fraudulent_the_mean_error_is_one_per_cent_at_most(
    found: Detected,
) -> None:
    """The contract's bar."""
    called = found.accounts.filter(verdict="fraudulent")
    assert 1 - float(called["probability"].mean() or 0) <= 0.01


def test_the_order_of_the_input_is_irrelevant(found: Detected) -> None:
    """Exchanges, members and passages shuffled: the same tables."""
    again = detect(*scene_of(), seed=5)
    assert again.accounts.drop("probability").equals(found.accounts.drop("probability"))
    assert again.groups.drop("q_value", "explanation_p_value").equals(
        found.groups.drop("q_value", "explanation_p_value")
    )
    assert again.found.exchanges["membership"].to_list() == pytest.approx(
        found.found.exchanges["membership"].to_list()
    )


def test_traffic_without_groups_is_clear() -> None:
    """No campaign, and everybody has a row."""
    scene = Scene(seed=4)
    scene.add_strangers(20)
    quiet = detect(scene, {})
    assert set(quiet.accounts["verdict"]) == {"clear"}
    assert len(quiet.found.campaigns) == len(quiet.groups) == 0
