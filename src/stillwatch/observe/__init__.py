"""Observe: from exchanges to traits, passages and profiles; the text ends in this stage."""

from stillwatch.observe.account_traits import count_traits
from stillwatch.observe.arrivals import observe_arrivals
from stillwatch.observe.content import TacticsModel, load_tactics
from stillwatch.observe.passages import list_passages

__all__ = ["TacticsModel", "count_traits", "list_passages", "load_tactics", "observe_arrivals"]
