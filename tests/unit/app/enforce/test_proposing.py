"""From a look to decisions: who is suspended by machine, who waits for people, who is let be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from looks_by_hand import BUDGETED, CAMPAIGN, NOW, POLICY, House, account, heads, look, protect

from stillwatch.domain.errors import BadPolicy
from stillwatch.store.ledger.errors import StaleVersion
from stillwatch.store.ledger.nouns.cases import Case
from stillwatch.store.ledger.nouns.findings import NewDisposition
from stillwatch.store.ledger.nouns.policies import NewPermission


def answer(house: House, kind: str, subject_id: str, word: str) -> None:
    """Let a person say what something was."""
    with house.ledger.write(actor="ann", now=house.now) as change:
        change.note_disposition(
            NewDisposition(
                disposition_id=f"{kind}-{subject_id}-{house.now.isoformat()}",
                subject_kind=kind,
                subject_id=subject_id,
                answer=word,
                source_kind="case",
                source_id=f"case-{CAMPAIGN}",
            )
        )


def test_what_needs_nobody_is_in_force_at_once(house: House) -> None:
    """Two fraudulent heads are suspended by machine; the suspect is only looked at."""
    done = house.enforce(look("l1", [*heads(2), account("maybe", "suspect")]))
    assert house.under() == {"head-0", "head-1"}
    assert house.under("review") == {"maybe"}
    assert (done.proposed.in_force, done.proposed.waiting) == (3, 0)
    (made,) = house.decisions(effect="suspend")
    assert made.policy_id == "tried@1"
    assert made.expires_at == NOW + timedelta(days=30)
    assert house.ledger.verify().is_whole


def test_what_a_guard_holds_back_waits_for_people_and_then_is_in_force(house: House) -> None:
    """Four heads need two people; the machine, and one person twice, are not two."""
    house.enforce(look("l1", heads(4)))
    (made,) = house.decisions()
    assert (made.state, made.approvals_needed) == ("proposed", 2)
    house.approve(made.decision_id, "ann")
    assert house.settle().in_force == []
    assert house.under() == set()
    house.approve(made.decision_id, "ben")
    assert house.settle().in_force == [made.decision_id]
    assert house.under() == {f"head-{n}" for n in range(4)}


def test_the_same_look_twice_changes_nothing(house: House) -> None:
    """Not one audit entry: campaigns, findings, cases and decisions are there already."""
    seen = look("l1", [*heads(2), account("maybe", "suspect"), account("heir", "watch")])
    house.enforce(seen)
    entries = house.entries()
    house.later(minutes=5)
    house.enforce(seen)
    assert house.entries() == entries
    with house.ledger.read() as view:
        assert [one.case_id for one in view.list(Case).rows] == [f"case-{CAMPAIGN}"]


def test_the_same_look_after_a_reversal_proposes_nothing_again(house: House) -> None:
    """What a look has decided once is decided, whatever became of it."""
    seen = look("l1", heads(2))
    house.enforce(seen)
    (made,) = house.decisions()
    with house.ledger.write(actor="ann", now=house.later(minutes=1)) as change:
        change.revert_decision(made.decision_id, why="a mistake")
    house.enforce(seen)
    assert len(house.decisions()) == 1


def test_new_members_get_a_further_decision(house: House) -> None:
    """Whoever stands under an equal decision isn't named again."""
    house.enforce(look("l1", heads(2)))
    house.enforce(look("l2", heads(3), at=house.later(minutes=5)))
    first, second = house.decisions()
    assert (first.accounts_count, second.accounts_count) == (2, 1)
    assert house.under() == {"head-0", "head-1", "head-2"}


def test_a_proposal_that_waits_is_not_made_again(house: House) -> None:
    """At every look anew it would bury the people who decide."""
    house.enforce(look("l1", heads(4)))
    house.enforce(look("l2", heads(4), at=house.later(minutes=5)))
    assert len(house.decisions()) == 1


def test_what_people_have_rejected_is_not_proposed_again(house: House) -> None:
    """As long as it would have held."""
    house.enforce(look("l1", heads(4)))
    (made,) = house.decisions()
    with house.ledger.write(actor="ann", now=house.later(minutes=1)) as change:
        change.reject(made.decision_id, why="a school")
    house.enforce(look("l2", heads(4), at=house.later(minutes=5)))
    assert len(house.decisions()) == 1


