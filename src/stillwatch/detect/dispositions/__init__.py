"""What people have answered about groups, and what that does to judging: only ever caution.

Reads `ANSWERED`, which the rim takes from a ledger; a run without one never comes here.
"""
