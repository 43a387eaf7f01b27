"""Cases, answers and appeals by the pages: what is said, who may, and what has come of it."""

from __future__ import annotations

import shutil
from datetime import timedelta

import orjson
from control_service import CAMPAIGN, HEADS
from desks import RESULT, Desk, desk_at, plain

from stillwatch.store.ledger.nouns.cases import Case
from stillwatch.store.ledger.nouns.findings import Disposition, NewFinding
from stillwatch.store.ledger.nouns.likenesses import NewLikeness


def case_of(desk: Desk, case_id: str) -> Case:
    """Give a case as the ledger has it."""
    with desk.ledger.read() as view:
        return view.find(Case, case_id)


def open_case(desk: Desk, **said: str) -> str:
    """Open a case about the campaign; give its id."""
    fields = {"title": "one card", "campaign": CAMPAIGN, "own_id": "case-" + "a1" * 10, **said}
    answers = [desk.person("ann").send("/cases/open", fields) for _ in "12"]
    assert {one.status_code for one in answers} == {303}
    return fields["own_id"]


def test_a_case_from_its_opening_to_its_end(desk: Desk) -> None:
    """Opened once, taken, given away, commented on once, closed with an answer, open again."""
    case_id = open_case(desk)
    ann, dora = desk.person("ann"), desk.person("dora")
    assert "The case is open" in plain(ann.look("/case", id=case_id, told="opened").text)
    assert ann.send("/case/assign", {"id": case_id, "version": "1"}).status_code == 303
    assert case_of(desk, case_id).assignee == "ann"
    assert case_id in ann.look("/cases", whose="me").text
    assert case_id not in dora.look("/cases", whose="me").text
    stale = dora.send("/case/assign", {"id": case_id, "version": "1", "assignee": "dora"})
    assert (stale.status_code, "Somebody else has changed" in stale.text) == (409, True)
    dora.send("/case/assign", {"id": case_id, "version": "2", "assignee": "dora"})
    for _ in "12":
        dora.send("/case/comment", {"id": case_id, "text": "They\r\nare two."})
    page = dora.look("/case", id=case_id).text
    assert page.count("They\nare two.") == 1
    fields = {"id": case_id, "version": "3", "outcome": "a proxy", "answer": "distillation"}
    for _ in "12":
        assert dora.send("/case/close", fields).status_code == 303
    assert case_of(desk, case_id).state == "closed"
    again = dora.send("/case/assign", {"id": case_id, "version": "4"})
    assert again.status_code == 303
    assert case_of(desk, case_id).state == "assigned"


def test_a_case_is_followed_and_let_go(desk: Desk) -> None:
    """By a button, or by taking it; the list of what one follows holds it until it is let go."""
    case_id = open_case(desk)
    ann, dora, vera = (desk.person(name) for name in ("ann", "dora", "vera"))
    assert "Followed by nobody" in plain(ann.look("/case", id=case_id).text)
    for _ in "12":
        assert dora.send("/case/follow", {"id": case_id}).status_code == 303
    ann.send("/case/assign", {"id": case_id, "version": "1"})
    words = plain(dora.look("/case", id=case_id, told="following").text)
    assert "You follow this case" in words
    assert "Followed by ann , dora" in words
    assert case_id in dora.look("/cases", whose="followed_by_me").text
    assert case_id in dora.look("/cases", whose="followed_by_me", state="assigned").text
    assert case_id not in dora.look("/cases", whose="followed_by_me", state="closed").text
    for _ in "12":
        assert dora.send("/case/unfollow", {"id": case_id}).status_code == 303
    assert case_id not in dora.look("/cases", whose="followed_by_me").text
    assert vera.send("/case/follow", {"id": case_id}).status_code == 403


def test_a_case_about_a_campaign_ends_with_an_answer(desk: Desk) -> None:
    """Without one, or without a reason, it stays open."""
    case_id = open_case(desk)
    for lacking in ({"outcome": "why"}, {"answer": "innocent"}, {"answer": "x", "outcome": "y"}):
        found = desk.person("ann").send("/case/close", {"id": case_id, "version": "1", **lacking})
        assert found.status_code == 422
    assert case_of(desk, case_id).state == "new"


def test_the_page_says_whether_a_look_has_gone_by_an_answer(desk: Desk) -> None:
    """Not used, until a look has kept machines off because of it; a later answer ends it."""
    case_id = open_case(desk)
    ann = desk.person("ann")
    ann.send(
        "/case/close",
        {"id": case_id, "version": "1", "outcome": "a school", "answer": "innocent"},
    )
    words = plain(ann.look("/case", id=case_id, told="answered").text)
    assert "Not used yet: no look since has wanted to act on it" in words
    assert "Detection can't go by it: no look had judged the group" in words
    assert "counts among the honest groups that the next looks compare with" in words
    with desk.write("service:detection") as change:
        change.record_finding(
            NewFinding(
                finding_id="f-kept",
                kind="kept_off",
                subject_kind="campaign",
                subject_id=CAMPAIGN,
                campaign_id=CAMPAIGN,
                reasons=("innocent (campaign)",),
                accounts=5,
                result="2026-12-01T080000Z",
                found_at=desk.now,
            )
        )
    words = plain(ann.look("/case", id=case_id).text)
    assert "Used: at the look 2026-12-01T080000Z machines left 5 accounts alone" in words


