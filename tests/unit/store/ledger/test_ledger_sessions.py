"""Invitations, sessions and the rules on administrators, on both databases."""

from __future__ import annotations

import pytest
from ledgers_by_hand import NOW, fill, later

from stillwatch.domain.service_limits import SESSIONS_PER_USER_MAX
from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.engine import begin_write
from stillwatch.store.ledger.errors import FourEyesNeeded, MoveRefused, RowExists, UnknownRow
from stillwatch.store.ledger.lookups import hash_secret
from stillwatch.store.ledger.nouns.people import (
    Invitation,
    NewInvitation,
    NewSession,
    NewUser,
    Session,
    User,
)

ADMIN = NewUser(user_id="root", roles=("admin",))


def invitation(name: str, *, user: str = "ann", hours: float = 1) -> NewInvitation:
    """Give an invitation whose code is its name."""
    ends = later(hours=hours)
    return NewInvitation(
        invitation_id=name, code_hash=hash_secret(name), user_id=user, ends_at=ends
    )


def session(name: str, *, user: str = "ann", hours: float = 12) -> NewSession:
    """Give a session whose cookie is its name."""
    return NewSession(
        session_id=name,
        token_hash=hash_secret(name),
        user_id=user,
        scopes=("read",),
        ends_at=later(hours=hours),
    )


def test_the_first_administrator_is_made_once(ledger: Ledger) -> None:
    """A second one, made in the same way, is refused; users who administer nothing don't matter."""
    fill(ledger)
    with ledger.write(actor="service:access", now=NOW) as change:
        assert change.add_first_admin(ADMIN)
    again = NewUser(user_id="eve", roles=("admin",))
    with pytest.raises(MoveRefused), ledger.write(actor="service:access", now=NOW) as change:
        change.add_first_admin(again)


def test_an_administrator_is_always_left(ledger: Ledger) -> None:
    """The last person loses neither the role nor the right to come in; a program is none."""
    fill(ledger)
    with ledger.write(actor="service:access", now=NOW) as change:
        change.add_user(ADMIN)
        change.add_user(NewUser(user_id="two", roles=("admin", "viewer")))
        change.add_user(NewUser(user_id="service:robot", roles=("admin",)))
    with ledger.write(actor="root", now=NOW) as change:
        change.set_roles("two", roles=["viewer"])
    with pytest.raises(MoveRefused, match="last"), ledger.write(actor="two", now=NOW) as change:
        change.set_roles("root", roles=["viewer"])
    with pytest.raises(MoveRefused, match="last"), ledger.write(actor="two", now=NOW) as change:
        change.deactivate_user("root")
    with ledger.read() as view:
        assert view.find(User, "root").is_active


def test_nobody_gives_roles_to_themselves_or_lets_themselves_in(ledger: Ledger) -> None:
    """Neither more nor other ones."""
    fill(ledger)
    with pytest.raises(FourEyesNeeded), ledger.write(actor="ann", now=NOW) as change:
        change.set_roles("ann", roles=["approver"])
    with pytest.raises(FourEyesNeeded), ledger.write(actor="ann", now=NOW) as change:
        change.activate_user("ann")


def test_an_invitation_opens_once_and_in_its_time(ledger: Ledger) -> None:
    """Used, replaced by a newer one, past its end, or of a user who has left: it opens nothing."""
    fill(ledger)
    with ledger.write(actor="root", now=NOW) as change:
        change.invite(invitation("i-1"))
        change.invite(invitation("i-2"))
        change.invite(invitation("i-3", user="ben"))
    with ledger.read() as view:
        assert view.find_invitation("i-1", now=NOW) is None
        found = view.find_invitation("i-2", now=NOW)
        assert found is not None
        assert (found.user_id, found.made_by) == ("ann", "root")
        assert view.find_invitation("i-2", now=later(hours=1)) is None
        assert view.find_invitation("i-9", now=NOW) is None
    with pytest.raises(MoveRefused), ledger.write(actor="ann", now=later(hours=1)) as change:
        change.use_invitation("i-2")
    with ledger.write(actor="ann", now=NOW) as change:
        assert change.use_invitation("i-2").used_at == NOW
    for name in ("i-1", "i-2"):
        with pytest.raises(MoveRefused), ledger.write(actor="ann", now=NOW) as change:
            change.use_invitation(name)
    with ledger.write(actor="root", now=NOW) as change:
        change.deactivate_user("ben")
    with ledger.read() as view:
        assert view.find(Invitation, "i-3").revoked_at == NOW
    with pytest.raises(UnknownRow), ledger.write(actor="root", now=NOW) as change:
        change.invite(invitation("i-4", user="ben"))
    assert ledger.verify().is_whole


