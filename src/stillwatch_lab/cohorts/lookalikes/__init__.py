"""Honest accounts that look guilty: one module a look-alike, and the registry of them all."""
