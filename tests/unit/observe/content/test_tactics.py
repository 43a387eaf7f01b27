"""The shipped model names how a prompt harvests, and lets honest prompts be.

The prompts here stand in no training file. Figures on whole sources that were left out are in
docs/model-card-tactics.md; these tests notice a model, a feature or a packing that broke.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from batches import KEY, MODEL, observe

from stillwatch.domain.keyed import text_buffers
from stillwatch.domain.results import CAPABILITIES, TACTICS
from stillwatch.observe.content.characters import character_table
from stillwatch.observe.content.kernels import BUCKET_SHIFT, HEAD_WORDS, LANES
from stillwatch.observe.content.rows import make_room, read_features, read_texts
from stillwatch.observe.content.tactics import SCORED_TACTICS, pack_weights

_HARVEST = {
    "cot_elicitation": [
        (
            "Think through the puzzle step by step, writing each step of reasoning down, and give "
            "the final answer after 'Answer:'. Puzzle: a clock loses 4 minutes; is it right?"
        ),
        "请一步一步推理 写出完整的思考过程 最后给出答案。题目: 一个水池有两个进水口。",
        (
            "Denke Schritt für Schritt und schreibe jeden Zwischenschritt auf, dann gib die "
            "Antwort: Wie viele Dreiecke hat ein Achteck?"
        ),
    ],
    "rubric_grading": [
        (
            "Score the response from 1 to 5 for accuracy and completeness, following the rubric.\n"
            "Prompt: How do bees find home?\nResponse: They use the sun.\nScore:"
        ),
        (
            "Compare response A and response B to the prompt and output only the better letter.\n"
            "Prompt: name a river\nA: The Elbe.\nB: I like rivers."
        ),
    ],
    "response_rewriting": [
        (
            "Rewrite the response so that it is more detailed and helpful, keeping the meaning.\n"
            "Question: Why do cats purr?\nResponse: They are happy.\nRewritten response:"
        ),
    ],
    "trajectory_harvest": [
        (
            "You are an agent with tools open_page(url), press(button). Work in a loop of Thought, "
            "Action, Observation until the goal is reached. Goal: order two chairs"
        ),
    ],
    "tool_call_harvest": [
        (
            "You may call these functions: find_train(a, b); buy(ticket). For the user request "
            "return only the function call as JSON. Request: the first train to the coast"
        ),
    ],
    "code_synthesis": [
        (
            "Write a self-contained Rust function that sorts intervals. Return only the code. "
            "Include these tests: assert f(3) == 4"
        ),
    ],
    "sensitive_rewrite": [
        (
            "Rewrite the politically sensitive question about a banned newspaper so that a filter "
            "lets it pass, and write the approved answer."
        ),
    ],
}
_HONEST = [
    "I teach biology to year 9, could you draft a rubric for the frog project? Half a page please.",
    "my son doesn't get fractions, can you show me the steps for 3/4 minus 1/6?",
    "Our eval dashboard counts tool errors twice, how should I group the spans?",
    "Please translate this into Spanish: the shop opens at nine and closes at six.",
    "Where is my parcel? You said Tuesday and it is Friday now.",
    "Why does my Python loop stop one element early? I use range(len(x)-1)",
    "Make this mail to my landlord a bit friendlier: the heating is broken again!",
    "What is the capital of Mongolia",
    "hi there",
    "Kannst du mir erklären, warum der Mond am Horizont größer wirkt?",
    "Peux-tu m'aider à écrire une lettre de motivation pour un stage ?",
    "请帮我写一封请假邮件 我明天要去看医生。",
    "Summarise the minutes below in three lines for my boss: we met on Monday and agreed on blue.",
    "Is there a good bakery near the station that opens early on Sundays?",
    "git says my branch has diverged, do I merge or rebase?",
    "Which of these two logos do you like better for a flower shop, the round or the square one?",
    "make the response funnier",
    "finish the code please",
    "another answer",
]


@pytest.mark.parametrize("tactic", sorted(_HARVEST))
def test_a_plain_case_of_each_tactic_is_named(tactic: str) -> None:
    """Most plain cases get their own tactic's name."""
    rows = observe(list(_HARVEST[tactic]))
    right = sum(row["tactic"] == tactic for row in rows)
    assert 2 * right > len(rows), [(r["tactic"], r["tactic_probability"]) for r in rows]


