"""What people approved is put in force, what is over is ended, and a late answer is heard."""

from __future__ import annotations

from looks_by_hand import CAMPAIGN, House, account, answer, heads, look

from stillwatch.store.ledger.nouns.cases import Case


def wait(house: House) -> str:
    """Let four heads wait for two people, and both approve; give the decision's id."""
    house.enforce(look("l1", heads(4)))
    (made,) = house.decisions()
    house.later(minutes=1)
    return made.decision_id


def test_a_round_with_nothing_to_do_writes_nothing(house: House) -> None:
    """It goes round every second."""
    wait(house)
    entries = house.entries()
    done = house.settle()
    assert (done.in_force, done.expired, done.let_go) == ([], [], [])
    assert house.entries() == entries


def test_what_takes_something_goes_to_the_channels(house: House) -> None:
    """A row of the outbox for each account, once it is in force."""
    made = wait(house)
    house.approve(made, "ann", "ben")
    house.settle()
    with house.ledger.read() as view:
        assert view.count_effects() == {("webhook", "queued"): 4}


def test_an_account_that_was_called_innocent_since_is_released_first(house: House) -> None:
    """The others come under the effect."""
    made = wait(house)
    answer(house, "account", "head-0")
    house.approve(made, "ann", "ben")
    done = house.settle()
    assert (done.in_force, done.let_go) == ([made], [made])
    assert house.under() == {"head-1", "head-2", "head-3"}


def test_a_campaign_that_was_called_innocent_since_is_let_be(house: House) -> None:
    """The decision is reverted before it was ever in force."""
    made = wait(house)
    house.approve(made, "ann", "ben")
    answer(house, "campaign", CAMPAIGN)
    assert house.settle().let_go == [made]
    assert house.under() == set()
    (decision,) = house.decisions(state="reverted")
    assert decision.decision_id == made


def test_a_decision_whose_every_account_is_innocent_is_over(house: House) -> None:
    """Nothing is left to put in force."""
    made = wait(house)
    for n in range(4):
        answer(house, "account", f"head-{n}")
    house.approve(made, "ann", "ben")
    done = house.settle()
    assert (done.in_force, done.failed) == ([], [])
    assert [one.decision_id for one in house.decisions(state="reverted")] == [made]


def test_a_proposal_that_nobody_answers_ends(house: House) -> None:
    """And an approval that comes too late puts nothing in force."""
    made = wait(house)
    house.later(days=31)
    assert house.settle().expired == [made]
    assert house.under() == set()


def test_people_are_told_when_a_look_thinks_better_of_somebody(house: House) -> None:
    """Once, with a case; the effect stays until a person takes it back."""
    house.enforce(look("l1", heads(2)))
    thinks_better = [*heads(1), account("head-1", "clear")]
    assert house.enforce(look("l2", thinks_better, at=house.later(minutes=5))).doubts == 1
    assert house.enforce(look("l3", thinks_better, at=house.later(minutes=5))).doubts == 0
    told = [one for one in house.findings() if one.kind == "in_doubt"]
    assert [one.subject_id for one in told] == ["head-1"]
    with house.ledger.read() as view:
        cases = {one.case_id for one in view.list(Case).rows}
    (made,) = house.decisions()
    assert cases == {f"case-{CAMPAIGN}", f"case-doubt-{made.decision_id}"}
    assert house.under() == {"head-0", "head-1"}


def test_an_answer_lets_go_whom_machines_hold(house: House) -> None:
    """The account alone; what people approved stays theirs to take back."""
    house.enforce(look("l1", heads(2)))
    answer(house, "account", "head-0")
    (made,) = house.decisions()
    assert house.settle().let_go == [made.decision_id]
    assert house.under() == {"head-1"}
    entries = house.entries()
    assert house.settle().let_go == []
    assert house.entries() == entries


def test_an_answer_on_the_campaign_reverts_what_machines_decided(house: House) -> None:
    """All of it at once; a decision that two people approved stands."""
    house.enforce(look("l1", heads(2)))
    house.enforce(look("l2", heads(6), at=house.later(minutes=5)))
    by_machine, by_people = house.decisions()
    house.approve(by_people.decision_id, "ann", "ben")
    house.settle()
    answer(house, "campaign", CAMPAIGN)
    assert house.settle().let_go == [by_machine.decision_id]
    assert house.under() == {f"head-{n}" for n in range(2, 6)}
    assert house.ledger.verify().is_whole
