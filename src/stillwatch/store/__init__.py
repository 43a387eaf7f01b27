"""Where it rests: the lake by day, the result directory, the pseudonym key, the ledger.

Below every stage and above the nouns alone. It knows how to write so that nothing is ever half
there, and nothing of what the rows mean. Nothing is imported here: the lake brings Polars, the key
Numba and the ledger SQLAlchemy, and a command that needs none of them should start at once.
"""
