"""Train the tactics model, test it on sources that it hasn't seen, and write its file and figures.

    python tools/train_tactics.py [--data ../shared/data] [--out src/stillwatch/observe/content]

One logistic regression a lane (nine tactics, eleven capabilities) over hashed words.
Four folds, each without a quarter of our frames and without whole published sources, give the
scores from which Platt's calibration and every figure of the model card come; the shipped weights
then learn from all folds. Deterministic: the same data and seed give the same file.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from stillwatch.observe.content.kernels import LANES
from stillwatch.observe.content.tactics import (
    ANY_LANE,
    CAPABILITY_PROBABILITY_MIN,
    FIRST_CAPABILITY_LANE,
    SCORED_CAPABILITIES,
    SCORED_TACTICS,
    TACTIC_PROBABILITY_MIN,
    calibrated,
    score_any,
)
from tactic_sources import FOLDS, Example, features_of, read_examples

SEED: Final = 20_261_123
VERSION: Final = "2"
STRENGTH: Final = 20.0
"""Inverse of the ridge: of 5 and 20 the one with the better recall on sources left out."""
TOLERANCE: Final = 0.01
"""Where the solver stops: a tenth of the time of its default and the same figures."""
HARVEST_SHARE: Final = 0.1
"""Share of harvest that the calibrated probabilities assume; an operator's differs."""
CAPABILITY_SHARE: Final = 0.1
"""Share that each capability is given against all others, so that rare ones can be named."""
FALSE_POSITIVES: Final = 0.01
_LARGEST: Final = 127

Floats = npt.NDArray[np.float64]


class Targets:
    """What each lane is to learn: rows that take part, and which of them are positive."""

    def __init__(self, examples: list[Example]) -> None:
        self.tactic = np.array([e.tactic or "" for e in examples])
        self.is_judged = np.array([e.tactic is not None for e in examples])
        self.capability = np.array([e.capability or "" for e in examples])
        self.fold = np.array([e.fold for e in examples])
        self.source = np.array([e.source for e in examples])
        self.is_known = np.array([e.is_learnt for e in examples])
        self.is_judged &= self.is_known
        self.is_honest = self.is_judged & (self.tactic == "")

    def lanes(self) -> list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
        """Give (takes part, is positive) of each lane, in the model's order."""
        tactics = [(self.is_judged, self.tactic == name) for name in SCORED_TACTICS]
        labelled = (self.capability != "") & self.is_known
        capabilities = [(labelled, self.capability == name) for name in SCORED_CAPABILITIES]
        return [*tactics, (self.is_judged, self.tactic != ""), *capabilities]

    def is_learnt(self, lane: int) -> bool:
        """Say whether a lane has weights of its own: "any tactic" is made of the tactics."""
        return lane != ANY_LANE


def fit(features: Any, positive: npt.NDArray[np.bool_]) -> tuple[Floats, float]:  # noqa: ANN401  a sparse matrix
    """Fit one lane; both classes weigh alike, calibration puts the prior right."""
    model = LogisticRegression(
        C=STRENGTH, solver="liblinear", class_weight="balanced", random_state=SEED, tol=TOLERANCE
    )
    model.fit(features, positive)
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
            weights, bias = fit(features[learn], positive[learn])
            scores[out, lane] = features[out] @ weights + bias
    return scores


def calibrate(scores: Floats, targets: Targets) -> tuple[Floats, Floats]:
    """Fit Platt's slope and offset of each lane on scores of sources left out.

    Harvest weighs `HARVEST_SHARE` of all in the lanes of tactics, each capability
    `CAPABILITY_SHARE` of all in its own. Writes the scores of "any tactic" as it goes.
    """
    slope, offset = np.ones(scores.shape[1]), np.zeros(scores.shape[1])
    harvest = targets.is_judged & (targets.tactic != "")
    odds = HARVEST_SHARE / (1 - HARVEST_SHARE) * targets.is_honest.sum() / harvest.sum()
    for lane, (rows, positive) in enumerate(targets.lanes()):
        weights = np.ones(len(positive))
        if lane <= ANY_LANE:
            weights[harvest] = odds
        else:
            share = CAPABILITY_SHARE / (1 - CAPABILITY_SHARE)
            weights[positive] = share * (rows & ~positive).sum() / positive.sum()
        if lane == ANY_LANE:
            scores[:, lane] = score_any(calibrated(scores, slope, offset))
        platt = LogisticRegression(C=np.inf)
        platt.fit(scores[rows, lane][:, np.newaxis], positive[rows], sample_weight=weights[rows])
        slope[lane], offset[lane] = platt.coef_[0, 0], platt.intercept_[0]
    return slope, offset


