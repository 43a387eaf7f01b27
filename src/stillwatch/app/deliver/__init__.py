"""The rim of `act/`: what brings effects and notices out of the ledger's outbox, with its sockets.

A job a channel, each a thread of one process beside the service: `effects_webhook` to the account
service, `effects_files` for batch consumers, `notice_finder` and `telling` for people,
`audit_watch` for the audit log. What is said, signed and tried again is in `act/`; where to, in
`settings`. Reads and writes the ledger, and is the only place that opens a connection to others.
"""

from stillwatch.app.deliver.jobs import Job, make_jobs, run_for_good, run_once
from stillwatch.app.deliver.settings import (
    DeliverSettings,
    channels_in_use,
    read_deliver_settings,
)

__all__ = [
    "DeliverSettings",
    "Job",
    "channels_in_use",
    "make_jobs",
    "read_deliver_settings",
    "run_for_good",
    "run_once",
]
