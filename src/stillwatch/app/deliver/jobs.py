"""The jobs of a deliverer put together, and run: once, or for good, each in a thread of its own.

An address that answers slowly holds up nobody but itself. A job that fails is told and tried again
(`loops.rounds`); one that ends by a fault of ours ends the process, and whoever keeps it running
starts it again. All that a job knows is in the ledger, so that it may be killed at any moment, and
several deliverers may run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Final

from stillwatch.app.deliver.effects_files import EffectsFiles
from stillwatch.app.deliver.effects_webhook import EffectsWebhook
from stillwatch.app.deliver.means import ACTOR, Complaint, Means, keep_quiet
from stillwatch.app.deliver.notices.mailing import mail_sink
from stillwatch.app.deliver.notices.notice_finder import AuditWatch, NoticeFinder
from stillwatch.app.deliver.notices.telling import Alarm, Manner, Sink, Teller, webhook_sink
from stillwatch.app.deliver.posting import Poster
from stillwatch.app.deliver.settings import PERSONAL, DeliverSettings
from stillwatch.app.deliver.targets import (
    effects_target,
    follower_targets,
    mail_target,
    notices_target,
)
from stillwatch.app.loops.rounds import Ending, go_round
from stillwatch.domain.errors import StillwatchError
from stillwatch.store.ledger import Ledger

_FOREVER_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work that goes round; it says whether more waits."""

    name: str
    work: Callable[[], bool]


def make_jobs(
    ledger: Ledger,
    settings: DeliverSettings,
    means: Means | None = None,
    *,
    complain: Complaint = keep_quiet,
) -> list[Job]:
    """Make the jobs that the settings ask for; ending what is past its end is always one.

    Order:   effects first, then what looks for notices, then what tells them.

    Raises:
        SettingError, SecretKeyError: an address or a secret can't be as it is.
    """
    given = means or Means()
    sinks = list(_sinks(settings))
    manner = Manner(settings.notices_per_minute, settings.link_base, complain)
    tellers = [Teller(ledger, sink, manner, given) for sink in sinks]
    alarm = Alarm(tellers)
    jobs = [Job("endings", _ending_work(ledger, given))]
    if target := effects_target(settings):
        webhook = EffectsWebhook(ledger, Poster(target), given, complain=complain)
        jobs.append(Job("webhook", webhook.round))
    if settings.files:
        folder = Path(settings.files).expanduser()
        jobs.append(Job("files", EffectsFiles(ledger, folder, given).round))
    if tellers:
        names = [sink.name for sink in sinks]
        finder = NoticeFinder(ledger, sinks=names, appeal_hours=settings.appeal_hours, means=given)
        jobs.append(Job("notices", finder.round))
        jobs += [Job(f"tell {n}", one.round) for n, one in zip(names, tellers, strict=True)]
        if settings.audit_hours:
            watch = AuditWatch(ledger, every_hours=settings.audit_hours, means=given)
            jobs.append(Job("audit", watch.round))
    return [Job(one.name, alarm.guard(one.work)) for one in jobs]


def run_once(jobs: Iterable[Job], *, complain: Complaint) -> bool:
    """Do every job until nothing of it waits; say whether none failed."""
    is_well = True
    for job in jobs:
        try:
            while job.work():
                pass
        except (StillwatchError, OSError) as failure:
            complain(failure)
            is_well = False
    return is_well


def run_for_good(
    jobs: Iterable[Job], *, every_s: float, ending: Ending, complain: Complaint
) -> None:
    """Do every job again and again until it is time to end.

    Raises:
        BaseException: a job ended by a fault of ours; the others have ended their rounds.
    """
    faults: list[BaseException] = []

    def keep(work: Callable[[], bool]) -> None:
        try:
            go_round(work, every_s=every_s, ending=ending, complain=complain)
        except BaseException as fault:  # noqa: BLE001  raised again by the main thread
            faults.append(fault)
        ending.tell()

    threads = [Thread(target=keep, args=(one.work,), name=one.name, daemon=True) for one in jobs]
    for thread in threads:
        thread.start()
    while not ending.wait(_FOREVER_S):
        pass
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def _sinks(settings: DeliverSettings) -> Iterator[Sink]:
    if target := notices_target(settings):
        yield webhook_sink(Poster(target), text_alone=settings.notice_format == "text")
    if mail := mail_target(settings):
        yield mail_sink(mail)
    for follower, own in follower_targets(settings).items():
        yield mail_sink(own, f"{PERSONAL}{follower}")


def _ending_work(ledger: Ledger, means: Means) -> Callable[[], bool]:
    """End decisions whose time is over: only then are their effects taken back."""

    def end_what_is_over() -> bool:
        now = means.now()
        with ledger.read() as view:
            if not view.has_decisions_over(now=now):
                return False
        with ledger.write(actor=ACTOR, now=now) as change:
            change.expire_decisions()
        return True

    return end_what_is_over
