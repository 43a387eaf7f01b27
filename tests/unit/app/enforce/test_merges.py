"""A campaign that went into another one: what was decided and answered about it goes with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
from looks_by_hand import BUDGETED, House, account, answer, look, make_house

from stillwatch.app.enforce.from_looks.looks import LookTables, _read_former, _read_merges
from stillwatch.domain.lake_tables import HEAD, HISTORY
from stillwatch.store.lake import Lake
from stillwatch.store.ledger.nouns.appeals import NewAppeal
from stillwatch.store.ledger.questions.lookups import hash_secret

OLD, WHOLE = "c-old", "c-whole"


def seen(name: str, *campaigns: tuple[str, int, int], house: House) -> LookTables:
    """Give a look that has found heads `first` to `last` of some campaigns, some minutes later."""
    rows = [
        account(f"head-{n}", campaign_id=campaign, group_id=f"g-{campaign}")
        for campaign, first, last in campaigns
        for n in range(first, last)
    ]
    return look(name, rows, at=house.later(minutes=5))


def merged(found: LookTables) -> LookTables:
    """Let a look say that the old campaign, of heads 0 and 1, has gone into the whole."""
    former = {f"head-{n}": frozenset({OLD}) for n in range(2)}
    return replace(found, merged_into={OLD: (WHOLE,)}, former=former)


def test_whoever_stands_under_a_decision_is_not_decided_on_under_another_name(house: House) -> None:
    """The new heads alone get a decision of the whole."""
    house.enforce(seen("l1", (OLD, 0, 2), house=house))
    house.enforce(merged(seen("l2", (WHOLE, 0, 3), house=house)))
    old, whole = (house.decisions(campaign_id=one) for one in (OLD, WHOLE))
    assert [one.accounts_count for one in (*old, *whole)] == [2, 1]
    assert house.under() == {f"head-{n}" for n in range(3)}


def test_what_people_rejected_stays_rejected(house: House) -> None:
    """Four were proposed and rejected; what the whole proposes names the fifth alone."""
    house.enforce(seen("l1", (OLD, 0, 4), house=house))
    (made,) = house.decisions()
    with house.ledger.write(actor="ann", now=house.later(minutes=1)) as change:
        change.reject(made.decision_id, why="a course")
    found = seen("l2", (WHOLE, 0, 5), house=house)
    house.enforce(replace(found, merged_into={OLD: ("c-between",), "c-between": (WHOLE,)}))
    (whole,) = house.decisions(campaign_id=WHOLE)
    assert (whole.accounts_count, whole.state) == (1, "proposed")


def test_a_budget_is_made_anew_for_all_of_the_whole(tmp_path: Path, empty_ledger: Path) -> None:
    """One ceiling for all accounts: the part's own would have left the others one of theirs."""
    house = make_house(tmp_path, empty=empty_ledger, policy=BUDGETED)
    house.enforce(seen("l1", (OLD, 0, 2), house=house))
    house.enforce(merged(seen("l2", (WHOLE, 0, 3), house=house)))
    sizes = {one.effect: one.accounts_count for one in house.decisions(campaign_id=WHOLE)}
    assert sizes == {"throttle": 3, "suspend": 1}
    house.ledger.close()


def test_an_answer_on_a_part_spares_its_accounts_in_the_whole(house: House) -> None:
    """The others of the whole get what the policy says."""
    house.enforce(seen("l1", (OLD, 0, 2), house=house))
    answer(house, "campaign", OLD)
    house.settle()
    assert house.under() == set()
    house.later(days=31)  # past the cool-down, which would spare them too
    done = house.enforce(merged(seen("l2", (WHOLE, 0, 3), house=house)))
    assert house.under() == {"head-2"}
    assert [(one.why, one.account_ids) for one in done.kept_off] == [
        ("innocent (campaign)", ("head-0", "head-1"))
    ]


