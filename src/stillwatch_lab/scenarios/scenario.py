"""What a scenario is: a name, a stretch of time, and who is cast at a scale.

The catalogue (`scenarios`) lists them, `simulate` plays them. The one idea: a cast is a function
of chance and of a `Casting`, and yields shards that nobody has drawn yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from stillwatch_lab.cohorts.casting import Casting
from stillwatch_lab.scene import Scene
from stillwatch_lab.shards import Shard


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: its stretch of time, and who is in it at a scale."""

    name: str
    scene: Scene
    cast: Callable[[np.random.Generator, Scene, Casting], Iterator[Shard]]
    asked: dict[str, int] = field(default_factory=dict)
    """Look-alikes that are to be there in another number than the scenario's own."""
