"""What the tactics model learns from: our own grammar, and prompts that others have published.

Nothing of the published text is stored: it is read from a folder beside the checkout, turned into
hashed features and forgotten. Which source stands for what is written out below; where a source
says nothing about *how* an answer is asked for, it stands for no tactic.
"""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
from scipy.sparse import csr_matrix

from stillwatch.domain.keyed import text_buffers
from stillwatch.observe.content.characters import character_table
from stillwatch.observe.content.kernels import BUCKET_SHIFT
from stillwatch.observe.content.rows import make_room, read_features
from stillwatch.observe.content.tactics import FEATURES_MIN
from tactic_documents import compose_documents
from tactic_exemplars import compose_exemplars
from tactic_grammar import POOLS, Prompt, compose_frames, expand, hard_prompts, read_frames

BUCKETS: Final = 2**15
"""Rows of weights: 1 MB in memory, so that they stay in the second-level cache."""
FOLDS: Final = POOLS
"""Each source, each frame and each clause of our own is left out once."""
OWN_EACH: Final = {"harvest": 20, "honest": 12}
"""Prompts made of each frame written out: more teach nothing further."""
COMPOSED_EACH: Final = 3
"""Prompts made of each composed frame."""
FORMS_EACH: Final = 20
"""Prompts made of each frame of the forms."""
QUOTING: Final = "quoting"
"""Prompts that quote borrowed text: tested on alone. Learnt too, they did harm: the model took
words of the quotations for evidence and knew fewer of the wordings left out."""
QUOTING_EACH: Final = {"": 3, "_forms": 3, "_clauses": 1, "_exemplars": 1, "_documents": 1}
HARD: Final = "hard_honest"
"""The honest hard set as a source: tested on alone."""
ITEM: Final = "item"
"""In place of a tactic: a harvested item without a wording that asks for one. Learnt as no tactic,
so that a subject gives nothing away; neither harvest nor honest in calibration and figures."""
BORROWED_FROM: Final = "sharegpt_v3"
"""Source of these quotations: rows that aren't drawn as honest prompts."""
_BORROWED_ROWS: Final = 3_000
_QUESTION_CHARACTERS: Final = (20, 120)
_PASSAGE_CHARACTERS: Final = (150, 600)
_MARKUP: Final = str.maketrans(dict.fromkeys("{}[]|\\", " "))
"""What the grammar would take for a slot or a choice."""
TACTIC_OF: Final = {
    "bbh_fewshot_cot": "cot_elicitation",
    "prometheus_grader": "rubric_grading",
    "humaneval": "code_synthesis",
}
"""Published sources that ask in the way of a tactic."""
WITHOUT_WORDING: Final = (
    "glaive_toolcall_en_demo",
    "glaive_toolcall_zh_demo",
    "reason_tool_use_demo",
    "deccp_censorship",
    "alpaca_instructions",
    "alpaca_zh_demo",
    "self_instruct",
    "t0_p3_templates",
    "gsm8k",
    "mmlu",
    "bbh",
)
"""Harvested items that read like anybody's request."""
CAPABILITY_OF: Final = {
    "gsm8k": "mathematics",
    "bbh": "reasoning",
    "humaneval": "code",
    "prometheus_grader": "grading",
    "deccp_censorship": "sensitive",
    "banking77": "other",
    "restaurant8k": "other",
    "taskmaster": "other",
    "snips_voice": "other",
    "crosswoz_zh": "other",
    "natural_questions": "knowledge",
}
"""What a source is after; sources of mixed purpose teach no capability. MMLU goes by subject."""
HONEST: Final = {
    "sharegpt_v3": 6_000,
    "awesome_chatgpt_prompts": 1_475,
    "banking77": 800,
    "restaurant8k": 600,
    "taskmaster": 800,
    "snips_voice": 600,
    "crosswoz_zh": 1_000,
    "natural_questions": 200,
    "gpts_system_prompts": 1_092,
}
"""Honest sources and how many prompts of each are learnt from."""
TESTED: Final = 10_000
"""Prompts of each honest source that are tested on, where it has them: one in a thousand of them
can then be seen to be flagged."""
FOLD_OF: Final = {
    "sharegpt_v3": 0,
    "bbh_fewshot_cot": 0,
    "gsm8k": 0,
    "awesome_chatgpt_prompts": 1,
    "natural_questions": 1,
    "prometheus_grader": 1,
    "mmlu": 1,
    "banking77": 2,
    "restaurant8k": 2,
    "snips_voice": 2,
    "humaneval": 2,
    "deccp_censorship": 2,
}
"""In which fold a source is left out; the others in the last one."""
_OTHERS_ROWS: Final = 600
_MATHEMATICAL: Final = ("mathematics", "algebra", "statistics")


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt to learn from or to test on."""

    source: str
    text: str
    tactic: str
    """A tactic, `""` for honest, ITEM for neither."""
    capability: str | None
    fold: int
    is_learnt: bool = True
    """False for what is tested on and never learnt."""


def read_examples(data: Path, *, seed: int) -> list[Example]:
    """Read our own prompts and the published ones, in a fixed order."""
    examples = _own(seed, _borrow(data, seed=seed))
    wanted = {**HONEST, **dict.fromkeys((*TACTIC_OF, *WITHOUT_WORDING), _OTHERS_ROWS)}
    for path in sorted(data.glob("prompts/*/*.jsonl.gz")):
        source = path.name.removesuffix(".jsonl.gz")
        if source in wanted:
            examples.extend(_published(path, source, rows=wanted[source], seed=seed))
    return examples


def _own(seed: int, borrowed: dict[str, list[str]]) -> list[Example]:
    examples = [_example(HARD, prompt) for prompt in hard_prompts(seed=seed)]
    for kind in ("harvest", "honest"):
        parts = {
            "": (read_frames(kind), OWN_EACH[kind]),
            "_clauses": (compose_frames(kind, seed=seed), COMPOSED_EACH),
            "_forms": (read_frames(f"{kind}_forms"), FORMS_EACH),
            "_exemplars": (compose_exemplars(kind, seed=seed), COMPOSED_EACH),
        }
        if kind == "honest":
            parts["_documents"] = compose_documents(seed=seed), COMPOSED_EACH
        for part, (frames, each) in parts.items():
            source, few = f"own_{kind}{part}", QUOTING_EACH[part]
            prompts = expand(frames, each=each, seed=seed)
            quoting = expand(frames, each=few, seed=seed + 1, borrowed=borrowed)
            examples.extend(_example(source, prompt) for prompt in prompts)
            examples.extend(_example(f"{source}_{QUOTING}", prompt) for prompt in quoting)
    return examples


def _example(source: str, prompt: Prompt) -> Example:
    frame = prompt.frame
    tactic = frame.section if frame.is_harvest else ""
    is_learnt = source != HARD and not source.endswith(QUOTING)
    return Example(source, prompt.text, tactic, prompt.capability, frame.pool, is_learnt)


def _borrow(data: Path, *, seed: int) -> dict[str, list[str]]:
    """Give published questions and passages for composed prompts to quote."""
    records = _records(data / "prompts" / "benign" / f"{BORROWED_FROM}.jsonl.gz")
    honest = {r["id"] for r in _draw(records, BORROWED_FROM, rows=TESTED, seed=seed)}
    texts = [r["text"].translate(_MARKUP).strip() for r in records if r["id"] not in honest]
    chance = random.Random(f"{seed}-borrowed")
    chance.shuffle(texts)
    shortest, longest = _QUESTION_CHARACTERS
    least, most = _PASSAGE_CHARACTERS
    return {
        "question": [text for text in texts if shortest <= len(text) <= longest][:_BORROWED_ROWS],
        "passage": [text[:most] for text in texts if len(text) >= least][:_BORROWED_ROWS],
    }


def _records(path: Path) -> list[dict[str, str]]:
    with gzip.open(path) as stream:
        return [orjson.loads(line) for line in stream]


def _draw(
    records: list[dict[str, str]], source: str, *, rows: int, seed: int
) -> list[dict[str, str]]:
    return random.Random(f"{seed}-{source}").sample(records, min(rows, len(records)))


def _published(path: Path, source: str, *, rows: int, seed: int) -> list[Example]:
    drawn = _draw(_records(path), source, rows=max(rows, TESTED * (source in HONEST)), seed=seed)
    tactic = "" if source in HONEST else TACTIC_OF.get(source, ITEM)
    fold = FOLD_OF.get(source, FOLDS - 1)
    return [
        Example(
            source, record["text"], tactic, _capability(source, record), fold, place < rows
        )
        for place, record in enumerate(drawn)
    ]  # fmt: skip


def _capability(source: str, record: dict[str, str]) -> str | None:
    if source == "mmlu":
        is_mathematical = any(word in record["id"] for word in _MATHEMATICAL)
        return "mathematics" if is_mathematical else "knowledge"
    return CAPABILITY_OF.get(source)


def features_of(texts: list[str]) -> csr_matrix:
    """Turn texts into the model's features: exactly those that the kernel adds up.

    Grain:   one row per text, one column per bucket; a value is count / sqrt(features, at least
             FEATURES_MIN), as `TacticsModel` has it.
    """
    data, offsets = text_buffers(pa.array(texts, pa.large_string()))
    table = character_table()
    work = make_room(int(np.diff(offsets).max()) + 1)
    columns: list[npt.NDArray[np.int64]] = []
    for row in range(len(texts)):
        span = offsets[row], offsets[row + 1]
        first, last = read_features(data, span, table, work, row + 1)
        mine = work[1][first:last] >> BUCKET_SHIFT
        columns.append((mine & np.uint64(BUCKETS - 1)).astype(np.int64))
    sizes = np.array([len(found) for found in columns])
    values = np.repeat(1.0 / np.sqrt(np.maximum(sizes, FEATURES_MIN)), sizes)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    matrix = csr_matrix((values, np.concatenate(columns), ends), shape=(len(texts), BUCKETS))
    matrix.sum_duplicates()
    return matrix
