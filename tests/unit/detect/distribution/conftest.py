"""What the figures of a window are measured against; traffic by hand is one folder up."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from windows_by_hand import draw, itemise, say

from stillwatch.detect.distribution.features import Features, read_features
from stillwatch.detect.distribution.reference import Reference, fit_reference
from stillwatch.detect.distribution.usual import Usual, describe_usual

sys.path.append(str(Path(__file__).parents[1]))


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Maps fitted on 600 prompts."""
    return fit_reference(itemise(say(np.random.default_rng(1), 600)), seed=1)


@pytest.fixture(scope="module")
def benign(reference: Reference) -> Features:
    """Two thousand further prompts of people."""
    return read_features(reference, itemise(say(np.random.default_rng(2), 2_000)))


@pytest.fixture(scope="module")
def usual(reference: Reference, benign: Features) -> Usual:
    """Benign windows of 50, described."""
    return describe_usual(reference, draw(benign, np.random.default_rng(3), size=50, windows=100))