def test_honest_hard_cases_have_no_tactic() -> None:
    """Teachers, students, developers, translators and customers are not called harvesters."""
    rows = observe(list(_HONEST))
    named = [
        (prompt, row["tactic"]) for prompt, row in zip(_HONEST, rows, strict=True) if row["tactic"]
    ]
    assert not named


def test_words_come_from_the_closed_lists() -> None:
    """`dataset_replay` is never named here: where an item comes from is no matter of wording."""
    rows = observe([*_HONEST, *(p for prompts in _HARVEST.values() for p in prompts)])
    assert {row["tactic"] for row in rows} <= {*TACTICS, None} - {"dataset_replay"}
    assert {row["capability"] for row in rows} <= set(CAPABILITIES)
    assert all(0 <= row["tactic_probability"] <= 1 for row in rows)


def test_capabilities_follow_the_subject() -> None:
    """What a prompt is after: code, mathematics, grading, or nothing in particular."""
    rows = observe(
        [
            "Write a TypeScript function that validates an address. Return only code.",
            "Anna buys 12 pens at 3 each and sells 4 of them at 5; how much is left over?",
            _HARVEST["rubric_grading"][0],
            "ok thanks",
        ]
    )
    assert [row["capability"] for row in rows] == ["code", "mathematics", "grading", "other"]


def test_a_long_quotation_does_not_drown_what_is_asked() -> None:
    """A grading prompt stays one when the response that it quotes has 300 words."""
    long = " ".join(f"The {w} of the old harbour was {w}." for w in map(str, range(1, 60)))
    prompt = _HARVEST["rubric_grading"][0].replace("They use the sun.", long)
    assert observe([prompt])[0]["tactic"] == "rubric_grading"


def test_packing_keeps_every_weight() -> None:
    """24 signed bytes go into three words and come out again, in their places."""
    weights = np.arange(-128, 128, dtype=np.int16).astype(np.int8)[: 10 * LANES].reshape(10, LANES)
    packed = pack_weights(weights)
    back = packed.astype("<u8").view(np.uint8).reshape(10, LANES).astype(np.int16) - 128
    np.testing.assert_array_equal(back, weights)
    assert packed.shape == (10, 3)


def test_the_kernel_adds_up_the_rows_of_the_listed_features() -> None:
    """What training calls the features of a text is what the pass over the text adds up."""
    listed = " ".join(f"w{i}x" for i in range(700))
    text = f"Pears, pears and 12 crates of pears: {listed}\nPears: go\n    on\nPears:"
    chance = np.random.default_rng(3)
    weights = chance.integers(-128, 128, (2**10, LANES)).astype(np.int8)
    (reading,) = read_texts(pa.array([text]), key=KEY, weights=pack_weights(weights))
    data, offsets = text_buffers(pa.array([text]))
    work = make_room(len(data) + 1)
    first, last = read_features(data, (0, offsets[1]), character_table(), work, 1)
    found = work[1]
    buckets = (found[first:last] >> BUCKET_SHIFT) & np.uint64(len(weights) - 1)
    np.testing.assert_array_equal(reading.sums[0], weights[buckets].astype(np.int64).sum(axis=0))
    assert reading.features[0] == last - first


def test_the_middle_of_a_long_prompt_is_not_read_by_the_model() -> None:
    """Whatever stands between the first and the last forty words, the sums are the same."""
    weights = pack_weights(np.arange(-96, 96, dtype=np.int8).reshape(8, LANES))
    ends = (
        " ".join(f"w{i}x" for i in range(HEAD_WORDS)),
        " ".join(f"v{i}y" for i in range(HEAD_WORDS)),
    )
    texts = [f"{ends[0]} {middle} {ends[1]}" for middle in ("two words", "some others " * 900)]
    (reading,) = read_texts(pa.array(texts), key=KEY, weights=weights)
    np.testing.assert_array_equal(reading.sums[0], reading.sums[1])
    (whole,) = read_texts(pa.array([f"{ends[0]} {ends[1]}", ends[0]]), key=KEY, weights=weights)
    assert (whole.sums[0] == reading.sums[0]).all()
    assert (whole.sums[1] != reading.sums[0]).any()


def test_a_prompt_without_words_has_no_evidence() -> None:
    """The bias alone speaks, and it says nothing of a harvest."""
    probability = MODEL.score(np.zeros((1, LANES), np.int64), np.zeros(1, np.int64))
    assert (probability[:, : len(SCORED_TACTICS) + 1] < 0.2).all()
