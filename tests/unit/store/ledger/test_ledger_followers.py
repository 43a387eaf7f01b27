"""Followers of a case: whoever has a hand in it, until they say otherwise."""

from __future__ import annotations

import pytest
from ledgers_by_hand import NOW, fill, later

from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.cases import Follower, NewCase


def following(ledger: Ledger, case_id: str = "case-1") -> list[str]:
    """Name who is told of a case."""
    with ledger.read() as view:
        return view.list_following(case_id)


def test_whoever_is_given_a_case_or_says_something_follows_it(ledger: Ledger) -> None:
    """By themselves, once each; programs, strangers and who has left follow nothing."""
    fill(ledger)
    assert following(ledger) == ["ann"]
    for actor in ("ben", "ben", "service:policy", "stranger"):
        with ledger.write(actor=actor, now=later(hours=1)) as change:
            change.comment_case("case-1", text="Seen.")
    with ledger.write(actor="root", now=later(hours=2)) as change:
        change.assign_case("case-1", assignee="cora")
    assert following(ledger) == ["ann", "ben", "cora"]
    with ledger.write(actor="root", now=later(hours=3)) as change:
        change.deactivate_user("ben")
    assert following(ledger) == ["ann", "cora"]
    with ledger.read() as view:
        verbs = [one.verb for one in view.list_audit_entries() if one.kind == "follower"]
    assert verbs == ["case.follow"] * 3
    assert ledger.verify().is_whole


def test_who_has_stopped_following_begins_again_by_their_own_word(ledger: Ledger) -> None:
    """No comment and no assignment brings it back; both moves are in the log, once each."""
    fill(ledger)
    with ledger.write(actor="ann", now=later(hours=1)) as change:
        assert not change.unfollow_case("case-1").follows
        change.unfollow_case("case-1")
        change.comment_case("case-1", text="Still mine.")
        change.assign_case("case-1", assignee="ann")
    assert following(ledger) == []
    with ledger.write(actor="ann", now=later(hours=2)) as change:
        assert change.follow_case("case-1").follows
        assert change.follow_case("case-1").version == 3
    assert following(ledger) == ["ann"]
    with ledger.read() as view:
        verbs = [one.verb for one in view.list_audit_entries() if one.kind == "follower"]
        assert [one.version for one in view.list(Follower, user_id="ann").rows] == [3]
    assert verbs == ["case.follow", "case.unfollow", "case.follow"]


def test_only_users_follow_and_only_cases_are_followed(ledger: Ledger) -> None:
    """A stranger, a case that isn't there, or leaving what was never followed: refused."""
    fill(ledger)
    with pytest.raises(UnknownRow), ledger.write(actor="stranger", now=NOW) as change:
        change.follow_case("case-1")
    with pytest.raises(UnknownRow), ledger.write(actor="ann", now=NOW) as change:
        change.follow_case("case-9")
    with pytest.raises(UnknownRow), ledger.write(actor="cora", now=NOW) as change:
        change.unfollow_case("case-1")


def test_the_cases_that_somebody_follows_are_theirs_alone(ledger: Ledger) -> None:
    """The newest first; an id of a case that fills its column can be followed too."""
    fill(ledger)
    long_id = "x" * 254
    with ledger.write(actor="ben", now=later(hours=1)) as change:
        change.open_case(NewCase(case_id=long_id, title="A long name"))
        change.comment_case(long_id, text="Mine.")
        change.follow_case("case-1")
    with ledger.read() as view:
        assert [one.case_id for one in view.list_followed("ben")] == [long_id, "case-1"]
        assert [one.case_id for one in view.list_followed("ann")] == ["case-1"]
        assert view.list_followed("cora") == []
