"""The wordings from which the tactics model learns, and those that it must never learn from.

The frames are read as `tools/tactic_grammar.py` reads them. Two things are kept apart from the
training text: the honest hard set, on which the model card reports, and the lab's templates, which
the demo and every evaluation of campaigns are made of.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stillwatch_lab.text.items import ITEMS
from stillwatch_lab.text.templates import HARVESTS

_TOOLS = Path(__file__).parents[4] / "tools"
_SEED = 20_261_123
_TRAINING = ("harvest", "honest", "harvest_forms", "honest_forms")
_MOST_ALIKE = 0.5


@pytest.fixture(scope="module")
def grammar() -> Iterator[ModuleType]:
    """Give the grammar that trains the model; it is a script's module, not a package's."""
    sys.path.insert(0, str(_TOOLS))
    module = importlib.import_module("tactic_grammar")
    for name in ("tactic_exemplars", "tactic_documents"):
        importlib.import_module(name)
    yield module
    sys.path.remove(str(_TOOLS))


def _shingles(text: str) -> set[tuple[str, ...]]:
    """Cut a text into runs of three words, slots left out and the first of each choice taken."""
    plain = re.sub(r"\[([^\[\]|]*)\|[^\[\]]*\]", r"\1", text)
    words = re.findall(r"[\u3040-\u9fff\uac00-\ud7a3]|[^\W_]+", re.sub(r"\{\w+\}", " ", plain))
    return set(zip(words, words[1:], words[2:], strict=False))


def _alike(one: set[Any], other: set[Any]) -> float:
    return len(one & other) / max(len(one | other), 1)


def _frames(grammar: ModuleType) -> list[str]:
    written = [frame.text for file in _TRAINING for frame in grammar.read_frames(file)]
    composed = [
        frame.text
        for kind in ("harvest", "honest")
        for frame in grammar.compose_frames(kind, seed=_SEED)
    ]
    exemplars, documents = sys.modules["tactic_exemplars"], sys.modules["tactic_documents"]
    laid_out = [
        *exemplars.compose_exemplars("harvest", seed=_SEED),
        *exemplars.compose_exemplars("honest", seed=_SEED),
        *documents.compose_documents(seed=_SEED),
    ]
    return [*written, *composed, *(frame.text for frame in laid_out)]


def test_layouts_are_shared_by_harvest_and_honest_prompts(grammar: ModuleType) -> None:
    """Each kind of layout is composed for every pool, of clauses that no other pool has."""
    exemplars, documents = sys.modules["tactic_exemplars"], sys.modules["tactic_documents"]
    parts = exemplars.parts_of("exemplars")["en"]
    for clauses in (parts["labels"], parts["opener"], parts["work"]):
        assert len(set(clauses)) == len(clauses)
    kinds = (
        exemplars.compose_exemplars("harvest", seed=_SEED),
        exemplars.compose_exemplars("honest", seed=_SEED),
        documents.compose_documents(seed=_SEED),
    )
    for frames in kinds:
        assert {frame.pool for frame in frames} == set(range(grammar.POOLS))
        assert len({frame.name for frame in frames}) == len(frames)
    openers = {
        text: place % grammar.POOLS for place, text in enumerate(parts["opener"]) if " " in text
    }
    for frame in kinds[0]:
        pools = {pool for opener, pool in openers.items() if opener in frame.text}
        assert pools <= {frame.pool}


def test_the_hard_set_is_wide(grammar: ModuleType) -> None:
    """At least fifty frames speak in it, none more than ten times."""
    prompts = Counter(prompt.frame.name for prompt in grammar.hard_prompts(seed=_SEED))
    assert len(prompts) >= 50
    assert max(prompts.values()) <= 10


def test_no_two_prompts_of_the_hard_set_are_much_alike(grammar: ModuleType) -> None:
    """No two have more than half of their words in common, be they of one frame or of two."""
    sets = [
        set(re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W_]+", p.text.lower()))
        for p in grammar.hard_prompts(seed=_SEED)
    ]
    assert max(_alike(one, other) for one, other in combinations(sets, 2)) <= _MOST_ALIKE


def test_the_hard_set_is_never_learnt_from(grammar: ModuleType) -> None:
    """No frame of the training text is, or nearly is, a frame of the hard set."""
    hard = [_shingles(frame.text) for frame in grammar.read_frames("hard_honest")]
    near = [
        text
        for text in _frames(grammar)
        if max(_alike(_shingles(text), other) for other in hard) > _MOST_ALIKE
    ]
    assert not near


def test_the_lab_asks_in_words_that_the_model_has_not_learnt(grammar: ModuleType) -> None:
    """No frame of the training text is, or nearly is, a template or an item of the lab."""
    wordings = [
        part for pairs in HARVESTS.values() for pair in pairs for part in (*pair, "".join(pair))
    ]
    items = [pattern for patterns in ITEMS.values() for pattern in patterns]
    lab = [shingles for text in (*wordings, *items) if (shingles := _shingles(text))]
    near = [
        text
        for text in _frames(grammar)
        if max(_alike(_shingles(text), other) for other in lab) > _MOST_ALIKE
    ]
    assert not near


def test_every_frame_belongs_to_a_tactic_or_to_an_honest_role(grammar: ModuleType) -> None:
    """A misspelt section would teach the model a tactic that it has no lane for."""
    tactics = {frame.section for frame in grammar.read_frames("harvest")}
    assert {frame.section for frame in grammar.read_frames("harvest_forms")} == tactics
    assert {frame.section for frame in grammar.compose_frames("harvest", seed=_SEED)} == tactics
    assert len(tactics) == 9
