"""Cases, appeals, users, keys, policies and permissions: what people do with the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledgers_by_hand import NOW, appeal, campaign, fill, finding, later, put_in_force

from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import (
    BadValue,
    FourEyesNeeded,
    MoveRefused,
    RowExists,
    UnknownRow,
)
from stillwatch.store.ledger.nouns.appeals import Appeal
from stillwatch.store.ledger.nouns.cases import Case, NewCase
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.findings import Campaign, Disposition
from stillwatch.store.ledger.nouns.people import NewApiKey, NewUser, User
from stillwatch.store.ledger.nouns.policies import NewPermission, Policy
from stillwatch.store.ledger.questions.lookups import hash_secret


def test_a_case_is_opened_assigned_commented_closed_and_opened_again(ledger: Ledger) -> None:
    """Its state and its comments are what people did, in their order."""
    fill(ledger)
    with ledger.write(actor="ben", now=later(minutes=2)) as change:
        assert change.comment_case("case-1", text="I agree.") == "case-1/2"
        assert change.close_case("case-1", outcome="suspended").closed_at == later(minutes=2)
    with pytest.raises(MoveRefused), ledger.write(actor="ben", now=NOW) as change:
        change.close_case("case-1", outcome="again")
    with ledger.write(actor="ben", now=later(minutes=3)) as change:
        again = change.assign_case("case-1", assignee="cora")
        assert (again.state, again.closed_at, again.outcome) == ("assigned", None, None)
    with ledger.read() as view:
        texts = [(one.number, one.author) for one in view.list_comments("case-1")]
        assert texts == [(1, "ann"), (2, "ben")]
        assert [one.case_id for one in view.list(Case, assignee="cora").rows] == ["case-1"]


def test_a_case_goes_to_somebody_who_is_there(ledger: Ledger) -> None:
    """Neither a stranger nor a user who has left is given work."""
    fill(ledger)
    with ledger.write(actor="root", now=NOW) as change:
        change.deactivate_user("ben")
    for name in ("stranger", "ben"):
        with pytest.raises(UnknownRow), ledger.write(actor="ann", now=NOW) as change:
            change.assign_case("case-1", assignee=name)


def test_an_appeal_that_is_overturned_restores_and_teaches(ledger: Ledger) -> None:
    """One transaction: the account is released, its deliveries turned, a disposition noted."""
    fill(ledger)
    with ledger.write(actor="cora", now=later(hours=1)) as change:
        change.review_appeal("a-1")
    with ledger.write(actor="cora", now=later(hours=2)) as change:
        done = change.resolve_appeal(
            "a-1", outcome="overturned", answer="You are restored.", disposition="innocent"
        )
    assert (done.state, done.reviewer, done.resolved_at) == ("overturned", "cora", later(hours=2))
    with ledger.read() as view:
        assert [one.account_id for one in view.list_effects_in_force(now=later(hours=2))] == [
            "acct-2"
        ]
        (noted,) = view.list(Disposition, subject_id="acct-1").rows
        assert (noted.answer, noted.source_id, noted.noted_by) == ("innocent", "a-1", "cora")
        assert view.find_appeal("reference of a-1") == done
        assert view.find_appeal("reference of a-2") is None
    assert ledger.verify().is_whole


def test_an_appeal_that_is_upheld_leaves_the_decision(ledger: Ledger) -> None:
    """The account stays under it, and the reviewer's answer is noted."""
    fill(ledger)
    with ledger.write(actor="cora", now=later(hours=1)) as change:
        change.review_appeal("a-1")
        change.resolve_appeal(
            "a-1", outcome="upheld", answer="It stands.", disposition="distillation"
        )
    with ledger.read() as view:
        assert view.find(Decision, "d-1").state == "in_force"
        assert view.list(Disposition).rows[0].answer == "distillation"
    with pytest.raises(MoveRefused), ledger.write(actor="cora", now=NOW) as change:
        change.review_appeal("a-1")


@pytest.mark.parametrize("reviewer", ["ann", "ben", "service:robot"])
def test_whoever_had_a_hand_in_it_reviews_no_appeal(reviewer: str, ledger: Ledger) -> None:
    """Neither the proposer, nor the approver, nor a program."""
    fill(ledger)
    with pytest.raises(FourEyesNeeded), ledger.write(actor=reviewer, now=NOW) as change:
        change.review_appeal("a-1")


