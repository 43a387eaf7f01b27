"""The lab's own words: vocabularies, patterns, and the grammar that makes texts of them."""

from stillwatch_lab.text.grammar import ITEM_SPACE, Grammar, Order, grammar
from stillwatch_lab.text.scatter import mix

__all__ = ["ITEM_SPACE", "Grammar", "Order", "grammar", "mix"]