def report(scores: Floats, probability: Floats, targets: Targets) -> str:
    """Write the figures of the model card as Markdown tables."""
    bar = np.quantile(scores[targets.is_honest, ANY_LANE], 1 - FALSE_POSITIVES)
    named = probability[:, :ANY_LANE].max(axis=1) >= TACTIC_PROBABILITY_MIN
    best = probability[:, :ANY_LANE].argmax(axis=1)
    lines = [
        "| left out | prompts | any tactic at 1 % | a tactic named | the right one |",
        "|-|-|-|-|-|",
    ]

    def row(title: str, rows: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_] | None) -> None:
        above = (scores[rows, ANY_LANE] > bar).mean()
        share = "" if right is None else f"{right[rows].mean():.3f}"
        lines.append(
            f"| {title} | {rows.sum()} | {above:.3f} | {named[rows].mean():.3f} | {share} |"
        )

    for place, name in enumerate(SCORED_TACTICS):
        mine = named & (best == place)
        row(
            f"own frames: {name}",
            (targets.source == "own_harvest") & (targets.tactic == name),
            mine,
        )
        for source in sorted(set(targets.source[targets.tactic == name]) - {"own_harvest"}):
            rows = (targets.source == source) & (targets.tactic == name)
            row(f"{source} ({name})", rows, mine)
    for source in sorted(set(targets.source[targets.is_honest])):
        row(f"honest: {source}", targets.source == source, None)
    quoting = sorted(set(targets.source[~targets.is_known & (targets.tactic == "")]))
    for source in quoting:
        row(f"honest: {source}", targets.source == source, None)
    for source in sorted(set(targets.source[~targets.is_judged & targets.is_known])):
        row(f"no wording: {source}", targets.source == source, None)
    return "\n".join([*lines, "", *_capability_lines(probability, targets)])


def _capability_lines(probability: Floats, targets: Targets) -> list[str]:
    lines = ["| capability, left out | prompts | named so |", "|-|-|-|"]
    lanes = probability[:, FIRST_CAPABILITY_LANE:]
    named = np.where(
        lanes.max(axis=1) < CAPABILITY_PROBABILITY_MIN,
        len(SCORED_CAPABILITIES),
        lanes.argmax(axis=1),
    )
    names = np.array([*SCORED_CAPABILITIES, "other"])[named]
    pairs = sorted(set(zip(targets.source, targets.capability, strict=True)))
    for source, capability in pairs:
        rows = (targets.source == source) & (targets.capability == capability)
        if capability:
            right = (names[rows] == capability).mean()
            lines.append(f"| {source}: {capability} | {rows.sum()} | {right:.3f} |")
    return lines


def ship(features: Any, targets: Targets, calibration: tuple[Floats, Floats], out: Path) -> None:  # noqa: ANN401  a sparse matrix
    """Learn from everything, round the weights to a byte each, and write the file."""
    lanes = targets.lanes()
    weights = np.zeros((features.shape[1], len(lanes)), np.int8)
    scale, bias, slope, offset = np.zeros(LANES), np.zeros(LANES), np.ones(LANES), np.zeros(LANES)
    for lane, (rows, positive) in enumerate(lanes):
        if not targets.is_learnt(lane):
            continue
        exact, bias[lane] = fit(features[rows], positive[rows])
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
    examples = read_examples(given.data, seed=SEED)
    features = features_of([e.text for e in examples])
    targets = Targets(examples)
    scores = score_left_out(features, targets)
    slope, offset = calibrate(scores, targets)
    probability = calibrated(scores, slope, offset)
    print(report(scores, probability, targets))
    ship(features, targets, (slope, offset), given.out)


if __name__ == "__main__":
    main()
