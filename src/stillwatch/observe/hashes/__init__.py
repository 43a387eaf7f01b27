"""Hashes of all exchanges, which are too many to be held: counted and looked up as they pass."""
