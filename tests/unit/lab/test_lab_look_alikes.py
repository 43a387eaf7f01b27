"""Every look-alike has the traits that its description says: in its accounts and in its traffic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES
from stillwatch_lab.cohorts.people import Volume
from stillwatch_lab.scene import DAY_S, FORTNIGHT, HOUR_S
from stillwatch_lab.shards import Cohort, Shard
from stillwatch_lab.traffic.draw import draw_traffic

EXITS = draw_vpn_exits(np.random.default_rng(1))


@dataclass(frozen=True)
class Played:
    """One group, its permissions and its traffic; `account` is the row of people."""

    people: pl.DataFrame
    sent: pl.DataFrame
    grants: tuple[dict[str, object], ...]

    def accounts(self, role: str | None = None) -> pl.DataFrame:
        """Rows that are accounts, of one role or of all."""
        rows = self.people.with_row_index("row").filter(pl.col("sends_as").is_null())
        return rows.filter(pl.col("role") == role) if role else rows

    def of(self, role: str) -> pl.DataFrame:
        """Exchanges of one role's accounts."""
        return self.sent.filter(pl.col("account").is_in(self.accounts(role)["row"].to_list()))


def play(kind: str, size: int, *, mean: float = 20.0, seed: int = 5) -> Played:
    """Draw one group of a kind and what it sends in a fortnight."""
    rng = np.random.default_rng(seed)
    order = GroupOrder(0, kind, size, LOOK_ALIKES[kind].times)
    people, grants = draw_group(rng, FORTNIGHT, order, volume=Volume(mean), exits=EXITS)
    cohort = Cohort(people, grants=grants)
    shard = Shard(lambda *_: cohort, 0.0)
    return Played(people, draw_traffic(rng, cohort, FORTNIGHT, shard=shard), grants)


def senders(sent: pl.DataFrame, column: str) -> pl.Series:
    """How many accounts each value of a column comes from, most first."""
    counts = sent.drop_nulls(column).group_by(column).agg(n=pl.col("account").n_unique())
    return counts["n"].sort(descending=True)


def spread_s(values: pl.Series) -> float:
    """Seconds between the first and the last of a column."""
    numbers = values.to_numpy()
    return float(numbers.max() - numbers.min())


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_a_look_alike_has_its_role_and_permission(kind: str) -> None:
    """The register of roles is what the truth says; a permission names the group's organisation."""
    like = LOOK_ALIKES[kind]
    played = play(kind, max(like.least, like.size[0] if like.size[0] < 50 else 0))
    accounts = played.accounts()
    assert like.role in set(accounts["role"])
    assert all(role.startswith("benign-") for role in accounts["role"])
    assert played.sent.height > 0
    assert played.sent["campaign"].null_count() == played.sent.height
    if like.grant:
        (grant,) = played.grants
        assert set(accounts["org_id"]) == {grant["org_id"]}
        assert not accounts["org_verified"].any()
    else:
        assert played.grants == ()


def test_a_campus_holds_many_more_than_the_class_behind_its_addresses() -> None:
    """One NAT, one class in one evening with one hour of sign-ups, ten times as many others."""
    campus = play("campus", 200)
    pupils, crowd = campus.of("benign-class"), campus.of("benign-campus")
    register = campus.accounts("benign-class")
    shared = set(pupils["ip"].drop_nulls()) & set(crowd["ip"].drop_nulls())
    assert 1 <= len(shared) <= 4
    at_campus = crowd.filter(pl.col("ip").is_in(list(shared)))["account"].n_unique()
    assert at_campus > 5 * register.height
    assert spread_s(pupils["at_s"]) < 4 * HOUR_S
    assert spread_s(register["created_s"]) < HOUR_S
    assert set(register["program"]) == {"education"}
    assert pupils["prompt"].n_unique() <= 9
    assert senders(crowd, "prompt")[0] == 1


def test_a_framework_is_one_text_in_several_versions() -> None:
    """Versions share most of their words; their users share neither network, card nor prompt."""
    users = play("framework", 400)
    texts = users.sent["system"].value_counts(sort=True)["system"].to_list()
    assert 3 <= len(texts) <= 6
    common = min(
        next((at for at, (a, b) in enumerate(zip(texts[0], text, strict=False)) if a != b), 9**9)
        for text in texts[1:]
    )
    assert common > 100
    assert senders(users.sent, "system")[0] < 0.7 * 400
    assert senders(users.sent, "ip")[0] <= 0.03 * 400  # what carriers give to many
    assert users.people["payment_fingerprint"].drop_nulls().is_duplicated().sum() == 0
    assert senders(users.sent, "prompt")[0] == 1


def test_the_first_vpn_is_the_one_that_attackers_use_too() -> None:
    """Its addresses are the exits that campaigns get; another VPN has others."""
    rng = np.random.default_rng(3)
    first, second = (
        draw_group(rng, FORTNIGHT, GroupOrder(n, "vpn", 50, 1.0), volume=Volume(9.0), exits=EXITS)[
            0
        ]
        for n in (0, 1)
    )
    assert set(first["addresses"].explode()) == set(EXITS)
    assert not set(second["addresses"].explode()) & set(EXITS)


