"""Honest prompts of many lines: system texts with sections and rules, notes, forms, dialogues.

Composed of `tactic_frames/documents.txt`. They have what a harvest's layout has too (labels,
lists, a last line that is open), so that lines alone are no tactic. Each clause belongs to one
pool, as in `tactic_grammar`, which fills the slots.
"""

from __future__ import annotations

import random
from typing import Final

from tactic_exemplars import Parts, parts_of
from tactic_grammar import POOLS, Frame

_EACH: Final = 90
"""Documents composed of each pool."""
_HEADINGS: Final = ("# _", "## _", "### _", "**_**", "_:", "_", "[_]", "<_>", "_ -", "== _ ==")
_BULLETS: Final = ("- ", "* ", "", "1. ", "• ", "    - ", "\\t")
_GAPS: Final = ("\\n\\n", "\\n\\n", "\\n", "\\n\\n\\n", "\\n---\\n")


def compose_documents(*, seed: int) -> list[Frame]:
    """Compose honest frames of many lines, each from one pool's clauses. Same seed, same frames."""
    frames: list[Frame] = []
    for language, parts in parts_of("documents").items():
        for pool in range(POOLS):
            mine = {part: clauses[pool::POOLS] for part, clauses in parts.items()}
            chance = random.Random(f"{seed}-documents-{language}-{pool}")
            texts = dict.fromkeys(_document(mine, chance) for _ in range(_EACH))
            frames.extend(
                Frame("document", "other", f"documents-{language}-{pool}-{place}", text,
                      is_harvest=False, pool=pool, is_composed=True)
                for place, text in enumerate(texts)
            )  # fmt: skip
    return frames


def _document(parts: Parts, chance: random.Random) -> str:
    """Compose a document of one to eight blocks."""
    heading, bullet = chance.choice(_HEADINGS), chance.choice(_BULLETS)
    block = chance.choice((_section, _section, _section, _form, _dialogue, _paragraph))
    is_mixed = chance.random() < 0.4
    blocks = [chance.choice(parts["opening"])] if chance.random() < 0.8 else []
    for _ in range(chance.randint(1, 8)):
        make = chance.choice((_section, _form, _paragraph)) if is_mixed else block
        blocks.append(make(parts, chance, heading, bullet))
    if chance.random() < 0.35:
        blocks.append(chance.choice(parts["end"]))
    if chance.random() < 0.1:
        blocks.append(f"{chance.choice(parts['heading'])}:")
    return chance.choice(_GAPS).join(blocks)


def _section(parts: Parts, chance: random.Random, heading: str, bullet: str) -> str:
    kind = chance.choice(("rule", "rule", "fact"))
    lines = [chance.choice(parts[kind]) for _ in range(chance.randint(1, 6))]
    listed = "\\n".join(f"{bullet.replace('1', str(at))}{line}" for at, line in enumerate(lines, 1))
    return f"{heading.replace('_', chance.choice(parts['heading']))}\\n{listed}"


def _form(parts: Parts, chance: random.Random, _heading: str, bullet: str) -> str:
    mark = bullet if bullet in {"- ", "* "} else ""
    lines = range(chance.randint(2, 6))
    return "\\n".join(
        f"{mark}{chance.choice(parts['key'])}: {chance.choice(parts['fact'])}" for _ in lines
    )


def _dialogue(_parts: Parts, chance: random.Random, _heading: str, _bullet: str) -> str:
    one, other = chance.choice(
        (("{name}", "{name}"), ("Me", "Him"), ("Customer", "Shop"), ("Guest", "Host"), ("A", "B"))
    )
    return "\\n".join(
        f"{one}: {{sentence}}\\n{other}: {{sentence}}" for _ in range(chance.randint(1, 4))
    )


def _paragraph(parts: Parts, chance: random.Random, _heading: str, _bullet: str) -> str:
    rules = " ".join(chance.choice(parts["rule"]) for _ in range(chance.randint(2, 6)))
    return f"{rules} {chance.choice(parts['fact'])}"