def test_who_was_let_go_is_not_suspended_by_machine_again(house: House) -> None:
    """Within the cool-down a person has to say so, also if they were let go during the look."""
    house.enforce(look("l1", heads(2)))
    (made,) = house.decisions()
    begun = house.later(minutes=5)
    with house.ledger.write(actor="ann", now=house.later(minutes=1)) as change:
        change.release_account(made.decision_id, "head-0", why="a mistake")
    house.enforce(look("l2", heads(2), at=begun))
    assert house.under() == {"head-1"}
    (waiting,) = house.decisions(state="proposed")
    assert (waiting.accounts_count, waiting.approvals_needed) == (1, 1)
    assert "cool_down" in waiting.basis


@pytest.mark.parametrize(
    ("kind", "subject_id", "left"),
    [
        ("account", "head-0", {"head-1"}),
        ("group", "g-one", set()),
        ("campaign", CAMPAIGN, set()),
    ],
)
def test_a_persons_answer_keeps_machines_off(
    house: House, kind: str, subject_id: str, left: set[str]
) -> None:
    """An account, a group or a campaign that somebody called innocent; and the ledger says so."""
    answer(house, kind, subject_id, "innocent")
    done = house.enforce(look("l1", heads(2), at=house.later(minutes=1)))
    assert house.under() == left
    assert len(house.decisions()) == len(left)
    (kept,) = done.kept_off
    assert len(kept.account_ids) == 2 - len(left)
    told = [one for one in house.findings() if one.kind == "kept_off"]
    assert [one.reasons for one in told] == [(f"innocent ({kind})",)]


def test_a_later_answer_replaces_an_earlier_one(house: House) -> None:
    """`unsure` replaces nothing."""
    answer(house, "account", "head-0", "innocent")
    house.later(minutes=1)
    answer(house, "account", "head-0", "unsure")
    house.enforce(look("l1", heads(2)))
    assert house.under() == {"head-1"}
    house.later(minutes=1)
    answer(house, "account", "head-0", "distillation")
    house.enforce(look("l2", heads(2), at=house.later(minutes=5)))
    assert house.under() == {"head-0", "head-1"}


def test_nobody_who_is_protected_is_acted_on(house: House) -> None:
    """Not even proposed; the ledger says so."""
    done = house.enforce(protect(look("l1", heads(2)), "head-0"))
    assert house.under() == {"head-1"}
    assert [(one.why, one.account_ids) for one in done.kept_off] == [("protected", ("head-0",))]


def test_a_permission_in_the_ledger_covers_what_the_lake_does_not_know(house: House) -> None:
    """Within its budget and beyond, no machine acts on its holder."""
    with house.ledger.write(actor="ann", now=NOW) as change:
        for name, scope in (("head-0", "distillation"), ("head-1", "resale")):
            change.grant_permission(
                NewPermission(
                    permission_id=f"p-{name}", account_id=name, scope=scope, granted_by="ann"
                )
            )
    house.enforce(look("l1", heads(2)))
    assert house.under() == {"head-1"}


def test_a_policy_that_is_none_leaves_the_look_recorded_and_nobody_under_an_effect(
    house: House,
) -> None:
    """What was found is there; and somebody is told."""
    house.policy.write_text(POLICY.replace("then: suspend", "then: hang"))
    with pytest.raises(BadPolicy):
        house.enforce(look("l1", heads(2)))
    assert [one.kind for one in house.findings()] == ["new_campaign"]
    assert house.decisions() == []


def test_the_ledgers_active_policy_comes_before_the_file(house: House) -> None:
    """Decisions refer to the version that made them."""
    text = POLICY.replace("policy: tried", "policy: house").replace("then: suspend", "then: deny")
    with house.ledger.write(actor="ann", now=NOW) as change:
        change.activate_policy(change.publish_policy("house", text=text).policy_id)
    done = house.enforce(look("l1", heads(2)))
    assert done.policy_id == "house@1"
    assert house.under("deny") == {"head-0", "head-1"}


def test_a_dry_run_puts_nothing_into_force(house: House) -> None:
    """Nothing is proposed either."""
    house.policy.write_text(POLICY.replace("guards:", "guards:\n  dry_run: true"))
    done = house.enforce(look("l1", heads(2)))
    assert house.decisions() == []
    assert [one.why for one in done.kept_off] == ["dry_run"]


def test_a_verdict_that_misses_a_bar_is_a_review(house: House) -> None:
    """A fraudulent account without a probability that can be right takes nothing from anybody."""
    house.enforce(look("l1", [account("head-0"), account("head-1", q_value=0.5)]))
    assert house.under() == {"head-0"}
    assert house.under("review") == {"head-1"}
    assert [d.basis for d in house.decisions(effect="review")] == [
        "rule failed; failed: its q-value is above the bar"
    ]


