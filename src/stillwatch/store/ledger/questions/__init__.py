"""Questions to one instant of the ledger, a file each for those who ask.

`View` (`views.py`) puts them together. Each is one statement, bounded by LEDGER_PAGE_MAX.
"""
