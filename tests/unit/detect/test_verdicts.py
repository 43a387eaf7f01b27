"""The verdict rules of CONTRACT.md, section 2, one by one."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import Mock

import numpy as np
import polars as pl
import pytest
from nulls_by_hand import draw_honest, fit, judged
from traffic_by_hand import member_rows

from stillwatch.detect.odds import shows_hand
from stillwatch.detect.verdicts import (
    apply_permissions,
    complete_accounts,
    find_verdicts,
    name_witnesses,
)
from stillwatch.detect.verdicts.certainty import hold_back
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.channels.families import FAMILIES
from stillwatch.domain.results import ACCOUNTS_OUT
from stillwatch.domain.schema import check_frame
from stillwatch.domain.settings import DetectSettings
from stillwatch.domain.tables import GRANT, REGISTER

NULL = fit(draw_honest(400, seed=1))
SETTINGS = DetectSettings()
HEADS = ["a", "b", "c"]
NOW = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
NO_HEIRS = pl.DataFrame(schema={"account_id": pl.String, "predecessor_account_id": pl.String})


def verdicts(
    *,
    kind: str = "distillation",
    families: tuple[str, ...] = FAMILIES[:3],
    **facts: Any,  # noqa: ANN401  fields of Judged
) -> pl.DataFrame:
    """Verdicts on three members of one group."""
    campaign = {"g-x": ("c-1", kind)} if kind else {}
    return find_verdicts(
        [judged("x", **facts)],
        member_rows(families=families, x=HEADS),
        campaign_of=campaign,
        null=NULL,
        settings=SETTINGS,
    )


def said(frame: pl.DataFrame) -> set[str]:
    """The different verdicts."""
    return set(frame["verdict"])


@pytest.mark.parametrize(
    ("q", "verdict"),
    [
        (0.01, "fraudulent"),
        (0.0101, "suspect"),
        (0.05, "suspect"),
        (0.051, "watch"),
        (0.2, "watch"),
    ],
)
def test_a_harvest_is_called_by_its_q_value(q: float, verdict: str) -> None:
    """Bars at 0.01 and 0.05."""
    assert said(verdicts(q_value=q)) == {verdict}


@pytest.mark.parametrize(("families", "verdict"), [(1, "suspect"), (2, "fraudulent")])
def test_fraudulent_needs_two_families_of_the_account_s_own(families: int, verdict: str) -> None:
    """However sure the group is."""
    assert said(verdicts(families=FAMILIES[:families])) == {verdict}


def test_fraudulent_needs_a_hand_that_shows() -> None:
    """Content as guilty as can be, and people who each sit down: a person looks first."""
    z = np.array([0.0 if w.shows_hand else 4.0 for w in WITNESSES])
    found = verdicts(z=z)
    assert said(found) == {"suspect"}
    assert {rs[-1] for rs in found["reasons"]} == {"held_back_no_hand"}
    assert "held_back_no_hand" not in verdicts(z=z, q_value=0.02)["reasons"][0]


def test_whether_a_hand_shows_is_asked_once_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many members it has; of a group that is no campaign not at all."""
    asked = Mock(wraps=shows_hand)
    monkeypatch.setattr("stillwatch.detect.verdicts.accounts.shows_hand", asked)
    assert said(verdicts()) == {"fraudulent"}
    assert asked.call_count == 1
    verdicts(kind="", judgement="innocent")
    assert asked.call_count == 1


def test_any_other_campaign_is_suspect_and_no_distillation() -> None:
    """Coordinated, but no harvest: probability nought, no witness among the reasons."""
    found = verdicts(kind="coordinated_other", q_value=1.0)
    assert said(found) == {"suspect"}
    assert found["probability"].to_list() == [0.0] * 3
    assert not [r for rs in found["reasons"] for r in rs if r.startswith("harvest_")]


def test_a_group_that_is_no_campaign_is_clear_and_gives_no_reasons() -> None:
    """Offices are tied too."""
    found = verdicts(kind="", q_value=0.9, probability=0.1, judgement="innocent")
    assert said(found) == {"clear"}
    assert found["campaign_id"].null_count() == 3
    assert found["reasons"].list.len().to_list() == [0] * 3


def test_reasons_are_the_ties_and_the_witnesses_strongest_first() -> None:
    """Only witnesses of a deviation or more; silent ones are left out."""
    z = np.zeros(len(WITNESSES))
    z[0], z[1], z[2] = 1.5, 2.5, np.nan
    found = verdicts(z=z)["reasons"][0].to_list()
    assert found == [
        "tied_content", "tied_identity", "tied_infrastructure",
        f"harvest_{WITNESSES[1].name}", f"harvest_{WITNESSES[0].name}",
    ]  # fmt: skip
    assert name_witnesses(judged("x", z=np.full(len(WITNESSES), np.nan))) == []


