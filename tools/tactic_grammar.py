"""Our own prompts, for training and testing the tactics model: how a harvest asks, how others do.

Frames stand in `tactic_frames/`: `harvest.txt` (a section a tactic), `honest.txt` (a section a
role), `slots.txt` (what fills them, for both alike, so that no subject gives a tactic away).
`[a|b]` chooses, `{slot}` fills, `{n}` is a number. The same seed gives the same prompts.
Further frames are composed from `harvest_clauses.txt` and `honest_clauses.txt`: a role, what is
asked, the form of the output and the payload, in any of `_LAYOUTS`. Each clause belongs to one pool
and is never put beside clauses of another, so that a pool left out is wording never seen.
`harvest_forms.txt` and `honest_forms.txt` hold further frames by layout and language;
`hard_honest.txt` holds the honest hard set, which is tested on and never learnt from.

Deliberately absent: any sentence of anybody else's.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FRAMES: Final = Path(__file__).parent / "tactic_frames"
_CHOICE: Final = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{([a-z]+)\}")
POOLS: Final = 4
"""Parts into which frames and clauses fall; training leaves out one after another."""
_COMPOSED: Final = {"en": 30, "": 6}
"""Frames composed a section and pool: in English, and in each further language."""
_LAYOUTS: Final = (
    "{role} {ask} {form}\n\n{payload}",
    "{role}\n{ask}\n- {form}\n- {form}\n\n{payload}",
    "{role}\n\n{payload}\n\n{ask} {form}",
    "{role} {form} {ask}\n{payload}",
    "{role} {ask}\n{payload}",
    "{ask} {form}\n{payload}",
    "{ask} {form} {form}\n\n{payload}",
    "{ask}\n\n{payload}\n\n{form}",
    "{ask}\n{payload}",
    "{ask} {payload}",
    "{payload}\n\n{ask} {form}",
    "{payload}\n{ask}",
    "{form} {ask}\n{payload}",
    "{hello} {ask} {form}\n\n{payload}\n\n{thanks}",
    "{hello} {ask} {thanks}\n{payload}",
    "{hello} {payload}\n{ask} {form} {thanks}",
)
"""How the clauses follow one another, in harvest and honest prompts alike."""
HARD_EACH: Final = 10
"""Prompts made of each frame of the hard set, at most."""
ALIKE_MAX: Final = 0.5
"""Share of their distinct words that two prompts of the hard set may have in common (Jaccard)."""
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W_]+")
"""A word as the kernel counts: a character alone in Chinese, Japanese and Korean."""
_HOLE: Final = re.compile(r"\n- (?=\n|$)|^- | (?= |\n|$)")
"""What an empty part leaves behind in a layout: a bullet or a blank too many."""
_MANNERS: Final = frozenset({"hello", "thanks"})
"""Slots of `_LAYOUTS` that are courtesy alone, and English."""
_MATHEMATICS: Final = "mathematics"
_TOPICAL: Final = frozenset(
    {"cot_elicitation", "reasoning_trace_reconstruction", "student", "learner"}
)
"""Sections whose prompts are after mathematics where that is what fills them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One way to ask: its section (tactic or role), capability, place in its file, and text."""

    section: str
    capability: str
    name: str
    text: str
    is_harvest: bool
    pool: int
    is_composed: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt made from a frame."""

    frame: Frame
    text: str
    capability: str


def read_frames(file: str) -> list[Frame]:
    """Read the frames of a file (`harvest`, `honest_forms`, ...), in its order."""
    frames: list[Frame] = []
    for section, capability, text in read_lines(f"{file}.txt"):
        name = f"{section}-{len(frames)}" if "_" not in file else f"{file}-{len(frames)}"
        pool = len(frames) % POOLS
        frames.append(Frame(section, capability, name, text, file.startswith("harvest"), pool))
    return frames


def hard_prompts(*, seed: int) -> list[Prompt]:
    """Make the honest hard set: at most HARD_EACH prompts a frame, no two of them much alike."""
    kept: list[Prompt] = []
    seen: list[frozenset[str]] = []
    for prompt in expand(read_frames("hard_honest"), each=HARD_EACH, seed=seed):
        mine = words_of(prompt.text)
        if all(likeness(mine, other) <= ALIKE_MAX for other in seen):
            kept.append(prompt)
            seen.append(mine)
    return kept


