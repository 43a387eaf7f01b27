"""Going round: a look once, a failure after a pause, and approvals meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from looks_by_hand import House, heads, look

from stillwatch.app.enforce import enforcer as enforcer_module
from stillwatch.app.enforce.enforcer import Enforcer
from stillwatch.app.enforce.enforcing import Rules
from stillwatch.app.enforce.settings import EnforceSettings
from stillwatch.app.loops.results_folder import ResultsFolder
from stillwatch.domain.errors import LakeError, NotAResult
from stillwatch.domain.settings import Settings


@pytest.fixture
def enforcer(house: House, tmp_path: Path) -> Enforcer:
    """What goes round over a folder with one published look."""
    results = ResultsFolder(tmp_path / "results")
    (results.place / "l1").mkdir(parents=True)
    results.publish(results.place / "l1")
    rules = Rules(Settings(), EnforceSettings(), house.policy)
    return Enforcer(house.ledger, rules, results, tmp_path / "lake", lambda: house.now)


def test_a_look_is_enforced_once(
    house: House, enforcer: Enforcer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until another one is the newest."""
    monkeypatch.setattr(
        enforcer_module, "read_look", lambda place, **_given: look(place.name, heads(2))
    )
    assert enforcer.enforce_newest() is not None
    assert enforcer.enforce_newest() is None
    assert house.under() == {"head-0", "head-1"}


def test_a_look_that_fails_is_tried_again_after_a_pause(
    house: House, enforcer: Enforcer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no result raises; then it rests, a second first, and twice as long after."""
    with pytest.raises(NotAResult):
        enforcer.enforce_newest()
    assert enforcer.enforce_newest() is None
    house.later(seconds=1)
    with pytest.raises(NotAResult):
        enforcer.enforce_newest()
    house.later(seconds=1)
    assert enforcer.enforce_newest() is None
    house.later(seconds=1)
    monkeypatch.setattr(
        enforcer_module, "read_look", lambda place, **_given: look(place.name, heads(2))
    )
    assert enforcer.enforce_newest() is not None


def test_what_people_approve_is_in_force_while_looks_fail(house: House, enforcer: Enforcer) -> None:
    """The two have nothing to do with one another."""
    house.enforce(look("l0", heads(4)))
    (made,) = house.decisions()
    house.approve(made.decision_id, "ann", "ben")
    with pytest.raises((NotAResult, LakeError)):
        enforcer.enforce_newest()
    assert enforcer.settle().in_force == [made.decision_id]
