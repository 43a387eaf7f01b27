"""Our own prompts, for training and testing the tactics model: how a harvest asks, how others do.

Frames stand in `tactic_frames/`: `harvest.txt` (a section a tactic), `honest.txt` (a section a
role), `slots.txt` (what fills them, for both alike, so that no subject gives a tactic away).
`[a|b]` chooses, `{slot}` fills, `{n}` is a number. The same seed gives the same prompts.

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
_MATHEMATICS: Final = "mathematics"
_TOPICAL: Final = frozenset({"cot_elicitation", "reasoning_trace_reconstruction", "student"})
"""Sections whose prompts are after mathematics where that is what fills them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One way to ask: its section (tactic or role), capability, place in its file, and text."""

    section: str
    capability: str
    name: str
    text: str
    is_harvest: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt made from a frame."""

    frame: Frame
    text: str
    capability: str


def read_frames(kind: str) -> list[Frame]:
    """Read the frames of `harvest` or `honest`, in the order of the file."""
    frames: list[Frame] = []
    for section, capability, text in _read(f"{kind}.txt"):
        name = f"{section}-{len(frames)}"
        frames.append(Frame(section, capability, name, text, kind == "harvest"))
    return frames


def expand(frames: list[Frame], *, each: int, seed: int) -> list[Prompt]:
    """Make `each` different prompts of every frame (fewer where it hasn't as many).

    Order:   by frame. Same seed, same prompts, whatever other frames there are.
    """
    slots = _slots()
    prompts: list[Prompt] = []
    for frame in frames:
        chance = random.Random(f"{seed}-{frame.name}")
        texts = dict.fromkeys(_fill(frame.text, slots, chance) for _ in range(2 * each))
        prompts.extend(
            Prompt(frame, text, _MATHEMATICS if is_mathematics else frame.capability)
            for text, is_mathematics in list(texts)[:each]
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
    for name, _, text in _read("slots.txt"):
        slots.setdefault(name, []).append(text)
    return slots


def _read(file: str) -> Iterator[tuple[str, str, str]]:
    """Give (section, capability, line) of a file of frames."""
    section = capability = ""
    for line in (FRAMES / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section, _, capability = line[3:].partition(" ")
        elif line and not line.startswith("# "):
            yield section, capability, line
