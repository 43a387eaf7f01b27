"""Real texts, where somebody has them: read once, cut, sorted into topics, and drawn from."""

from stillwatch_lab.text.pools.read import list_sources
from stillwatch_lab.text.pools.shelf import Pools, open_pools
from stillwatch_lab.text.pools.similar import embed_texts

__all__ = ["Pools", "embed_texts", "list_sources", "open_pools"]