def test_an_id_that_the_ledger_can_not_hold_stops_nobody_elses_decision(house: House) -> None:
    """Whoever names an account so would be let be, and everybody else would not."""
    hostile = account("head-\x1b[31m")
    done = house.enforce(look("l1", [*heads(1), hostile, account("x" * 300)]))
    assert house.under() == {"head-0"}
    assert {one.why for one in done.kept_off} == {"its id can't be written down"}


def test_a_budget_is_a_decision_on_all_accounts_of_the_campaign(house: House) -> None:
    """With a ceiling that they share; the protected and the permitted are not counted."""
    house.policy.write_text(BUDGETED)
    rows = [*heads(2), account("maybe", "suspect"), account("guest", "permitted")]
    house.enforce(protect(look("l1", rows), "head-1"))
    with house.ledger.read() as view:
        shared = [one for one in view.list_effects_in_force(now=NOW) if one.is_shared]
    assert {one.account_id for one in shared} == {"head-0", "maybe"}
    assert {one.parameters for one in shared} == {'{"exchanges_per_hour":100}'}


def test_a_person_who_decides_meanwhile_is_heard(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer between reading the ledger and writing the proposal is read before anybody acts."""
    from stillwatch.app.enforce import enforcing  # noqa: PLC0415  what is replaced below

    drafting, asked = enforcing.draft_decisions, []

    def dawdle(*given: object, **named: object) -> object:
        if not asked:
            answer(house, "campaign", CAMPAIGN, "innocent")
        asked.append(1)
        return drafting(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(enforcing, "draft_decisions", dawdle)
    house.enforce(look("l1", heads(2)))
    assert len(asked) == 2
    assert house.decisions() == []


def test_whoever_can_not_be_heard_stops_the_machine(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People who keep deciding leave nothing proposed, and it is told."""
    from stillwatch.app.enforce import enforcing  # noqa: PLC0415  what is replaced below

    drafting = enforcing.draft_decisions

    def dawdle(*given: object, **named: object) -> object:
        house.later(seconds=1)
        answer(house, "account", "somebody", "unsure")
        return drafting(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(enforcing, "draft_decisions", dawdle)
    with pytest.raises(StaleVersion):
        house.enforce(look("l1", heads(2)))
    assert house.decisions() == []


def test_findings_about_accounts_are_made_once(house: House) -> None:
    """Successors and those over their budget, not again at every look."""
    rows = [
        account("heir", predecessor_account_id="head-9", predecessor_probability=0.9),
        account("guest", "permitted", reasons=["over_budget"], campaign_id=CAMPAIGN),
    ]
    house.enforce(look("l1", [*rows, *heads(2)]))
    house.enforce(look("l2", [*rows, *heads(2)], at=house.later(minutes=5)))
    kinds = sorted(one.kind for one in house.findings())
    assert kinds == ["new_campaign", "over_budget", "successor"]


def test_a_look_that_was_broken_off_is_finished_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash after the campaigns were written loses neither findings nor decisions."""
    from stillwatch.app.enforce.from_looks import recording  # noqa: PLC0415  likewise

    rows = [account("heir", predecessor_account_id="head-9"), *heads(1)]
    seen = look("l1", rows)

    def crash(*_given: object, **_named: object) -> int:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(recording, "write_findings", crash)
        with pytest.raises(ZeroDivisionError):
            house.enforce(seen)
    assert house.decisions() == []
    house.enforce(seen)
    assert sorted(one.kind for one in house.findings()) == ["new_campaign", "successor"]
    assert house.under() == {"head-0", "heir"}


def test_history_tells_growth(house: House) -> None:
    """A campaign that a watch calls regrown is news, once a look."""
    from stillwatch.domain.lake_tables import HISTORY  # noqa: PLC0415  for this test alone

    house.enforce(look("l1", heads(2)))
    seen = look("l2", heads(3), at=house.later(minutes=5))
    row = dict.fromkeys(HISTORY.columns) | {
        "campaign_id": CAMPAIGN,
        "look": 2,
        "state": "regrown",
        "new_accounts": 1,
        "successors": 1,
        "related": [],
    }
    seen = replace(seen, history=pl.DataFrame([row], schema=HISTORY.schema))
    house.enforce(seen)
    house.enforce(seen)
    assert sorted(one.kind for one in house.findings()) == ["campaign_regrown", "new_campaign"]