def test_probability_is_the_group_s_times_the_member_s() -> None:
    """Eleven bits are beyond the last knot: certain membership there."""
    found = verdicts(probability=0.995)
    assert found["probability"].to_list() == pytest.approx([0.995] * 3)


def called(*probabilities: float) -> pl.DataFrame:
    """Accounts called fraudulent with these probabilities."""
    return pl.DataFrame(
        {
            "account_id": [f"a{k:03d}" for k in range(len(probabilities))],
            "verdict": "fraudulent",
            "probability": probabilities,
            "reasons": [["tied_content"]] * len(probabilities),
        },
        schema_overrides={"probability": pl.Float64, "reasons": pl.List(pl.String)},
    )


def test_the_least_certain_are_held_back_until_the_mean_error_is_one_per_cent() -> None:
    """Nine at 0.9905 carry one at 0.986 (mean 0.00995), and not another at 0.9855."""
    out = hold_back(called(*[0.9905] * 9, 0.986, 0.9855), settings=SETTINGS)
    kept = out.filter(verdict="fraudulent")
    assert len(kept) == 10
    assert float((1 - kept["probability"]).mean() or 0) <= 0.01 + 1e-12
    held = out.filter(verdict="suspect")
    assert held["probability"].to_list() == [0.9855]
    assert held["reasons"][0].to_list() == ["tied_content", "held_back_uncertain"]


def test_nobody_is_fraudulent_where_nobody_is_certain() -> None:
    """All at 0.98: two per cent of error are too many, whoever is kept."""
    assert said(hold_back(called(*[0.98] * 50), settings=SETTINGS)) == {"suspect"}
    assert len(hold_back(called(), settings=SETTINGS)) == 0


def test_sure_heads_leave_no_room_for_an_innocent_group() -> None:
    """Five hundred at 0.9999 would carry eight at 0.4 in the mean; none is called."""
    out = hold_back(called(*[0.9999] * 500, *[0.4] * 8, 0.949), settings=SETTINGS)
    assert len(out.filter(verdict="fraudulent")) == 500
    assert out.filter(verdict="suspect")["probability"].max() == 0.949


def test_only_fraudulent_is_held_back() -> None:
    """Other verdicts are left alone, whatever their probability."""
    others = called(0.1, 0.2).with_columns(verdict=pl.Series(["watch", "clear"]))
    assert hold_back(others, settings=SETTINGS).equals(others)


@pytest.fixture
def accounts() -> pl.DataFrame:
    """Three heads, fraudulent, and a stranger."""
    volumes = pl.DataFrame({"account_id": ["s", *HEADS], "exchanges": [5, 10, 20, 30]})
    return complete_accounts(verdicts(), volumes=volumes, predecessors=NO_HEIRS)


def test_everybody_who_sent_anything_has_a_row(accounts: pl.DataFrame) -> None:
    """A stranger is clear, with probability 0 and q-value 1; every row has its sentence."""
    check_frame(accounts, ACCOUNTS_OUT)
    assert accounts["account_id"].to_list() == [*HEADS, "s"]
    stranger = accounts.filter(account_id="s").row(0, named=True)
    assert (stranger["verdict"], stranger["probability"], stranger["q_value"]) == (
        "clear",
        0.0,
        1.0,
    )
    assert stranger["reasons"] == []
    assert stranger["exchanges"] == 5
    assert all(accounts["explanation"].str.len_chars() > 20)


def test_a_successor_s_row_names_whom_it_replaced() -> None:
    """And nobody else's does."""
    heirs = pl.DataFrame({"account_id": ["b"], "predecessor_account_id": ["a"]})
    volumes = pl.DataFrame({"account_id": HEADS, "exchanges": [1, 2, 3]})
    out = complete_accounts(verdicts(), volumes=volumes, predecessors=heirs)
    assert out["predecessor_account_id"].to_list() == [None, "a", None]


def grant(**facts: Any) -> pl.DataFrame:  # noqa: ANN401  columns of several types
    """One permission in force."""
    fields = {"scope": "distillation", "granted_by": "partnerships", **facts}
    return GRANT.conform(pl.DataFrame([fields], schema_overrides={**GRANT.schema}))