def test_a_session_goes_on_until_it_ends(ledger: Ledger) -> None:
    """Ended, past its end, or of a user who has left: it is not among those that go on."""
    fill(ledger)
    with ledger.write(actor="service:access", now=NOW) as change:
        for name, user in (("s-1", "ann"), ("s-2", "ann"), ("s-3", "ben"), ("s-4", "cora")):
            change.begin_session(session(name, user=user))
        change.begin_session(session("s-5", hours=1))
    with ledger.write(actor="ann", now=NOW) as change:
        assert change.end_session("s-1").ended_at == NOW
    with ledger.write(actor="ann", now=later(minutes=1)) as change:
        assert change.end_session("s-1").ended_at == NOW
        change.deactivate_user("ben")
    with ledger.read() as view:
        assert [one.session_id for one in view.list_open_sessions(now=later(hours=1))] == [
            "s-2",
            "s-4",
        ]
        assert [one.user_id for one in view.list_active_users()] == ["ann", "cora"]
        assert len(view.list(Session, user_id="ann").rows) == 3
    with ledger.write(actor="ann", now=NOW) as change:
        assert change.end_sessions("ann") == 2
    with pytest.raises(RowExists), ledger.write(actor="ann", now=NOW) as change:
        change.begin_session(session("s-4", user="ann"))
    assert ledger.verify().is_whole


def test_the_oldest_session_makes_room(ledger: Ledger) -> None:
    """One person has at most SESSIONS_PER_USER_MAX; nobody is shut out by what they forgot."""
    fill(ledger)
    for number in range(SESSIONS_PER_USER_MAX + 2):
        with ledger.write(actor="service:access", now=later(minutes=number)) as change:
            change.begin_session(session(f"s-{number:02}"))
    with ledger.read() as view:
        names = [one.session_id for one in view.list_open_sessions(now=later(minutes=30))]
    assert names == [f"s-{number:02}" for number in range(2, SESSIONS_PER_USER_MAX + 2)]


def test_a_change_of_people_shows_in_the_log(ledger: Ledger) -> None:
    """Users, keys and sessions do; a case does not, so that nothing is read again for it."""
    fill(ledger)
    with ledger.read() as view:
        before = view.last_entry()
        assert 0 < view.last_change_of_people() < before
        assert view.last_change_of_people(after=before) == 0
    with ledger.write(actor="root", now=NOW) as change:
        change.close_case("case-1", outcome="over")
    with ledger.read() as view:
        assert view.last_change_of_people(after=before) == 0
    with ledger.write(actor="root", now=NOW) as change:
        change.revoke_key("k-1")
    with ledger.read() as view:
        assert view.last_change_of_people(after=before) == before + 2
        assert view.list_keys_in_use(now=NOW) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessions SET user_id = 'ben'",
        "UPDATE sessions SET ends_at = ends_at + 1",
        "DELETE FROM sessions",
        "UPDATE invitations SET used_at = NULL",
    ],
)
def test_a_session_that_was_changed_past_the_log_is_found(ledger: Ledger, statement: str) -> None:
    """Whoever writes one into the database, or prolongs one, shows."""
    fill(ledger)
    with ledger.write(actor="root", now=NOW) as change:
        change.invite(invitation("i-1"))
        change.use_invitation("i-1")
        change.begin_session(session("s-1"))
    assert ledger.verify().is_whole
    with begin_write(ledger._engine) as connection:
        connection.exec_driver_sql(statement)
    assert not ledger.verify().is_whole