def test_an_appeal_is_resolved_by_its_reviewer(ledger: Ledger) -> None:
    """Not before anybody reviews it, and by nobody else; somebody else may take it over."""
    fill(ledger)
    end = {"outcome": "upheld", "answer": "No.", "disposition": "unsure"}
    with pytest.raises(MoveRefused), ledger.write(actor="cora", now=NOW) as change:
        change.resolve_appeal("a-1", **end)
    with ledger.write(actor="cora", now=NOW) as change:
        change.review_appeal("a-1")
    with pytest.raises(FourEyesNeeded), ledger.write(actor="dan", now=NOW) as change:
        change.resolve_appeal("a-1", **end)
    with pytest.raises(BadValue), ledger.write(actor="cora", now=NOW) as change:
        change.resolve_appeal("a-1", **{**end, "outcome": "in_review"})
    with ledger.write(actor="dan", now=NOW) as change:
        change.review_appeal("a-1")
        assert change.resolve_appeal("a-1", **end).reviewer == "dan"


def test_an_account_appeals_once_at_a_time_against_what_holds_it(ledger: Ledger) -> None:
    """A second appeal that waits, another's decision, or one that is over: refused."""
    fill(ledger)
    with ledger.write(actor="service:form", now=NOW) as change:
        assert not change.file_appeal(appeal())
    cases = (
        (RowExists, appeal("a-2")),
        (UnknownRow, appeal("a-2", account_id="acct-9")),
        (UnknownRow, appeal("a-2", decision_id="d-9")),
        (RowExists, appeal(statement="Something else.")),
    )
    for refusal, wrong in cases:
        with pytest.raises(refusal), ledger.write(actor="service:form", now=NOW) as change:
            change.file_appeal(wrong)
    with ledger.write(actor="cora", now=NOW) as change:
        change.revert_decision("d-1", why="a mistake")
    with pytest.raises(MoveRefused), ledger.write(actor="service:form", now=NOW) as change:
        change.file_appeal(appeal("a-2", account_id="acct-2"))


def test_a_statement_is_kept_without_addresses(ledger: Ledger) -> None:
    """What looks like an e-mail or network address is masked before it is written."""
    put_in_force(ledger)
    said = "Mail me@school.example, we sit behind 192.0.2.7 and 2001:db8::1, at 10:30:00 today."
    with ledger.write(actor="service:form", now=NOW) as change:
        change.file_appeal(appeal(statement=said))
    with ledger.read() as view:
        kept = view.find(Appeal, "a-1").statement
    assert kept == "Mail [e-mail], we sit behind [address] and [address], at 10:30:00 today."


def test_a_key_opens_while_it_and_its_user_may(ledger: Ledger) -> None:
    """Unknown, over, revoked, or of a user who has left: nobody comes in."""
    fill(ledger)
    with ledger.write(actor="root", now=NOW) as change:
        held = NewApiKey(
            key_id="k-2",
            key_hash=hash_secret("other"),
            user_id="ben",
            scopes=("ingest",),
            expires_at=later(days=1),
        )
        assert change.issue_key(held)
        assert not change.issue_key(held)
    with ledger.read() as view:
        found = view.find_key("token", now=NOW)
        assert found is not None
        assert found.user_id == "ann"
        assert view.find_key("other", now=later(days=1)) is None
        assert view.find_key("unknown", now=NOW) is None
    with ledger.write(actor="root", now=NOW) as change:
        change.revoke_key("k-1")
        assert change.revoke_key("k-1").revoked_at == NOW
        change.deactivate_user("ben")
    with ledger.read() as view:
        assert view.find_key("token", now=NOW) is None
        assert view.find_key("other", now=NOW) is None


def test_a_user_has_roles_of_the_list(ledger: Ledger) -> None:
    """A role that nobody knows gives nobody anything; names are written in one way."""
    with ledger.write(actor="root", now=NOW) as change:
        change.add_user(NewUser(user_id="ann", roles=("viewer",)))
        assert change.set_roles("ann", roles=["analyst"]).roles == ("analyst",)
    with pytest.raises(BadValue), ledger.write(actor="root", now=NOW) as change:
        change.set_roles("ann", roles=["owner"])
    for name in ("Ann", "an n", ""):
        with pytest.raises(BadValue), ledger.write(actor="root", now=NOW) as change:
            change.add_user(NewUser(user_id=name, roles=()))
    with ledger.read() as view:
        assert view.find(User, "ann").version == 2


