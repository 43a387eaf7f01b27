"""Are the accounts of a group interchangeable? Heads of one queue are, people hardly ever.

Read in this order: sketch (what is added up of each account), dimensions (content, parameters,
hours, volume of it), share (how much of the variance lies between accounts), honest (what groups of
people of that size show). No witness of judging reads this: its null knows another one.
"""

from stillwatch.detect.interchangeability.honest import HonestShares, calibrate_shares
from stillwatch.detect.interchangeability.share import BetweenShare
from stillwatch.detect.interchangeability.sketch import Sketch, sketch_accounts

__all__ = ["BetweenShare", "HonestShares", "Sketch", "calibrate_shares", "sketch_accounts"]
