"""Every bound of the gateway's package, each with its unit and its reason.

They stand here and not in `domain/limits.py`: this package is imported by other people's gateways
and knows nothing of the house.
"""

from __future__ import annotations

from typing import Final

ENTRIES_MAX: Final = 1_000_000
"""Decisions in one table: as many as one gateway table of a result may have; about 600 MB."""
BUDGETS_MAX: Final = 10_000
"""Campaign budgets in one table: a hundred times what was ever under way at once."""
BUDGET_ACCOUNTS_MAX: Final = 100_000
"""Accounts of one budget: four times the largest campaign that was ever disclosed."""
ACCOUNT_CHARS_MAX: Final = 256
"""Characters of an account's or a key's id that is asked about: as many as the ledger holds."""
METERS_MAX: Final = 100_000
"""Accounts whose requests are counted at once, about 100 MB; of more, those that asked longest ago
are forgotten, and start their hour anew."""
WINDOW_PARTS: Final = 60
"""Parts in which an hour is counted: what was spent comes back at most a minute late."""
HOUR_S: Final = 3600.0
"""Seconds of the window of every ceiling: rates are stated by the hour."""
RETRY_S_MAX: Final = 3660
"""Seconds of the longest `Retry-After`: after an hour and a part every ceiling has room again."""
RETRY_S: Final = 60
"""Seconds until a refused request may be worth another try where nothing better is known, and
where the true instant would tell of other accounts."""
WAIT_S_MAX: Final = 25.0
"""Seconds that a long poll waits: less than the 30 after which most proxies cut a silent one."""
BUDGET_WAIT_S: Final = 1.0
"""Seconds of a poll while campaign budgets are in force: what gateways have spent is as old."""
STALE_S: Final = 60.0
"""Seconds without word from the service after which a table counts as stale: two polls."""
CONNECT_S_MAX: Final = 5.0
"""Seconds that a connection may take, and an answer beyond the wait that was asked for."""
BACKOFF_S_MIN: Final = 0.1
"""Seconds before the first new try: a service that restarts is back in a few."""
BACKOFF_S_MAX: Final = 5.0
"""Seconds between tries at most: so late is a table after the service has come back."""
REPLY_BYTES_MAX: Final = 256 * 2**20
"""Bytes of one answer of the service: a million decisions take about 100 MB."""
USAGE_ROWS_MAX: Final = 10_000
"""Campaigns in one report of what was spent: every budget that there can be."""
WEBHOOK_TOLERANCE_S: Final = 300.0
"""Seconds that a webhook's time may be away from ours: clocks differ; an older one is a replay."""
WEBHOOK_STAMP_DIGITS_MAX: Final = 12
"""Digits of a webhook's time: seconds for 30,000 years."""
WEBHOOK_SIGNATURES_MAX: Final = 16
"""Signatures of one webhook that are looked at: four times as many as are ever sent."""
