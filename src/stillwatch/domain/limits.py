"""Every bound of the house, each with its unit and its reason, in this one place.

A bound that is met is never silent: the stage that meets it raises `LimitExceeded`, quarantines
the record, or reports what it cut in `run.json`.
"""

from __future__ import annotations

from typing import Final

# --- ingest -------------------------------------------------------------------------------------
RECORD_BYTES_MAX: Final = 64 * 2**20
"""Bytes of one record. CONTRACT.md: over 64 MB is quarantined."""
CHUNK_BYTES: Final = 8 * 2**20
"""Bytes read at once: small enough that memory is used again instead of being asked for anew (at
32 MB the kernel spent a third of the time handing out pages), large enough for 10,000 records."""
CHUNKS_IN_FLIGHT: Final = 6
"""Chunks parsed, sketched or waiting at once: two cores busy, and some ready."""
CHUNKS_AHEAD: Final = 80
"""Chunks parsed at once while kernels are compiled: four seconds of parsing, 700 MB. At 48 reading
stood still for a second until the kernels were there."""
COMPILE_S_MAX: Final = 120
"""Seconds that a process may compile kernels for another: ten times what a slow machine took."""
DAYS_FROM_MEDIAN_MAX: Final = 400
"""Days. CONTRACT.md: a time further than this from the median is quarantined."""
SNIFF_RECORDS: Final = 20
"""Records looked at to tell the dialect; more than the longest preamble seen in real logs."""
QUARANTINE_RAW_CHARS: Final = 2_000
"""Characters of a rejected record kept, and only where text is retained. CONTRACT.md."""
QUARANTINE_ROWS_MAX: Final = 1_000_000
"""Rejected records listed one by one; beyond it they are counted by file and reason."""
REGISTER_ROWS_MAX: Final = 50_000_000
"""Accounts in a register: ten times the largest provider that we plan for."""
EMAIL_CHARS_MAX: Final = 320
"""Characters of an e-mail address: 64 before the @, 255 behind it (RFC 5321)."""
EMAIL_PIECES_MAX: Final = 8
"""Pieces of a name told in its shape: a UUID has five. With their lengths at most 64 characters."""

# --- observe ------------------------------------------------------------------------------------
PROMPT_BYTES_MAX: Final = 2**20
"""Bytes of one text that are sketched; the head and the length describe the rest of a book."""
SKETCH_HASHES_MAX: Final = 48
"""Hashes kept of one text: books cost no more than a long prompt."""
SKETCH_HASHES_MIN: Final = 8
"""Hashes kept of a short text, where it has as many shingles (DESIGN.md asks for at least 4)."""
SKELETON_HASHES_MAX: Final = 6
"""Hashes kept of one text's skeleton: a few, for a template's come back in all that fill it in."""
SKELETON_HASHES_MIN: Final = 1
"""Hashes kept of a short skeleton: the least of them is the same where most are."""
GIST_HASHES_MAX: Final = 6
"""Hashes kept of one text's gist."""
GIST_HASHES_MIN: Final = 1
"""Hashes kept of a short gist."""
EMBEDDING_DIMENSIONS: Final = 32
"""Signed hashed-word dimensions kept of one prompt, one byte each."""
REPLAY_CANDIDATES_MAX: Final = 16_384
"""Shingles of one text that pass the filter of public items and are looked up; an ordinary text
of a MiB has some 2,000, and whoever sends more has shown what they replay."""
REPLAY_ITEMS_MAX: Final = 5_000_000
"""Items of one replay index: 160 MB of entries, more than the public instruction sets together;
three times that if all had both forms inside JSON strings, where one in forty has one."""
TEMPLATE_ACCOUNTS_MIN: Final = 5
"""Accounts that must hold a shingle before it can be part of a template (DESIGN.md, 6.1)."""
TEMPLATE_HASHES_MAX: Final = 64
"""Hashes that the book keeps of a template: a text's own sketch has 48 at most, so that one text
is kept whole; of longer ones a sample, the same one every day."""
TEMPLATE_DORMANT_DAYS: Final = 90
"""Days after which a template that nobody sends is forgotten: a quarter, after which an id that
came back would mean nothing to those who read the reports."""
TEMPLATE_BOOK_MAX: Final = 200_000
"""Templates in the book, 200 MB. Beyond it those seen longest ago go; the day says how many."""
PUBLIC_SHINGLES_MAX: Final = 255
"""Shingles kept of one public text: two kilobytes, a count that fits a byte, and a dozen of the 48
hashes of a template made of a text of a thousand words."""
PUBLIC_TEXTS_MAX: Final = 100_000
"""Texts of a list of public templates: 200 MB of shingles."""
BATCH_ROWS: Final = 500_000
"""Exchanges whose hashes are brought into memory at a time: 50 MB at eight a text."""
SHINGLE_CELLS: Final = 2**27
"""Cells in which shingles are counted before they are told apart, a byte each: of sixteen million
exchanges' rare shingles every second has a cell of its own, and no others are too many."""
ECHO_HOLDERS_MAX: Final = 32
"""Exchanges that may hold a passage by which one request repeats another: pairs grow by squares."""
ECHO_WATCHED_MAX: Final = 1_000_000
"""Refused requests watched, and answered ones beside them: enough for 100 million exchanges; of
more, a sample chosen by a hash."""
ECHO_SOON_S_MAX: Final = 120.0
"""Seconds within which a repetition is soon, ten times a client's usual wait: judging hears it."""
ECHO_LAG_S_MAX: Final = 3_600.0
"""Seconds for which a refused request is watched for elsewhere: lost work waits for its turn."""
EXEMPLARS_PER_TEMPLATE: Final = 3
"""Prompts shown of a template in a report, under --retain-text only."""
EXEMPLAR_CHARS: Final = 600
"""Characters of an exemplar."""

