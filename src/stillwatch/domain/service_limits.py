"""Every bound of the ledger and of the service, each with its reason: what `limits.py` is to a run.

A bound that is met raises or refuses, and never cuts something off in silence.
"""

from __future__ import annotations

from typing import Final

# --- ledger -------------------------------------------------------------------------------------
LEDGER_WORD_CHARS_MAX: Final = 64
"""Characters of a state, a kind, a scope, a role or a user's name."""
LEDGER_ID_CHARS_MAX: Final = 256
"""Characters of an id: longer than any provider's account id that was seen, short of what
PostgreSQL can put into an index (2,704 bytes, four a character)."""
LEDGER_TEXT_CHARS_MAX: Final = 2_000
"""Characters of a comment, a reason or a customer's statement: what people read in one go."""
LEDGER_POLICY_CHARS_MAX: Final = 100_000
"""Characters of one version of a policy: a thousand rules."""
LEDGER_WORDS_MAX: Final = 64
"""Words in one list of a row: families, tactics, roles, scopes; none of them has as many."""
LEDGER_COUNT_MAX: Final = 2**62
"""Of anything: fits the 64-bit integers of both databases, and no sum of two overflows them."""
LEDGER_PAGE_MAX: Final = 10_000
"""Rows read at once: a few megabytes, some 50 ms."""
FIGURES_ROWS_MAX: Final = 100_000
"""Rows of the outbox that one figure counts to: some 10 ms; beyond it an alert has rung anyway."""
FIGURES_CHANNELS_MAX: Final = 20
"""Channels of the outbox that have figures: a house has two or three."""
FIGURES_AGE_S: Final = 10.0
"""Seconds for which figures of deliveries are kept: Prometheus asks every 15 to 60."""
LEDGER_RELEASES_AT_ONCE_MAX: Final = 1_000
"""Accounts of one decision that are released in one transaction, of which each is an entry: some
tenths of a second in which nobody else writes."""
LEDGER_ENTRIES_PER_CHANGE_MAX: Final = 10_000
"""Audit entries of one transaction: others wait for about a second while they are written."""
LEDGER_DECISION_ACCOUNTS_MAX: Final = 100_000
"""Accounts of one decision: four times the largest campaign that was ever disclosed."""
LEDGER_WAIT_S_MAX: Final = 30.0
"""Seconds that a writer waits for the others before it gives up."""
EFFECT_ATTEMPTS_MAX: Final = 20
"""Deliveries of one effect that are tried: at an hour each, most of a day, then a person looks."""
CLAIM_ROWS_MAX: Final = 20_000
"""Effects that a deliverer takes at once: the largest wave that has to be out within a second."""
# --- deliveries and notices ---------------------------------------------------------------------
DELIVERY_CLAIM_S: Final = 120.0
"""Seconds for which a deliverer has what it took: several requests that time out; a deliverer that
was killed holds its rows up for as long."""
WEBHOOK_ITEMS_MAX: Final = 1_000
"""Effects of one request: some 300 kB, a second's work for a receiver with a database."""
WEBHOOK_BODY_BYTES_MAX: Final = 2**20
"""Bytes of one request's body: what most servers take without being told to."""
WEBHOOK_SPLITS_MAX: Final = 64
"""Requests by which a refused batch is halved to find whom the receiver refuses: three bad ones in
a thousand; the rest is tried again later."""
WEBHOOK_REPLY_BYTES_MAX: Final = 64 * 2**10
"""Bytes of an answer that are read, and thrown away: its status is all that counts."""
WEBHOOK_S_MAX: Final = 30.0
"""Seconds of one request altogether, however slowly the answer drips: a quarter of a claim."""
WEBHOOK_SECRETS_MAX: Final = 4
"""Secrets that sign at once: the new one, the old one, and two for who forgot."""
BACK_OFF_S_MIN: Final = 5.0
"""Seconds until the first new try: a receiver that restarts is back."""
BACK_OFF_S_MAX: Final = 3_600.0
"""Seconds between tries at most: EFFECT_ATTEMPTS_MAX of them are most of a day."""
RETRY_AFTER_S_MAX: Final = 3_600.0
"""Seconds that a receiver may ask us to wait: a reversal must not wait longer than that."""
BREAKER_FAILURES: Final = 3
"""Failures in a row after which a receiver counts as down, and only one effect at a time probes."""
BREAKER_S_MAX: Final = 60.0
"""Seconds between probes at most: a receiver that is back is noticed within a minute."""
EFFECTS_FILES_KEPT: Final = 1_000
"""Files of effects in the folder; who has missed one reads `in_force.jsonl` instead."""
NOTICES_CLAIMED_MAX: Final = 1_000
"""Notices of one message: more than anybody reads; the message says how many it leaves out."""
NOTICE_LINES_MAX: Final = 40
"""Notices that a message spells out: a screen."""
NOTICE_AGE_S_MAX: Final = 7 * 86_400.0
"""Seconds after which nobody is told of something: an old ledger's first look is no flood."""
NOTICE_GROWTH: Final = 2.0
"""Times as many accounts as were told before count as grown much."""
NOTICE_REGROWTH_ACCOUNTS: Final = 5
"""Accounts by which a campaign that was acted on has to grow to count as regrown."""
MAIL_RECIPIENTS_MAX: Final = 20
"""Addresses that get a mail: beyond that it is a list, and lists have an address."""

