"""Where it rests: the lake by day, the result directory, the pseudonym key.

Below every stage and above the nouns alone. It knows how to write so that nothing is ever half
there, and nothing of what the rows mean. The key is in `secret_key` and the ledger of cases and
decisions in `ledger`; neither is imported here: they bring Numba and SQLAlchemy, and `explain`
should start at once.
"""

from stillwatch.store.lake import Lake
from stillwatch.store.results import Result, ResultDraft, draft_result, read_result

__all__ = ["Lake", "Result", "ResultDraft", "draft_result", "read_result"]