def permit(
    accounts: pl.DataFrame, grants: pl.DataFrame, *, harvested: int = 10, evaluated: int = 0
) -> dict[str, Any]:
    """Verdict and reasons by account; the heads are of organisation `o`."""
    register = REGISTER.conform(
        pl.DataFrame({"account_id": HEADS, "org_id": ["o", "o", None], "org_verified": True})
    )
    taken = {"harvested": [harvested] * 3, "evaluated": [evaluated] * 3}
    harvest = pl.DataFrame({"account_id": HEADS, **taken})
    out = apply_permissions(accounts, grants=grants, register=register, harvest=harvest, at=NOW)
    return {a: (v, r) for a, v, r in out.select("account_id", "verdict", "reasons").iter_rows()}


def test_a_permission_covers_its_account_or_its_organisation_alone(accounts: pl.DataFrame) -> None:
    """Everybody else's verdict stands."""
    one = permit(accounts, grant(account_id="a"))
    assert [one[a][0] for a in "abcs"] == ["permitted", "fraudulent", "fraudulent", "clear"]
    both = permit(accounts, grant(org_id="o"))
    assert [both[a][0] for a in "abcs"] == ["permitted", "permitted", "fraudulent", "clear"]
    assert one["a"][1][0] == "permission"


@pytest.mark.parametrize("scope", ["evaluation", "resale"])
def test_other_scopes_do_not_cover_a_harvest(accounts: pl.DataFrame, scope: str) -> None:
    """Out of scope isn't covered."""
    assert permit(accounts, grant(account_id="a", scope=scope))["a"][0] == "fraudulent"


@pytest.mark.parametrize(
    ("evaluated", "verdict"), [(10, "permitted"), (9, "permitted"), (8, "fraudulent")]
)
def test_an_evaluation_covers_what_is_replayed_or_graded(
    accounts: pl.DataFrame, evaluated: int, verdict: str
) -> None:
    """Nine of ten exchanges or more; whoever takes more than that is out of scope."""
    told = permit(accounts, grant(account_id="a", scope="evaluation"), evaluated=evaluated)
    assert told["a"][0] == verdict
    assert told["b"][0] == "fraudulent", "another account's permission covers nobody"


def test_an_evaluation_has_a_budget_of_its_own(accounts: pl.DataFrame) -> None:
    """Not that of a permission to distil, which has the same number in the list of its scope."""
    both = pl.concat(
        [
            grant(account_id="a", budget_exchanges=5),
            grant(account_id="b", scope="evaluation", budget_exchanges=12),
        ]
    )
    told = permit(accounts, both, evaluated=10)
    assert told["a"][1][0] == "over_budget"
    assert told["b"][1][0] == "permission"


def test_a_permission_counts_while_it_is_in_force(accounts: pl.DataFrame) -> None:
    """Not before, and not from the instant at which it ends."""
    day = dt.timedelta(days=1)
    for window, verdict in (
        ({"valid_from": NOW + day}, "fraudulent"),
        ({"valid_from": NOW - day}, "permitted"),
        ({"valid_to": NOW}, "fraudulent"),
        ({"valid_to": NOW + day}, "permitted"),
    ):
        assert permit(accounts, grant(account_id="a", **window))["a"][0] == verdict


def test_over_its_budget_an_account_stays_permitted_and_says_so(accounts: pl.DataFrame) -> None:
    """A budget is of the permission: two accounts of ten exchanges use up twenty."""
    within = permit(accounts, grant(org_id="o", budget_exchanges=20))
    over = permit(accounts, grant(org_id="o", budget_exchanges=19))
    assert within["a"][0] == over["a"][0] == "permitted"
    assert within["a"][1][0] == "permission"
    assert over["a"][1][0] == over["b"][1][0] == "over_budget"


def test_a_clear_account_with_a_permission_stays_clear(accounts: pl.DataFrame) -> None:
    """`permitted` says that it would be at least `suspect`."""
    assert permit(accounts, grant(account_id="s"))["s"] == ("clear", [])


def test_typing_a_partner_s_name_gives_no_permission(accounts: pl.DataFrame) -> None:
    """A grant by organisation covers accounts whose organisation the provider has checked."""
    register = REGISTER.conform(
        pl.DataFrame({"account_id": HEADS, "org_id": "o", "org_verified": [True, False, None]})
    )
    harvest = pl.DataFrame({"account_id": HEADS, "harvested": [1, 1, 1], "evaluated": [0, 0, 0]})
    out = apply_permissions(
        accounts, grants=grant(org_id="o"), register=register, harvest=harvest, at=NOW
    )
    found = dict(out.select("account_id", "verdict").iter_rows())
    assert found["a"] == "permitted"
    assert found["b"] == found["c"] == "fraudulent"
