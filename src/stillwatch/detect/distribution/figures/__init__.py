"""The figures of a window, a file each: what is looked at, and in which direction it is unusual.

All but `classifier` read sums (`windows.py`), so they cost the same for any number of exchanges.
"""
