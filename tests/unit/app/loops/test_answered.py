"""Which answers a look goes by: bounded, none too old, one a group, none from the future."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.loops.answered import choose_answers, read_answered
from stillwatch.app.loops.beside_ledger import LookRules
from stillwatch.domain.errors import StillwatchError
from stillwatch.domain.limits import DISPOSITION_DAYS_MAX, DISPOSITIONS_READ_MAX
from stillwatch.store.ledger import AuditKey, make_ledger, open_ledger
from stillwatch.store.ledger.nouns.likenesses import KeptLikeness
from stillwatch.store.ledger.questions.answers import GroupAnswer

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)


def said(campaign_id: str = "c-1", answer: str = "innocent", **others: Any) -> GroupAnswer:  # noqa: ANN401
    """Give an answer of an hour ago."""
    kept = KeptLikeness(
        disposition_id=f"n-{campaign_id}",
        campaign_id=campaign_id,
        group_id="g-1",
        null_version="x",
        accounts=20,
        exchanges=600,
        kinds=("nobody",),
        witnesses=("tactics=1.5",),
        p_value=1e-6,
        probability=0.99,
        result="monday",
        judged_at=AT,
    )
    facts: dict[str, Any] = {
        "subject_kind": "campaign",
        "subject_id": campaign_id,
        "answer": answer,
        "noted_at": AT - timedelta(hours=1),
        "likeness": kept,
    }
    return GroupAnswer(**(facts | others))


def test_answers_become_the_table_that_judging_takes() -> None:
    """By campaign, with what was kept."""
    found = choose_answers([said("c-2", "distillation"), said("c-1")], at=AT)
    assert found.groups.select("campaign_id", "answer", "witnesses").rows() == [
        ("c-1", "innocent", ["tactics=1.5"]),
        ("c-2", "distillation", ["tactics=1.5"]),
    ]
    assert (found.as_of, found.unused) == (AT, {})


def test_a_group_counts_once_by_the_newest_word_on_it() -> None:
    """A campaign that regrew and was marked twice; a group and its campaign; a word taken back."""
    twice = [said(), said(subject_kind="group", subject_id="g-1")]
    assert len(choose_answers(twice, at=AT).groups) == 1
    back = [said(answer="distillation", subject_kind="group", subject_id="g-1"), said()]
    assert choose_answers(back, at=AT).groups["answer"].to_list() == ["distillation"]
    over = [said(answer="permitted"), said(subject_kind="group", subject_id="g-1")]
    assert len(choose_answers(over, at=AT).groups) == 0


def test_what_is_left_out_is_counted_by_why() -> None:
    """Too old, too many, without figures, or of a kind that says nothing of honest groups."""
    old = AT - timedelta(days=DISPOSITION_DAYS_MAX, seconds=1)
    few = [
        said("c-a", "permitted"),
        said("c-b", "coordinated_other"),
        said("c-c", likeness=None),
        said("c-d", noted_at=old),
        said("c-e", noted_at=old + timedelta(seconds=2)),
    ]
    found = choose_answers(few, at=AT)
    assert found.groups["campaign_id"].to_list() == ["c-e"]
    assert found.unused == {
        "answered_permitted": 1,
        "answered_coordinated_other": 1,
        "without_figures": 1,
        "too_old": 1,
    }
    many = choose_answers([said(f"c-{n}") for n in range(DISPOSITIONS_READ_MAX + 2)], at=AT)
    assert (len(many.groups), many.unused) == (DISPOSITIONS_READ_MAX, {"too_many": 2})


def test_a_ledger_is_read_without_its_audit_key_and_must_be_there(tmp_path: Path) -> None:
    """An empty one has no answers; none at all stops the look."""
    place = tmp_path / "ledger.db"
    key = AuditKey(b"a key of a test, sixteen or more")
    make_ledger(place, key=key, ledger_id="one", now=AT).close()
    with closing(open_ledger(str(place))) as opened:
        with opened.read() as view:
            assert len(read_answered(view, at=AT).groups) == 0
        _, beforehand = LookRules(ledger=opened).read(now=AT)
        assert beforehand is not None
        assert beforehand.answered is not None
        assert (beforehand.answered.as_of, len(beforehand.answered.groups)) == (AT, 0)
    with pytest.raises(StillwatchError):
        open_ledger(str(tmp_path / "none.db"))