# --- ingestion as a service ---------------------------------------------------------------------
INGEST_PACKED_BYTES_MAX: Final = 16 * 2**20
"""Bytes of one body as it comes: a thousand times what gateways' loggers send at once."""
INGEST_BODY_BYTES_MAX: Final = 64 * 2**20
"""Bytes of one body unpacked: one record may have as many (RECORD_BYTES_MAX), and a packed bomb is
cut off there."""
INGEST_MEMORY_BYTES_MAX: Final = 256 * 2**20
"""Bytes of all bodies in the service's memory at once: four of the largest, thousands of usual."""
INGEST_WAIT_S_MAX: Final = 30.0
"""Seconds that a request waits for its fsync before it is told to come again."""
JOURNAL_PENDING_BYTES_MAX: Final = 64 * 2**20
"""Packed bytes that wait for the disk: a second of a slow one."""
JOURNAL_GROUP_BYTES_MAX: Final = 8 * 2**20
"""Packed bytes that share an fsync: beyond it the write takes longer than the fsync saves."""
JOURNAL_DISK_BYTES_MAX: Final = 8 * 2**30
"""Packed bytes of segments on the disk: an hour at 20,000 exchanges a second, uncommitted."""
JOURNAL_RETRY_S: Final = 10
"""Seconds after which a caller that was told to wait may come again: one segment's age."""
SEGMENT_BYTES_MAX: Final = 64 * 2**20
"""Unpacked bytes of a segment: a batch of the committer's pool, done in about a second."""
SEGMENT_AGE_S_MAX: Final = 10.0
"""Seconds until a segment that is not full is handed on: what waits longest to be looked at."""
COMMIT_SEGMENTS_MAX: Final = 16
"""Segments of one append to the lake: a gigabyte unpacked, which is read chunk by chunk."""
COMMIT_BACK_OFF_S_MAX: Final = 60.0
"""Seconds between two tries of a loop that fails: a lake that is back is noticed in a minute."""
PERMISSIONS_TOLD_MAX: Final = 1_000
"""Permissions that run.json names, of all that it counts: a page of the ledger's, 60 KB at most;
more are in the ledger itself."""
RESULTS_KEPT_MAX: Final = 200
"""Results that the detection loop keeps: a day of them at the usual interval of minutes."""

# --- service ------------------------------------------------------------------------------------
HOT_BODY_BYTES_MAX: Final = 65_536
"""Bytes of a question that are kept until it is there as a whole: some 1,000 accounts. More is read
by the application, which can slow its sender down."""
HOT_PATIENCE_S: Final = 0.002
"""Seconds for the rest of a question that came in pieces: many clients send the body in a packet of
its own, microseconds later. After that the application waits, within the budget of its route."""
SERVICE_BODY_BYTES_MAX: Final = 4 * 2**20
"""Bytes of a question: ten thousand accounts with the longest ids that there may be."""
SERVICE_BATCH_MAX: Final = 10_000
"""Accounts asked about at once: some ten milliseconds in which nobody else is answered."""
GUARDRAIL_BYTES_MAX: Final = 32 * 2**20
"""Bytes of a guardrail's question, which carries the conversation with its pictures."""
SERVICE_POLLS_MAX: Final = 1_000
"""Gateways that wait for a change at once: a connection and a few kilobytes each."""
SERVICE_SOURCE_POLL_S: Final = 0.25
"""Seconds between two looks at a source: a reversal reaches every gateway within a second."""
SERVICE_LOG_ROWS_MAX: Final = 200_000
"""Rows of changes remembered for gateways that missed some: ten times the largest wave."""
LOOK_TURN_MS: Final = 100
"""Milliseconds of a look's turn, the most there is: who asks for less, takes its core at once."""
ENVOY_CALLS_MAX: Final = 1_000
"""Calls of Envoy under way at once; what comes beyond is refused, and Envoy's own rule holds."""

