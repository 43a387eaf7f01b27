"""How a prompt harvests and what it is after: a small linear model over hashed words and layout.

The kernel adds up one row of weights a feature (distinct words and neighbours of a prompt's two
ends, opening and closing words, `layout`); here the sums become calibrated probabilities. Written
to `observed`: `tactic`, `tactic_probability`, `capability`. Trained by `tools/train_tactics.py`;
the data, the figures and what the model cannot see are in `docs/model-card-tactics.md`.

Deliberately absent: `dataset_replay` (where an item comes from is no matter of wording; the replay
index decides it), and any verdict: a prompt alone proves nothing.
Blind spots: a harvest that is worded as its victim's customers word theirs; a request that stands
neither within the first forty words nor within the last forty nor behind a label that comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from stillwatch.domain.arrays import to_arrow
from stillwatch.domain.results import CAPABILITIES, TACTICS
from stillwatch.observe.content.kernels import LANES

SCORED_TACTICS: Final = tuple(name for name in TACTICS if name != "dataset_replay")
"""Tactics that wording can show, in the order of the model's lanes."""
SCORED_CAPABILITIES: Final = tuple(name for name in CAPABILITIES if name != "other")
"""Capabilities that have a lane; `other` is what stays below the bar."""
ANY_LANE: Final = len(SCORED_TACTICS)
"""Place of "harvests by some tactic": without weights, for the tactics' probabilities make it."""
FIRST_CAPABILITY_LANE: Final = ANY_LANE + 1
"""Capabilities follow the tactics."""
TACTIC_PROBABILITY_MIN: Final = 0.5
"""A tactic is named from here on; below, the prompt has none."""
CAPABILITY_PROBABILITY_MIN: Final = 0.3
"""A capability is named from here on; below, it is `other`. Three times the share that
calibration gives each capability."""
FEATURES_MIN: Final = 60
"""Features as whose square root a score is diluted at least: a prompt of a few words says little
of how it harvests, yet "continue the code" would score like a page of evidence (our own frames left
out: recall at the bar of one in a thousand published honest prompts 0.55 without, 0.81 with)."""
_CERTAIN: Final = 1 - 1e-9
"""A probability from which odds can still be taken."""
_CENTRE: Final = 128
"""Added to a signed weight, so that three 64-bit words hold 24 of them."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TacticsModel:
    """Weights as the kernel wants them, and what turns their sums into probabilities.

    packed:  a row a bucket: 24 bytes, weight + 128, in three 64-bit words.
    scale, bias:  a lane each: score = scale x sum / sqrt(features, FEATURES_MIN at least) + bias.
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
        root = np.sqrt(np.maximum(features, FEATURES_MIN))[:, np.newaxis]
        scores = np.divide(sums.T, root.T, order="C").T  # a lane lies together: quicker by half
        scores *= self.scale
        scores += self.bias
        tactics = np.s_[:, :ANY_LANE]
        named = calibrated(scores[tactics], self.slope[:ANY_LANE], self.offset[:ANY_LANE])
        scores[:, ANY_LANE] = score_any(named)
        rest = calibrated(scores[:, ANY_LANE:], self.slope[ANY_LANE:], self.offset[ANY_LANE:])
        return np.asarray(np.concatenate([named.T, rest.T]).T)

    def name(
        self,
        sums: npt.NDArray[np.int64],
        features: npt.NDArray[np.int64],
        *,
        mask: npt.NDArray[np.bool_] | None,
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Give `tactic`, `tactic_probability` and `capability` of each prompt.

        Nulls:   all three null where `mask` is set; `tactic` also where none reaches its bar.
        """
        probability = self.score(sums, features)
        tactics = probability[:, :ANY_LANE]
        named = _name_best(tactics, TACTIC_PROBABILITY_MIN)
        nameless = named < 0 if mask is None else mask | (named < 0)
        lanes = probability[:, FIRST_CAPABILITY_LANE:][:, : len(SCORED_CAPABILITIES)]
        after = _name_best(lanes, CAPABILITY_PROBABILITY_MIN)
        after[after < 0] = len(SCORED_CAPABILITIES)
        return (
            _take(SCORED_TACTICS, named, mask=nameless),
            to_arrow(probability[:, ANY_LANE], mask=mask),
            _take((*SCORED_CAPABILITIES, "other"), after, mask=mask),
        )


def calibrated(scores: Floats, slope: Floats, offset: Floats) -> Floats:
    """Turn scores into probabilities, a column a lane. Source: Platt 1999."""
    return np.asarray(1.0 / (1.0 + np.exp(-(scores * slope + offset))))


def score_any(probability: Floats) -> Floats:
    """Score "some tactic": the log odds that not every tactic is absent, were they independent.

    Learnt directly, with weights of its own, it did worse on unseen sources than the best tactic.
    """
    each = np.log1p(-np.minimum(probability[:, :ANY_LANE], _CERTAIN))
    absent = np.ascontiguousarray(each).sum(axis=1)  # one order of adding, however it is laid out
    return np.asarray(np.log(-np.expm1(absent)) - absent)


def name_where(marked: npt.NDArray[np.bool_], name: str) -> pa.Array:
    """Give one name where it is marked.

    Grain:   one row per mark. Nulls: where it isn't marked.
    """
    return _take((name,), np.zeros(len(marked), np.int8), mask=~marked)


def _take(
    names: tuple[str, ...], place: npt.NDArray[np.int8], *, mask: npt.NDArray[np.bool_] | None
) -> pa.Array:
    """Give the name at each place, null where the mask is set."""
    listed = pl.Series(names).to_arrow()
    return pa.DictionaryArray.from_arrays(to_arrow(place, mask=mask), listed).cast(pa.string())


def _name_best(probability: Floats, bar: float) -> npt.NDArray[np.int8]:
    """Give the place of the largest probability in each row, -1 where it is below the bar."""
    best: npt.NDArray[np.int8] = probability.argmax(axis=1).astype(np.int8)
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