def words_of(text: str) -> frozenset[str]:
    """Give the distinct words of a text, in lower case."""
    return frozenset(_WORD.findall(text.lower()))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Give the Jaccard likeness of two sets of words."""
    return len(one & other) / max(len(one | other), 1)


def compose_frames(kind: str, *, seed: int) -> list[Frame]:
    """Compose frames of `harvest` or `honest` from clauses, each frame from one pool's alone.

    Order:   by section, language and pool. Same seed, same frames.
    """
    frames: list[Frame] = []
    for (section, capability, language), parts in _clauses(kind).items():
        for pool in range(POOLS):
            mine = {part: clauses[pool::POOLS] for part, clauses in parts.items()}
            if not mine["ask"]:
                continue  # a payload alone asks for nothing and would teach nothing but itself
            chance = random.Random(f"{seed}-{section}-{language}-{pool}")
            many = _COMPOSED.get(language, _COMPOSED[""])
            texts = dict.fromkeys(_lay_out(mine, language, chance) for _ in range(many))
            for place, text in enumerate(texts):
                name = f"{section}-{language}-{pool}-{place}"
                is_harvest = kind == "harvest"
                frames.append(
                    Frame(section, capability, name, text, is_harvest, pool, is_composed=True)
                )
    return frames


def _lay_out(parts: dict[str, list[str]], language: str, chance: random.Random) -> str:
    """Put clauses of one pool into a layout, none twice; a part without clauses stays empty."""
    left = {part: chance.sample(clauses, len(clauses)) for part, clauses in parts.items()}

    def clause(slot: re.Match[str]) -> str:
        part = slot.group(1)
        if part in _MANNERS:
            return slot.group(0) if language == "en" else ""
        return left[part].pop() if left.get(part) else ""

    text = _SLOT.sub(clause, chance.choice(_LAYOUTS))
    return _HOLE.sub("", text).strip()


def _clauses(kind: str) -> dict[tuple[str, str, str], dict[str, list[str]]]:
    """Read the clauses of a kind: by (section, capability, language), then by part."""
    clauses: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    part = language = ""
    for section, capability, text in read_lines(f"{kind}_clauses.txt"):
        if text.startswith("### "):
            part, language = text.removeprefix("### ").split()
        else:
            of_language = clauses.setdefault((section, capability, language), {})
            of_language.setdefault(part, []).append(text)
    return clauses


def expand(
    frames: list[Frame], *, each: int, seed: int, borrowed: dict[str, list[str]] | None = None
) -> list[Prompt]:
    """Make `each` different prompts of every frame (fewer where it hasn't as many).

    `borrowed` gives some slots further fillings: each such slot is filled from there half the
    time, so that what is quoted has words of all kinds, in harvest and honest prompts alike.
    Order:   by frame. Same seed, same prompts, whatever other frames there are.
    """
    slots = _slots()
    for name, texts in (borrowed or {}).items():
        own = slots[name]
        slots[name] = [*own * (len(texts) // len(own)), *texts]
    prompts: list[Prompt] = []
    for frame in frames:
        chance = random.Random(f"{seed}-{frame.name}")
        filled = dict.fromkeys(_fill(frame.text, slots, chance) for _ in range(2 * each))
        prompts.extend(
            Prompt(frame, text, _MATHEMATICS if is_mathematics else frame.capability)
            for text, is_mathematics in list(filled)[:each]
        )
    return prompts


def _fill(text: str, slots: dict[str, list[str]], chance: random.Random) -> tuple[str, bool]:
    """Fill one frame; say too whether a piece of mathematics is what filled it."""
    is_mathematics = False
    while True:
        choice, slot = _CHOICE.search(text), _SLOT.search(text)
        if choice:
            chosen = chance.choice(choice.group(1).split("|"))
            text = text[: choice.start()] + chosen + text[choice.end() :]
        elif slot:
            name = slot.group(1)
            filling = _number(chance) if name == "n" else chance.choice(slots[name])
            is_mathematics |= name == "math" or filling == "{math}"
            text = text[: slot.start()] + filling + text[slot.end() :]
        else:
            return text.replace("\\n", "\n"), is_mathematics


def _number(chance: random.Random) -> str:
    return str(chance.choice((2, 3, 4, 5, 7, 8, 10, 12, 15, 20, 24, 36, 45, 60, 90, 120, 250)))


def _slots() -> dict[str, list[str]]:
    slots: dict[str, list[str]] = {}
    for name, _, text in read_lines("slots.txt"):
        slots.setdefault(name, []).append(text)
    return slots


def read_lines(file: str) -> Iterator[tuple[str, str, str]]:
    """Give (section, capability, line) of each line of a file, or (part, language, line)."""
    section = capability = ""
    for line in (FRAMES / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section, _, capability = line[3:].partition(" ")
        elif line and not line.startswith("# "):
            yield section, capability, line
