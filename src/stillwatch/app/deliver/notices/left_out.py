"""Accounts that machines left out of decisions: protected or permitted since they were proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from stillwatch.act.notices import count_words, name_notice, plain
from stillwatch.app.loops.shields import ENFORCEMENT, SHIELDED
from stillwatch.store.ledger.audit.chain import AuditEntry
from stillwatch.store.ledger.nouns.decisions import Decision
from stillwatch.store.ledger.nouns.notices import NewNotice
from stillwatch.store.ledger.views import View

_HOUR_S: Final = 3_600


def find_left_out(view: View, fresh: Sequence[AuditEntry]) -> Iterator[NewNotice]:
    """Find what there is to tell of accounts that machines left out of decisions.

    Grain:   one notice per decision and hour. Nulls: what a person's answer released is not told:
             whoever gave it knows.
    """
    verbs = ("decision.release", "decision.revert")
    by_machine = [one for one in fresh if one.actor == ENFORCEMENT and one.verb in verbs]
    released = Counter(one.subject_id for one in by_machine)
    for decision_id, entry in {one.subject_id: one for one in by_machine}.items():
        decision = view.find(Decision, decision_id)
        why = decision.why or ""
        if not why.startswith(SHIELDED):
            continue
        is_whole = entry.verb == "decision.revert"
        accounts = decision.accounts_count if is_whole else released[decision_id]
        hour = int(entry.at.timestamp() // _HOUR_S)
        yield NewNotice(
            notice_id=name_notice("accounts_left_out", f"{decision_id}/{hour}"),
            kind="accounts_left_out",
            subject_id=decision_id,
            accounts=accounts,
            says=f"{count_words(accounts, 'account')} left out of decision {plain(decision_id)} "
            f"({decision.effect}), nothing is taken there any more: {plain(why)}.",
            entry=entry.number,
        )
