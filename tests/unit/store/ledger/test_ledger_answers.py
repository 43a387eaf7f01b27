"""Answers about campaigns and groups keep how those looked, and the last one counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from ledgers_by_hand import NOW, campaign, later

from stillwatch.store.ledger import Ledger
from stillwatch.store.ledger.errors import UnknownRow
from stillwatch.store.ledger.nouns.findings import NewDisposition
from stillwatch.store.ledger.nouns.likenesses import (
    KEPT_LIKENESSES,
    LIKENESSES,
    Likeness,
    NewLikeness,
)


def likeness(campaign_id: str = "c-1", **others: object) -> NewLikeness:
    """Give how a campaign looked."""
    seen = NewLikeness(
        campaign_id=campaign_id,
        group_id=f"g-of-{campaign_id}",
        null_version="0123456789ab",
        accounts=20,
        exchanges=640,
        kinds=("nobody", "one card"),
        witnesses=("tactics=2.25", "taking=-0.1"),
        p_value=1e-6,
        probability=0.99,
        result="monday",
        judged_at=NOW,
    )
    return replace(seen, **others)


def found(ledger: Ledger, *campaign_ids: str) -> None:
    """Record campaigns and how they looked."""
    with ledger.write(actor="service:detection", now=NOW) as change:
        for one in campaign_ids:
            change.record_campaign(campaign(one))
            assert change.record_likeness(likeness(one))


def answer(ledger: Ledger, number: float, said: str, *, by: str = "ann", **others: object) -> None:
    """Answer what a campaign was, so many hours later."""
    noted = NewDisposition(
        disposition_id=f"n-{number}",
        subject_kind="campaign",
        subject_id="c-1",
        answer=said,
        source_kind="finding",
        source_id="f-1",
    )
    with ledger.write(actor=by, now=later(hours=number)) as change:
        assert change.note_disposition(replace(noted, **others))


def test_an_answer_keeps_how_the_campaign_looked_when_it_was_given(ledger: Ledger) -> None:
    """What a later look makes of the campaign doesn't change it; the log has both."""
    found(ledger, "c-1")
    answer(ledger, 1, "innocent")
    with ledger.write(actor="service:detection", now=later(hours=2)) as change:
        assert not change.record_likeness(likeness())
        assert change.record_likeness(likeness(accounts=90, judged_at=later(hours=2)))
    with ledger.read() as view:
        assert view.find(Likeness, "c-1").accounts == 90
        kept = view.seek_kept_likeness("n-1")
        assert kept is not None
        assert (kept.accounts, kept.witnesses, kept.p_value) == (20, likeness().witnesses, 1e-6)
        verbs = [one.verb for one in view.list_audit_entries()]
    assert verbs.count("likeness.record") == 2
    assert verbs.count("disposition.keep") == 1
    assert ledger.verify().is_whole


def test_a_group_is_known_by_its_campaign_and_an_account_is_nobodys_group(
    ledger: Ledger,
) -> None:
    """An answer about a group keeps its campaign's likeness; one about an account keeps none."""
    found(ledger, "c-1")
    answer(ledger, 1, "innocent", subject_kind="group", subject_id="g-of-c-1")
    answer(ledger, 2, "innocent", subject_kind="account", subject_id="acct-1")
    answer(ledger, 3, "innocent", subject_id="c-unseen")
    with ledger.read() as view:
        kept = [view.seek_kept_likeness(f"n-{number}") for number in (1, 2, 3)]
        assert [one.campaign_id if one else None for one in kept] == ["c-1", None, None]
        told = view.list_group_answers(before=later(hours=9), limit=10)
    assert [(one.subject_id, one.likeness is None) for one in told] == [
        ("c-unseen", True),
        ("g-of-c-1", False),
    ]


def test_the_last_answer_before_an_instant_counts(ledger: Ledger) -> None:
    """Nothing from the future, no program's word, no `unsure`; a later word ends an earlier one."""
    found(ledger, "c-1", "c-2")
    for number, said in enumerate(("innocent", "unsure", "distillation"), start=1):
        answer(ledger, number, said)
    answer(ledger, 4, "innocent", subject_id="c-2")
    answer(ledger, 4.5, "innocent", by="service:robot")

    def at(hours: float) -> list[tuple[str, str]]:
        with ledger.read() as view:
            rows = view.list_group_answers(before=later(hours=hours), limit=10)
        return [(one.subject_id, one.answer) for one in rows]

    assert at(1) == []
    assert at(1.5) == at(2.5) == [("c-1", "innocent")]
    assert at(3.5) == [("c-1", "distillation")]
    assert at(5) == [("c-2", "innocent"), ("c-1", "distillation")]
    with ledger.read() as view:
        assert len(view.list_group_answers(before=later(hours=5), limit=1)) == 1


def test_a_likeness_is_of_a_campaign_that_is_there(ledger: Ledger) -> None:
    """Of no other."""
    with pytest.raises(UnknownRow), ledger.write(actor="service:detection", now=NOW) as change:
        change.record_likeness(likeness("c-9"))


@pytest.mark.parametrize("table", [LIKENESSES, KEPT_LIKENESSES], ids=lambda table: table.name)
def test_what_is_kept_of_a_campaign_is_held_by_the_log(ledger: Ledger, table: sa.Table) -> None:
    """A figure that calibrates looks, changed past the log, is found."""
    found(ledger, "c-1")
    answer(ledger, 1, "innocent")
    assert ledger.verify().is_whole
    with ledger._engine.begin() as connection:
        connection.execute(sa.update(table).values(p_value=0.5))
    assert not ledger.verify().is_whole