# --- console ------------------------------------------------------------------------------------
CONSOLE_FORM_BYTES_MAX: Final = 2**20
"""Bytes of a form: a selection of 20,000 accounts with ids of some twenty characters, encoded."""
CONSOLE_FORM_FIELDS_MAX: Final = 1_000
"""Fields of a form: a selection comes in one, a policy's form has some dozens."""
CONSOLE_IDLE_S_MAX: Final = 900
"""Seconds without an open page after which `stillwatch open` ends: pages say every minute that they
are open, and a laptop that was closed for a quarter of an hour is not being read."""
# --- management and appeals ---------------------------------------------------------------------
CONTROL_PAGE_MAX: Final = 1_000
"""Rows of one page of the management API: a megabyte, written in some ten milliseconds."""
CONTROL_READ_MS_MAX: Final = 10_000.0
"""Milliseconds for a body of the management API to arrive: a person's line may be slow."""
EFFECT_DAYS_MAX: Final = 366
"""Days that an effect may last which a person proposes: as long as a policy may say."""
BACKTEST_S_MAX: Final = 600.0
"""Seconds of a backtest that the service starts: a hundred results, or some days of a lake."""
BACKTEST_BYTES_MAX: Final = 64 * 2**20
"""Bytes of a backtest's answer: some 300,000 accounts hit, ten times the largest campaign."""
BACKTEST_RESULTS_MAX: Final = 200
"""Results that one backtest replays: as many as the detection loop keeps."""
AUDIT_VERIFY_ENTRIES_MAX: Final = 2_000_000
"""Audit entries that the service reads again when asked: half a minute; the command has no
bound."""
APPEAL_BODY_BYTES_MAX: Final = 32 * 2**10
"""Bytes of an appeal: 2,000 characters of four bytes, each byte written as three in a form."""
APPEAL_BUCKETS_MAX: Final = 20_000
"""References whose requests are counted at once: a wave's customers, some megabytes."""
APPEAL_BURST: Final = 20
"""Requests with one reference at once: somebody who reads, writes and reloads."""
APPEAL_PER_MINUTE: Final = 12
"""Requests with one reference a minute, after that."""
APPEALS_PER_S: Final = 100
"""Requests a second of all customers together: a wave of 20,000 who look within minutes."""
APPEAL_GUESSES_PER_S: Final = 20
"""Requests a second with references that are none: at that rate 2**128 take for ever, and others
are not kept out."""
# --- access -------------------------------------------------------------------------------------
ACCESS_ROWS_MAX: Final = 20_000
"""Users, keys or open sessions of a ledger: the service keeps them in memory, some ten megabytes,
and no house has as many operators and gateways."""
ACCESS_STALE_S_MAX: Final = 30.0
"""Seconds that people's keys and sessions are believed while the ledger can't be read: a restart of
its database passes unseen, a revocation is not held off for longer."""
SESSIONS_PER_USER_MAX: Final = 10
"""Open sessions of one person: their machines, and some that they forgot."""
SIGN_IN_ATTEMPTS_MAX: Final = 10
"""Wrong codes after which the first administrator's code is void: 80 random bits need no more."""
OIDC_FLOWS_MAX: Final = 1_000
"""Sign-ins under way at the identity provider: a kilobyte each; beyond it the oldest is let go."""
OIDC_BYTES_MAX: Final = 2**20
"""Bytes of an identity provider's answer: a hundred keys, where two are usual."""
RATE_BUCKETS_MAX: Final = 20_000
"""Principals and clients whose rate is remembered: two megabytes."""
PAGE_BODY_BYTES_MAX: Final = 2**20
"""Bytes that people's routes take: ten policies of the greatest length."""
MACHINE_BODY_BYTES_MAX: Final = 64 * 2**20
"""Bytes that any route takes: as many as ingestion holds itself to, which takes the most."""
