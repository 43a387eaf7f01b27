"""Content kernels of `observe`: what is kept of a prompt, in one pass over its bytes."""

from __future__ import annotations

from stillwatch.observe.content.batch import sketch_batch, sketch_texts
from stillwatch.observe.content.replay import ReplayIndex
from stillwatch.observe.content.tactics import TacticsModel, load_tactics

__all__ = ["ReplayIndex", "TacticsModel", "load_tactics", "sketch_batch", "sketch_texts"]
