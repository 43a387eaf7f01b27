"""An embedding places a prompt by its words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from batches import observe

_SUBJECTS = (
    "invoice payment refund order customer delivery address",
    "function loop array compile error variable test",
    "glacier river erosion valley sediment rock climate",
)


def _vectors(prompts: list[str]) -> npt.NDArray[np.float64]:
    rows = observe(list(prompts))
    return np.array([np.frombuffer(row["embedding"], np.int8) for row in rows]) / 127.0


def test_embeddings_are_unit_vectors() -> None:
    """Length says nothing; rounding to a byte costs at most a hundredth or two."""
    lengths = np.linalg.norm(_vectors(["a pear", "one two three " * 50, "x", _SUBJECTS[0]]), axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=0.03)


def test_repeating_a_word_changes_nothing() -> None:
    """Each distinct word counts once, or articles would outweigh the subject."""
    one, two = _vectors(["the pear and the crate", "the the the pear and crate the"])
    np.testing.assert_array_equal(one, two)


def test_accounts_of_one_subject_differ_from_accounts_of_another() -> None:
    """One-way analysis of variance: the subject explains most of it, chance next to nothing."""
    chance = np.random.default_rng(5)
    prompts = [
        " ".join(chance.choice(subject.split(), 4, replace=False))
        for subject in _SUBJECTS
        for _ in range(60)
    ]
    vectors = _vectors(prompts)
    truth = np.repeat(np.arange(3), 60)
    assert _explained(vectors, truth) > 0.3
    assert _explained(vectors, chance.permutation(truth)) < 0.05


def _explained(vectors: npt.NDArray[np.float64], group: npt.NDArray[np.int64]) -> float:
    centre = vectors.mean(axis=0)
    means = np.array([vectors[group == g].mean(axis=0) for g in range(3)])[group]
    return float(((means - centre) ** 2).sum() / ((vectors - centre) ** 2).sum())
