"""What is in force is what the ledger says, on pages of a result too."""

from __future__ import annotations

from control_service import HEADS
from desks import Desk, plain


def test_the_result_pages_follow_the_ledger(desk: Desk) -> None:
    """Nothing is in force while it waits; approved, pages count it; taken back, they do not."""
    ann = desk.person("ann")
    assert "effects in force 0" in plain(ann.look("").text)
    desk.propose()
    assert "effects in force 0" in plain(ann.look("").text)
    decision_id = desk.put_in_force()
    assert "effects in force 2 2 suspend" in plain(ann.look("").text)
    account = ann.look("/account", id=HEADS[0]).text
    assert f"/decision?id={decision_id}" in account
    assert "stillwatch revert" not in account
    with desk.write("ben") as change:
        change.revert_decision(decision_id, why="a class of pupils")
    assert "effects in force 0" in plain(ann.look("").text)