def test_robots_start_at_exact_minutes_with_one_template_a_project() -> None:
    """Each account: one minute of the quarter, one opening, code; weekends as any other day.

    But for what was refused: the house's gateway sends it over the key of another project.
    """
    robots = play("ci-robots", 12)
    first = robots.sent.filter(pl.col("status") == 200).with_columns(
        second=pl.col("at_s") % 60, minute=pl.col("at_s") % 900 // 60
    )
    exact = first.filter(pl.col("second") < 1.5)
    assert exact.height > 0.98 * first.height  # a re-issued request comes a little later
    assert exact.group_by("account").agg(pl.col("minute").n_unique())["minute"].max() == 1
    openings = robots.people["prefix"]
    assert openings.n_unique() == 12
    for row, opening in enumerate(openings):
        own = robots.sent.filter(pl.col("account") == row)["prompt"]
        others = own.filter(~own.str.starts_with(opening))
        assert len(others) <= max(3, 0.03 * len(own))
        assert others.map_elements(
            lambda prompt: any(prompt.startswith(other) for other in openings),
            return_dtype=pl.Boolean,
        ).all()
    weekend = first.filter(pl.col("at_s") // DAY_S % 7 >= 5).height / first.height
    assert weekend == pytest.approx(2 / 7, abs=0.12)
    assert set(robots.people["job"]) == {"code"}


def test_a_batch_customer_sends_one_template_very_often_within_the_bound() -> None:
    """One account, one template, thousands of items, never above the cap."""
    rng = np.random.default_rng(2)
    volume = Volume(20.0, cap=6_000.0)
    orders = [GroupOrder(n, "batch", 1, LOOK_ALIKES["batch"].times) for n in range(8)]
    drawn = [draw_group(rng, FORTNIGHT, one, volume=volume, exits=EXITS)[0] for one in orders]
    assert all(3_000 < people["volume"].item() <= 6_000 for people in drawn)
    batch = play("batch", 1, mean=1.0)
    sent = batch.sent.height
    assert sent > 500
    assert batch.sent["prompt"].str.starts_with(batch.people["prefix"][0]).all()
    assert batch.sent["prompt"].n_unique() > 0.95 * sent
    assert batch.people["org_verified"].all()


def test_partners_keep_their_budget_or_exceed_it() -> None:
    """The same traffic, another paper."""
    for kind, over in (("partner", False), ("partner-over-budget", True)):
        partner = play(kind, 12, mean=60.0)
        (grant,) = partner.grants
        assert grant["scope"] == "distillation"
        assert (partner.sent.height > int(str(grant["budget_exchanges"]))) == over


def test_a_relay_names_thousands_of_end_users_and_may_resell() -> None:
    """One client, one network, and a pseudonym on every exchange."""
    relay = play("relay", 4, mean=900.0)
    assert relay.sent["end_user_id"].null_count() == 0
    assert relay.sent["end_user_id"].n_unique() > 800
    assert relay.sent["tls_fingerprint"].drop_nulls().n_unique() == 1
    assert relay.sent["ip"].drop_nulls().n_unique() <= 8
    assert relay.grants[0]["scope"] == "resale"


def test_a_resellers_accounts_follow_each_other_by_minutes_and_differ_in_use() -> None:
    """Regular sign-ups, one card, one e-mail domain, a `resale` permission; users of their own."""
    sold = play("program-reseller", 40)
    register = sold.accounts().sort("created_s")
    step = np.diff(register["created_s"].to_numpy())
    assert step.min() > 2 * 60
    assert step.max() < 15 * 60
    assert step.std() < 0.1 * step.mean()
    assert register["payment_fingerprint"].n_unique() == 1
    assert register["email_domain"].n_unique() == 1
    assert sold.grants[0]["scope"] == "resale"
    assert sold.grants[0]["budget_exchanges"] is None
    assert senders(sold.sent, "ip")[0] <= 0.1 * 40
    assert sold.people["topic_1"].n_unique() > 10


def test_a_hackathon_is_one_weekend_behind_one_address() -> None:
    """Two days of sign-ups, Saturday and Sunday alone, one sponsor, one venue, similar tasks."""
    teams = play("hackathon", 40)
    register = teams.accounts()
    days = set((teams.sent["at_s"] // DAY_S % 7).cast(pl.Int64))
    assert spread_s(register["created_s"]) < 2 * DAY_S
    assert days == {5, 6}
    assert spread_s(teams.sent["at_s"]) < 2 * DAY_S
    assert register["referrer"].n_unique() == register["program"].n_unique() == 1
    assert senders(teams.sent, "ip")[0] > 0.8 * 40
    assert teams.sent["system"].n_unique() == 1
    assert teams.people["prefix"].n_unique() == 10


def test_a_launched_tool_is_all_that_its_users_share() -> None:
    """One client, one text, one link, sign-ups within weeks; cards, homes and volumes of their own.

    Nobody declares an owner, and a quarter had an account before.
    """
    users = play("tool-launch", 60)
    register = users.accounts()
    newcomers = register.drop_nulls("referrer").filter(pl.col("referrer").str.starts_with("tool-"))
    assert users.people.select("prefix", "suffix", "job", "agent").n_unique() == 1
    assert newcomers["referrer"].n_unique() == 1
    assert 0.5 * 60 < newcomers.height < 0.95 * 60
    assert spread_s(newcomers["created_s"]) < 40 * DAY_S < spread_s(register["created_s"])
    assert register["payment_fingerprint"].drop_nulls().is_unique().all()
    assert register["org_id"].null_count() == 60
    assert senders(users.sent, "ip")[0] <= 0.05 * 60
    assert register["volume"].max() > 5 * register["volume"].median()
    first = users.sent.group_by("account").agg(pl.col("at_s").min())
    assert (
        first.join(register, left_on="account", right_on="row")
        .filter(pl.col("at_s") < pl.col("created_s"))
        .is_empty()
    )


def test_a_fine_tuner_synthesises_many_items_alone() -> None:
    """One account, one template, hardly an item twice, a home and a card of its own."""
    alone = play("fine-tuner", 1)
    (opening,), (closing,) = alone.people["prefix"], alone.people["suffix"]
    assert alone.sent.height > 500
    assert alone.sent["prompt"].str.starts_with(opening).all()
    assert alone.sent["prompt"].str.ends_with(closing).all()
    assert alone.sent["prompt"].n_unique() > 0.95 * alone.sent.height
    assert alone.sent["ip"].drop_nulls().n_unique() <= 3


def test_strangers_join_the_owner_of_a_stolen_key_from_a_moment_on() -> None:
    """One account and key; before the theft one person's network, after it many at once."""
    stolen = play("stolen-key", 1, mean=60.0)
    strangers = stolen.people.filter(pl.col("sends_as").is_not_null())
    theft = float(strangers["from_s"][0])
    assert stolen.accounts().height == 1
    assert strangers.height >= 4
    assert set(stolen.sent["account"]) == {0}
    assert stolen.sent["api_key_id"].n_unique() == 1
    before = stolen.sent.filter(pl.col("at_s") < theft).drop_nulls("ip")
    after = stolen.sent.filter(pl.col("at_s") >= theft).drop_nulls("ip")
    assert before["ip"].n_unique() <= 3
    assert after["ip"].n_unique() >= strangers.height
    assert after["user_agent"].n_unique() > before["user_agent"].n_unique()
    assert strangers["topic_1"].n_unique() > 2


def test_a_viral_prompt_is_pasted_by_everybody_on_one_day() -> None:
    """One text with small variations, within a day, once or twice; the rest is their own."""
    viral = play("viral-prompt", 120, mean=60.0)
    text = viral.people.filter(pl.col("sends_as").is_not_null())["prefix"][0]
    pasted = viral.sent.filter(pl.col("prompt").str.starts_with(text))
    own = viral.sent.filter(~pl.col("prompt").str.starts_with(text))
    assert pasted["account"].n_unique() > 0.95 * 120
    assert spread_s(pasted["at_s"]) <= DAY_S + 60
    assert 2 <= pasted["prompt"].n_unique() <= 12
    assert 0.35 * 120 < senders(pasted, "prompt")[0] < 0.65 * 120
    assert senders(own, "prompt")[0] == 1
    assert senders(viral.sent, "ip")[0] <= 0.05 * 120
    assert viral.accounts().height == 120
    assert set(viral.sent["account"]) <= set(viral.accounts()["row"])


def test_who_types_a_known_name_shares_nothing_else_with_the_staff() -> None:
    """The same `org_id`, verified for the staff alone; other networks, cards, domains and texts."""
    name = play("claimed-organisation", 30)
    staff, claims = name.accounts("benign-office"), name.accounts("benign-claimed-organisation")
    assert set(staff["org_id"]) == set(claims["org_id"])
    assert staff["org_verified"].all()
    assert not claims["org_verified"].any()
    assert 1 <= claims.height < staff.height
    for column in ("email_domain", "payment_fingerprint", "system"):
        own = set(claims[column].drop_nulls()) & set(staff[column].drop_nulls())
        assert own <= {"postbox.example", "quickmail.example", "letterbox.example", "inbox.example"}
    office = name.of("benign-office")["ip"].value_counts(sort=True)["ip"][0]
    assert office not in set(name.of("benign-claimed-organisation")["ip"])


def test_permitted_and_other_evaluations_replay_the_same_way() -> None:
    """A permission changes the paper alone."""
    runs = [play(kind, 4) for kind in ("evaluation", "evaluation-permitted")]
    assert [len(run.grants) for run in runs] == [0, 1]
    assert runs[1].grants[0]["scope"] == "evaluation"
    assert all(run.sent["prompt"].n_unique() <= 300 < run.sent.height for run in runs)
