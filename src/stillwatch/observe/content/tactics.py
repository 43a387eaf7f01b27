"""How a prompt harvests and what it is after: a small linear model over hashed words.

The kernel adds up one row of weights a feature (distinct words, distinct neighbours, opening
words); here the sums become calibrated probabilities. Written to `observed`: `tactic`,
`tactic_probability`, `capability`. Trained by `tools/train_tactics.py`; the data, the figures and
what the model cannot see are in `docs/model-card-tactics.md`.

Deliberately absent: `dataset_replay` (where an item comes from is no matter of wording; the replay
index decides it), and any verdict: a prompt alone proves nothing.
Blind spot: a harvest that is worded as its victim's customers word theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stillwatch.domain.results import CAPABILITIES, TACTICS
from stillwatch.observe.content.kernels import LANES

SCORED_TACTICS: Final = tuple(name for name in TACTICS if name != "dataset_replay")
"""Tactics that wording can show, in the order of the model's lanes."""
SCORED_CAPABILITIES: Final = tuple(name for name in CAPABILITIES if name != "other")
"""Capabilities that have a lane; `other` is what stays below the bar."""
ANY_LANE: Final = len(SCORED_TACTICS)
"""Lane of "harvests by some tactic"."""
FIRST_CAPABILITY_LANE: Final = ANY_LANE + 1
"""Capabilities follow the tactics."""
TACTIC_PROBABILITY_MIN: Final = 0.5
"""A tactic is named from here on; below, the prompt has none."""
CAPABILITY_PROBABILITY_MIN: Final = 0.3
"""A capability is named from here on; below, it is `other` (share of the training classes)."""
_CENTRE: Final = 128
"""Added to a signed weight, so that three 64-bit words hold 24 of them."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TacticsModel:
    """Weights as the kernel wants them, and what turns their sums into probabilities.

    packed:  a row a bucket: 24 bytes, weight + 128, in three 64-bit words.
    scale, bias:  a lane each: score = scale x sum / sqrt(features) + bias.
    slope, offset:  a lane each: Platt's calibration of that score.
    """

    packed: npt.NDArray[np.uint64]
    scale: Floats
    bias: Floats
    slope: Floats
    offset: Floats
    version: str

    def score(self, sums: npt.NDArray[np.int64], features: npt.NDArray[np.int64]) -> Floats:
        """Turn the kernel's sums into probabilities, a column a lane.

        Grain:   one row per prompt. Units: probability, calibrated on sources that were held out.
        Nulls:   a prompt without words has no evidence: the bias alone speaks.
        Source:  Platt 1999.
        """
        root = np.sqrt(np.maximum(features, 1))[:, np.newaxis]
        scores = sums / root * self.scale + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-(scores * self.slope + self.offset))))

    def name(
        self, sums: npt.NDArray[np.int64], features: npt.NDArray[np.int64], nulls: pa.Array
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Give `tactic`, `tactic_probability` and `capability` of each prompt.

        Nulls:   all three null for a null prompt; `tactic` also where none reaches its bar.
        """
        probability = self.score(sums, features)
        mask = np.asarray(nulls)
        tactics = probability[:, :ANY_LANE]
        named = _name_best(tactics, SCORED_TACTICS, TACTIC_PROBABILITY_MIN)
        tactic = pa.DictionaryArray.from_arrays(
            pa.array(named, mask=mask | (named < 0)), pa.array(SCORED_TACTICS)
        )
        lanes = probability[:, FIRST_CAPABILITY_LANE:][:, : len(SCORED_CAPABILITIES)]
        after = _name_best(lanes, SCORED_CAPABILITIES, CAPABILITY_PROBABILITY_MIN)
        after[after < 0] = len(SCORED_CAPABILITIES)
        capability = pa.DictionaryArray.from_arrays(
            pa.array(after, mask=mask), pa.array((*SCORED_CAPABILITIES, "other"))
        )
        return (
            tactic.cast(pa.string()),
            pa.array(probability[:, ANY_LANE], mask=mask),
            capability.cast(pa.string()),
        )


def _name_best(probability: Floats, names: tuple[str, ...], bar: float) -> npt.NDArray[np.int8]:
    """Give the place of the largest probability in each row, -1 where it is below the bar."""
    best = probability.argmax(axis=1).astype(np.int8)
    best[probability.max(axis=1, initial=0.0) < bar] = -1
    return best


def pack_weights(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.uint64]:
    """Lay signed weights out as the kernel reads them: 24 lanes of weight + 128 a row."""
    rows = np.full((len(weights), LANES), _CENTRE, np.uint8)
    rows[:, : weights.shape[1]] = weights.astype(np.int16) + _CENTRE
    packed = rows.view("<u8").astype(np.uint64)
    packed.flags.writeable = False
    return packed


def no_weights() -> npt.NDArray[np.uint64]:
    """Give a model's weights that say nothing, for texts that are sketched alone."""
    return pack_weights(np.zeros((1, LANES), np.int8))


def load_tactics() -> TacticsModel:
    """Load the model that the package carries.

    Cost:    some milliseconds, and 1 MB for as long as the model is kept.
    """
    with files(__package__).joinpath("tactics.npz").open("rb") as stream:
        stored = np.load(stream, allow_pickle=False)
        lanes = {
            name: stored[name].astype(np.float64) for name in ("scale", "bias", "slope", "offset")
        }
        return TacticsModel(
            pack_weights(stored["weights"]), version=str(stored["version"]), **lanes
        )