# --- the lake -----------------------------------------------------------------------------------
LAKE_FILE_ROWS_MAX: Final = 500_000
"""Rows of a file that compaction makes: about a gigabyte in memory while it is merged."""

# --- link ---------------------------------------------------------------------------------------
ACTORS_MIN: Final = 5
"""Actors in a group: fewer can't be told from chance (DESIGN.md, 6.1)."""
BLOCK_EXCHANGES: Final = 65_536
"""Exchanges of a group whose features or tactics are in memory at a time: fifty numbers each."""
ACTIVE_HOURS_MAX: Final = 168
"""Hours of a window in which accounts are compared: as many as a week has. A head that works for
six weeks is active in hundreds, which were most of what linking looked at."""
SEED_SAMPLE: Final = 2_000
"""Holders of a seed that are looked at when it is scored; growth looks at all of them."""
MERGE_SAMPLE: Final = 1_000
"""Members by which a large group is heard when groups are joined, up to twice as many: the mean of
a thousand is within a tenth of a bit or two, where 13 % of some twenty decide."""
MERGE_GLANCE: Final = 64
"""The same at first: within a bit or so, and most neighbours are further from belonging."""
DIVIDERS_MAX: Final = 8
"""Values by which a group is tried to be parted; the ones that tell most come first, and what parts
strangers tells of every family."""
DIVIDER_VALUES_MAX: Final = 96
"""Values of each family of a group that are looked at for that: a table of each with each."""
PART_SAMPLE: Final = 250
"""Members by which a large group is heard when it is parted, up to twice as many."""
SMALL_SETS_MAX: Final = 16
"""Small sets of a larger group that are asked whether they belong to it."""
PARTINGS_MAX: Final = 8
"""Times that a group, or what is left of it, is parted: what grows anew takes in others."""
GROWTH_ROUNDS_MAX: Final = 12
"""Rounds of growth to a fixed point; trials settled within 6."""
SEEDS_AHEAD: Final = 32
"""Seeds that grow, or wait to be taken, at once: most become nothing in microseconds, and a thread
that waits for one that takes a second should have found something to do."""
GROUPS_MAX: Final = 20_000
"""Groups kept of one run: more than the honest teams of a million accounts."""
SEEDS_PER_GROUP_MAX: Final = 3
"""Seeds of a group whose hidden-family evidence is computed because they tell most, and as many
because their holders are nearly the group; the others count as e = 0."""
TRAIT_ROWS_MAX: Final = 400_000_000
"""Account-trait rows of one run: about 8 GB of arrays; beyond it narrow the window."""

