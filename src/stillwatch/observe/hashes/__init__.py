"""Hashes of exchanges: of all, counted and looked up as they pass; of a reservoir's words."""