def test_an_answer_on_the_whole_lets_go_what_machines_decided_on_a_part(house: House) -> None:
    """It was decided under the old name; a second look changes nothing more."""
    house.enforce(seen("l1", (OLD, 0, 2), house=house))
    house.enforce(merged(seen("l2", (WHOLE, 0, 3), house=house)))
    answer(house, "campaign", WHOLE)
    house.settle()
    assert house.under() == {"head-0", "head-1"}
    house.enforce(merged(seen("l3", (WHOLE, 0, 3), house=house)))
    assert house.under() == set()
    entries = house.entries()
    house.enforce(merged(seen("l3", (WHOLE, 0, 3), house=house)))
    assert house.entries() == entries
    assert house.ledger.verify().is_whole


def test_an_answer_on_a_part_lets_go_its_accounts_alone(house: House) -> None:
    """Of a decision that machines made on the whole."""
    house.enforce(seen("l1", (OLD, 0, 1), house=house))
    found = merged(seen("l2", (WHOLE, 0, 3), house=house))
    house.enforce(found)
    answer(house, "campaign", OLD)
    house.settle()
    house.enforce(merged(seen("l3", (WHOLE, 0, 3), house=house)))
    assert house.under() == {"head-2"}


def test_an_appeal_is_about_the_decision_whatever_its_campaign_is_called_now(house: House) -> None:
    """Filed after the merge and won: let go, and spared within the cool-down under the new name."""
    house.enforce(seen("l1", (OLD, 0, 2), house=house))
    house.enforce(merged(seen("l2", (WHOLE, 0, 2), house=house)))
    (made,) = house.decisions()
    appeal = NewAppeal(
        appeal_id="a-1",
        decision_id=made.decision_id,
        account_id="head-0",
        statement="We are a school.",
        reference_hash=hash_secret("r"),
        deadline_at=house.later(days=2),
    )
    with house.ledger.write(actor="service:form", now=house.later(minutes=-60)) as change:
        change.file_appeal(appeal)
    with house.ledger.write(actor="dora", now=house.later(minutes=1)) as change:
        change.review_appeal("a-1")
        change.resolve_appeal(
            "a-1", outcome="overturned", answer="You are right.", disposition="innocent"
        )
    assert house.under() == {"head-1"}
    house.enforce(merged(seen("l3", (WHOLE, 0, 2), house=house)))
    assert house.under() == {"head-1"}


def test_people_are_told_once_what_a_campaign_went_into(house: House) -> None:
    """Though it stands in no look any more, and whichever look enforcement has missed."""
    house.enforce(seen("l1", (OLD, 0, 2), house=house))
    for name in ("l2", "l3"):
        house.enforce(merged(seen(name, (WHOLE, 0, 3), house=house)))
    told = [one for one in house.findings() if one.kind == "campaign_merged"]
    assert [(one.subject_id, one.result) for one in told] == [(OLD, "l2")]
    assert WHOLE in told[0].summary


def test_merges_are_read_from_all_of_the_history_and_heads_from_the_lake(tmp_path: Path) -> None:
    """The look at which it happened may be long past; parts of parts are parts."""
    rows = [
        {**dict.fromkeys(HISTORY.schema), "campaign_id": a, "look": n, "state": s, "related": r}
        for a, n, s, r in (
            (OLD, 1, "born", []),
            (OLD, 2, "merged", ["c-between"]),
            ("c-between", 3, "merged", [WHOLE]),
            (WHOLE, 4, "steady", []),
        )
    ]
    merges = _read_merges(pl.DataFrame(rows, schema=HISTORY.schema))
    assert merges == {OLD: ("c-between",), "c-between": (WHOLE,)}
    heads = [(OLD, 1, "a", True), (OLD, 2, "a", False), (WHOLE, 2, "b", True)]
    lake = Lake(tmp_path / "lake")
    lake.commit([lake.write(HEAD.name, pl.DataFrame(heads, schema=HEAD.schema, orient="row"))])
    assert _read_former(Lake(tmp_path / "lake"), merges) == {"a": frozenset({OLD})}
    found = replace(look("l", []), merged_into=merges)
    assert found.parts_of(WHOLE) == {OLD, "c-between"}
    assert found.wholes_of(OLD) == {"c-between", WHOLE}
    circle = replace(found, merged_into={"x": ("y",), "y": ("x",)})
    assert circle.parts_of("x") == {"y"}