# --- decide -------------------------------------------------------------------------------------
POLICY_BYTES_MAX: Final = 128 * 2**10
"""Bytes of one policy, four times a hundred wordy rules; read in well under two seconds."""
POLICY_DEPTH_MAX: Final = 8
"""Levels of nesting in a policy; the language has six."""
POLICY_NODES_MAX: Final = 10_000
"""Keys, values and lists of a policy: a hundred rules of a hundred."""
POLICY_PROBLEMS_MAX: Final = 100
"""Problems listed of one policy: nobody reads more before mending some."""
POLICY_RULES_MAX: Final = 100
"""Rules of a policy: each is compared with all before it, and a person has to know them."""
POLICY_BUDGETS_MAX: Final = 20
"""Campaign budgets of a policy: one a kind of campaign and size is a handful."""
POLICY_WORDS_MAX: Final = 200
"""Words of one list in a policy: more than there are programmes, measures or families."""
POLICY_WORD_CHARS: Final = 60
"""Characters of a name or word in a policy: it is a column in tables that people read."""
EFFECT_DAYS_MAX: Final = 366
"""Days for which an effect may hold without anybody having looked again: a year."""
BUDGET_BUCKETS: Final = 60
"""Parts of the hour by which a campaign's budget is counted: what was spent leaves it at most a
minute late, and a campaign's meter is 61 pairs of numbers, however much traffic it meets."""
BACKTEST_LOOKS_MAX: Final = 400
"""Looks that a backtest replays: one a day for a year, each as dear as a watch."""

# --- detect, report -----------------------------------------------------------------------------
DISPOSITIONS_READ_MAX: Final = 1_000
"""Groups that people have answered about and a look reads, the newest: some years of a busy desk.
The tails rest on as many honest groups; beyond it answers would outweigh them."""
DISPOSITION_DAYS_MAX: Final = 365
"""Days for which an answer about a group counts: customers, and what they send, change."""
RELIABILITY_ANSWERS_MIN: Final = 20
"""Answers of a range of probabilities below which nothing is said of it: of nineteen right ones a
95 % interval still reaches below 0.85."""
DISPOSITION_GROUPS_TOLD_MAX: Final = 100
"""Groups that `run.json` names one by one as judged more mildly because of answers."""
BACKGROUND_EXCHANGES_MAX: Final = 40_000
"""Exchanges of non-members sampled as the background of a group's membership curve."""
RESIDENT_EXCHANGES_MAX: Final = 2_000_000
"""Exchanges of a run up to which judging holds them all; of a larger run it holds a sample of about
as many beside those of tied accounts: fifty times a background, in half a gigabyte."""
PASSAGE_BLOCK_ROWS: Final = 64_000_000
"""Rows of (exchange, passage) that are dealt out at once: a quarter of a gigabyte while it lasts,
and all rows are looked at again for each such block; 4 million exchanges have some 60 million."""
TELLING_VALUES_MAX: Final = 64
"""Telling values kept of a campaign at a look: those beyond weigh little, and a pool of addresses
would drive out all else."""
CAMPAIGN_DORMANT_DAYS: Final = 365
"""Days after which a campaign that nobody has seen can't come back under its id: a year, after
which a provider's own cases have been closed."""
REPORT_ACCOUNTS_MAX: Final = 200
"""Accounts listed of a campaign in report.html; all of them are in accounts.parquet."""
REPORT_GROUPS_MAX: Final = 100
"""Honest tied groups listed in report.html; all of them are in groups.parquet."""
REPORT_CAMPAIGNS_MAX: Final = 20
"""Campaigns with a section of their own in report.html; the table above them lists up to 200."""
REPORT_ROWS_MAX: Final = 2_000
"""Account rows of the whole page, shared out over its campaigns: about 2 MB of HTML."""
REPORT_FILES_MAX: Final = 200
"""Input files, templates of a campaign, or rows of any other list in report.html."""
DECISIONS_MAX: Final = 1_000_000
"""Effects in one gateway table."""
