"""Train the tactics model, test it on sources that it hasn't seen, and write its file and figures.

    python tools/train_tactics.py [--data ../shared/data] [--out src/stillwatch/observe/content]

One logistic regression a lane (nine tactics, eleven capabilities) over hashed words.
Four folds, each without a quarter of our frames and without whole published sources, give the
scores from which Platt's calibration and every figure of the model card come; the shipped weights
then learn from all folds. The same data and seed give the same file, byte for byte, on one kind of
processor: linear algebra has one thread, for two add up dot products in another order.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from stillwatch.observe.content.kernels import LANES
from stillwatch.observe.content.tactics import ANY_LANE, calibrated, score_any
from tactic_figures import Rows, Targets, report
from tactic_sources import FOLDS, features_of, read_examples

SEED: Final = 20_261_123
VERSION: Final = "4"
STRENGTH: Final = 2.5
"""Inverse of the ridge; with features of layout, 5 and more lost at the bars of system texts."""
HARD_WEIGHT: Final = 3.0
"""How much our own honest prompts weigh among the honest: they come nearest to a harvest."""
TOLERANCE: Final = 0.01
"""Where the solver stops: a tenth of the time of its default and the same figures."""
HARVEST_SHARE: Final = 0.1
"""Share of harvest that the calibrated probabilities assume; an operator's differs."""
CAPABILITY_SHARE: Final = 0.1
"""Share that each capability is given against all others, so that rare ones can be named."""
_LARGEST: Final = 127
_THREADS: Final = 1
"""Of BLAS. The solver stops early: where is told by the last digits of its sums."""

Floats = npt.NDArray[np.float64]


def fit(features: Any, positive: Rows, hard: Rows) -> tuple[Floats, float]:  # noqa: ANN401  a sparse matrix
    """Fit one lane; both classes weigh alike, calibration puts the prior right."""
    weights = np.where(hard & ~positive, HARD_WEIGHT, 1.0)
    for side in (positive, ~positive):
        weights[side] *= len(positive) / 2 / weights[side].sum()
    model = LogisticRegression(C=STRENGTH, solver="liblinear", random_state=SEED, tol=TOLERANCE)
    model.fit(features, positive, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def score_left_out(features: Any, targets: Targets) -> Floats:  # noqa: ANN401  a sparse matrix
    """Score each example by a model that has seen neither its source nor its frame."""
    scores = np.zeros((features.shape[0], len(targets.lanes())))
    for fold in range(FOLDS):
        out = targets.fold == fold
        for lane, (rows, positive) in enumerate(targets.lanes()):
            if not targets.is_learnt(lane):
                continue
            learn = rows & ~out
            weights, bias = fit(features[learn], positive[learn], targets.is_own[learn])
            scores[out, lane] = features[out] @ weights + bias
    return scores


def calibrate(scores: Floats, targets: Targets) -> tuple[Floats, Floats]:
    """Fit Platt's slope and offset of each lane on scores of sources left out.

    Harvest weighs `HARVEST_SHARE` of all in the lanes of tactics, each capability
    `CAPABILITY_SHARE` of all in its own. Writes the scores of "any tactic" as it goes.
    """
    slope, offset = np.ones(scores.shape[1]), np.zeros(scores.shape[1])
    harvest = targets.is_judged & ~targets.is_honest
    odds = HARVEST_SHARE / (1 - HARVEST_SHARE) * targets.is_honest.sum() / harvest.sum()
    for lane, (rows, positive) in enumerate(targets.lanes()):
        weights = np.ones(len(positive))
        if lane <= ANY_LANE:
            weights[harvest] = odds
            rows = targets.is_judged  # noqa: PLW2901  items teach a lane, but are no traffic
        else:
            share = CAPABILITY_SHARE / (1 - CAPABILITY_SHARE)
            weights[positive] = share * (rows & ~positive).sum() / positive.sum()
        if lane == ANY_LANE:
            scores[:, lane] = score_any(calibrated(scores, slope, offset))
        platt = LogisticRegression(C=np.inf)
        platt.fit(scores[rows, lane][:, np.newaxis], positive[rows], sample_weight=weights[rows])
        slope[lane], offset[lane] = platt.coef_[0, 0], platt.intercept_[0]
    return slope, offset


def ship(features: Any, targets: Targets, calibration: tuple[Floats, Floats], out: Path) -> None:  # noqa: ANN401  a sparse matrix
    """Learn from everything, round the weights to a byte each, and write the file."""
    lanes = targets.lanes()
    weights = np.zeros((features.shape[1], len(lanes)), np.int8)
    scale, bias, slope, offset = np.zeros(LANES), np.zeros(LANES), np.ones(LANES), np.zeros(LANES)
    for lane, (rows, positive) in enumerate(lanes):
        if not targets.is_learnt(lane):
            continue
        exact, bias[lane] = fit(features[rows], positive[rows], targets.is_own[rows])
        scale[lane] = np.abs(exact).max() / _LARGEST
        weights[:, lane] = np.rint(exact / scale[lane])
    slope[: len(lanes)], offset[: len(lanes)] = calibration
    np.savez_compressed(
        out / "tactics.npz",
        weights=weights, scale=scale, bias=bias, slope=slope, offset=offset, version=VERSION,
    )  # fmt: skip


def main() -> None:
    """Train, test, write."""
    parser = argparse.ArgumentParser(description="Train the tactics model.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("src/stillwatch/observe/content"))
    given = parser.parse_args()
    with threadpool_limits(_THREADS):
        train(given.data, given.out)


def train(data: Path, out: Path) -> None:
    """Read, learn, print the figures, write the file."""
    examples = read_examples(data, seed=SEED)
    features = features_of([e.text for e in examples])
    targets = Targets(examples)
    scores = score_left_out(features, targets)
    slope, offset = calibrate(scores, targets)
    probability = calibrated(scores, slope, offset)
    print(report(scores, probability, targets))
    ship(features, targets, (slope, offset), out)


if __name__ == "__main__":
    main()