def test_policies_are_versions_and_one_rules(ledger: Ledger) -> None:
    """The same text is the same version; activating one retires the other, and back."""
    with ledger.write(actor="ann", now=NOW) as change:
        one = change.publish_policy("house", text="# one")
        assert change.publish_policy("house", text="# one") == one
        two = change.publish_policy("house", text="# two")
        assert (one.policy_id, two.policy_id) == ("house@1", "house@2")
        change.activate_policy("house@1")
        change.activate_policy("house@2")
    with ledger.read() as view:
        rules = view.find_active_policy("house")
        assert rules is not None
        assert rules.text == "# two"
        assert view.find(Policy, "house@1").state == "retired"
        assert view.find_active_policy("other") is None
    with pytest.raises(MoveRefused), ledger.write(actor="ann", now=NOW) as change:
        change.activate_policy("house@2")
    with ledger.write(actor="ann", now=NOW) as change:
        change.activate_policy("house@1")


def test_permissions_hold_from_their_beginning_to_their_end(ledger: Ledger) -> None:
    """Before, after and once revoked they permit nothing."""
    given = NewPermission(
        permission_id="p-1",
        account_id="acct-1",
        scope="distillation",
        granted_by="legal",
        valid_from=later(days=1),
        valid_to=later(days=2),
        budget_exchanges=1000,
    )
    with ledger.write(actor="ann", now=NOW) as change:
        assert change.grant_permission(given)
    with ledger.read() as view:
        ids = [
            [one.permission_id for one in view.list_permissions_in_force(now=later(days=day))]
            for day in (0, 1, 2)
        ]
    assert ids == [[], ["p-1"], []]
    with ledger.write(actor="ann", now=NOW) as change:
        change.revoke_permission("p-1")
        change.revoke_permission("p-1")
    with ledger.read() as view:
        assert view.list_permissions_in_force(now=later(days=1)) == []
    wrong = (replace(given, account_id=None), replace(given, valid_to=later(days=1)))
    for one in wrong:
        with pytest.raises(BadValue), ledger.write(actor="ann", now=NOW) as change:
            change.grant_permission(replace(one, permission_id="p-2"))


def test_a_campaign_is_brought_up_to_date_and_a_finding_is_not(ledger: Ledger) -> None:
    """The next look writes over the last; what was found stays as it was found."""
    with ledger.write(actor="service:detection", now=NOW) as change:
        assert change.record_campaign(campaign())
        assert change.record_finding(finding())
    with ledger.write(actor="service:detection", now=later(days=1)) as change:
        assert not change.record_campaign(campaign(accounts=7))
        assert not change.record_finding(finding())
    with ledger.read() as view:
        found = view.find(Campaign, "c-1")
        assert (found.accounts, found.version, found.recorded_at) == (7, 2, later(days=1))
    with pytest.raises(RowExists), ledger.write(actor="service:detection", now=NOW) as change:
        change.record_finding(finding(accounts=7))
    with pytest.raises(UnknownRow), ledger.write(actor="service:detection", now=NOW) as change:
        change.record_finding(finding("f-2", campaign_id="c-9"))


def test_pages_go_on_where_the_last_ended(ledger: Ledger) -> None:
    """Newest first, each row once, also where many have one instant."""
    with ledger.write(actor="ann", now=NOW) as change:
        for number in range(7):
            change.open_case(NewCase(case_id=f"case-{number}", title="one of many"))
    with ledger.write(actor="ann", now=later(hours=1)) as change:
        change.open_case(NewCase(case_id="case-late", title="the last"))
    seen, after = [], None
    with ledger.read() as view:
        while True:
            page = view.list(Case, after=after, limit=3)
            seen += [one.case_id for one in page.rows]
            after = page.next
            if after is None:
                break
        for wrong in ({"limit": 0}, {"limit": 10**6}, {"after": "nowhere"}, {"title": "x"}):
            with pytest.raises(BadValue):
                view.list(Case, **wrong)
    assert seen == ["case-late", *(f"case-{number}" for number in range(6, -1, -1))]