def test_the_page_says_whether_detection_has_gone_by_an_answer(desk: Desk) -> None:
    """Not before a look that began after it; then which, as the look's own record has it."""
    case_id = open_case(desk)
    ann = desk.person("ann")
    with desk.write("service:detection") as change:
        change.record_likeness(
            NewLikeness(
                campaign_id=CAMPAIGN,
                group_id="g-one",
                null_version="0123456789ab",
                accounts=6,
                exchanges=1_200,
                kinds=("one card",),
                witnesses=("tactics=2.5",),
                p_value=1e-6,
                probability=0.998,
                result="monday",
                judged_at=desk.now,
            )
        )
    fields = {"id": case_id, "version": "1", "outcome": "a school", "answer": "innocent"}
    ann.send("/case/close", fields)
    words = plain(ann.look("/case", id=case_id).text)
    assert "No look has gone by it yet: the next one counts the group" in words
    record = desk.place / "results" / RESULT / "run.json"
    run = orjson.loads(record.read_bytes())
    told = {
        "as_of": (desk.now + timedelta(hours=1)).isoformat(),
        "innocent": 1,
        "confirmed": 0,
        "innocent_campaigns": [CAMPAIGN],
        "groups_judged_milder": 1,
        "groups_let_be": 1,
        "reliability": [
            {"from": 0.95, "to": 1.0, "groups": 1, "said": 0.998, "confirmed": 0,
             "low": 0.0, "high": 0.975, "holds": None}
        ],
    }  # fmt: skip
    fresh = record.parent.with_name("a-later-look")
    shutil.copytree(record.parent, fresh)
    (fresh / "run.json").write_bytes(orjson.dumps({**run, "answers": told}))
    with desk_at(desk.place, result=fresh.name) as later:
        who = later.person("ann")
        words = plain(who.look("/case", id=case_id).text)
        assert "Used: the look a-later-look counted the group among honest groups" in words
        runs = plain(who.look("/runs").text)
        assert "Calibrated with 1 group that people marked innocent (and 0 confirmed)" in runs
        assert "lets 1 be that would have been called a harvest" in runs
        assert "too few to tell" in runs


def test_the_second_reviewer_is_a_second_person(desk: Desk) -> None:
    """Neither proposer nor approver reviews: no button, and a forced form is refused."""
    appeal_id = desk.appeal(desk.put_in_force(), "This is my class.")
    for name, did in (("ann", "proposed"), ("ben", "approved")):
        page = desk.person(name).look("/appeal", id=appeal_id)
        assert f"You {did} this decision" in plain(page.text)
        forced = desk.person(name).send("/appeal/take", {"id": appeal_id, "version": "1"})
        assert (forced.status_code, "Somebody else has to do this" in forced.text) == (403, True)
    page = plain(desk.person("dora").look("/appeal", id=appeal_id).text)
    assert "neither proposed nor approved the decision: not ann or ben" in page
    assert "one payment instrument: observed 1.00, expected" in page


def test_an_appeal_is_overturned_with_a_sentence(desk: Desk) -> None:
    """What may not be told comes back as it was typed; then the account is free, and told so."""
    decision_id = desk.put_in_force()
    appeal_id = desk.appeal(decision_id, "This is my class.")
    dora = desk.person("dora")
    for _ in "12":
        assert dora.send("/appeal/take", {"id": appeal_id, "version": "1"}).status_code == 303
    fields = {"id": appeal_id, "version": "2", "outcome": "overturned", "disposition": "innocent"}
    told = dora.send("/appeal/resolve", {**fields, "answer": f"You are not like {HEADS[1]}."})
    assert told.status_code == 422
    assert "The answer names another account" in plain(told.text)
    assert "You are not like head-2." in told.text
    for _ in "12":
        done = dora.send("/appeal/resolve", {**fields, "answer": "You were right. We are sorry."})
        assert "told=overturned" in done.headers["location"]
    with desk.ledger.read() as view:
        released = {one.account_id: one.released_at for one in view.list_accounts(decision_id)}
        answers = view.list(Disposition, subject_id=HEADS[0]).rows
    assert released[HEADS[0]] is not None
    assert released[HEADS[1]] is None
    assert [one.answer for one in answers] == ["innocent"]
    assert "We are sorry" in plain(dora.look("/appeal", id=appeal_id).text)


def test_appeals_stand_by_their_deadline_and_late_ones_are_told(desk: Desk) -> None:
    """The next deadline is first; an appeal past its day is told above the list."""
    from dataclasses import replace  # noqa: PLC0415  one test alone
    from datetime import timedelta  # noqa: PLC0415  likewise

    from stillwatch.store.ledger.nouns.appeals import Appeal, NewAppeal  # noqa: PLC0415  likewise

    decision_id = desk.put_in_force()
    first = desk.appeal(decision_id, "I wait.")
    with desk.ledger.read() as view:
        there = view.find(Appeal, first)
    with desk.write("service:appeals") as change:
        late = NewAppeal(
            appeal_id="a-late",
            decision_id=decision_id,
            account_id=HEADS[1],
            reference_hash="0" * 64,
            statement="I waited for longer.",
            deadline_at=there.filed_at - timedelta(days=1),
        )
        change.file_appeal(replace(late))
    page = desk.person("vera").look("/appeals").text
    assert page.index("a-late") < page.index(first)
    assert "1 appeal is past the day" in plain(page)
