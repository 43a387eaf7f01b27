"""Prompts with worked examples, and of code to be completed, in many layouts; honest ones too.

Composed of `tactic_frames/exemplars.txt` and `stubs.txt`: labels, openers, closers, items,
functions. Harvest and honest prompts have the same labels, as many examples and the same code, so
that a layout alone is no tactic: it is what the examples hold, and what is asked of them. Each
clause belongs to one pool, as in `tactic_grammar`, which fills the slots.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from tactic_grammar import POOLS, Frame, read_lines

_EACH: Final = {"en": 60, "": 9}
"""Frames composed a kind and pool: in English, and in each further language."""
_GAPS: Final = ("\\n\\n", "\\n\\n", "\\n\\n", "\\n", "\\n---\\n", "\\n\\n\\n", "\\n###\\n")
"""What stands between two examples."""
_COUNTS: Final = (1, 2, 2, 3, 3, 3, 4, 5, 6)
"""How many examples a prompt has."""

_STUB_LAYOUTS: Final = (
    *("_", "_", "_", "_", "@\\n\\n_", "@\\n_", "@\\n```python\\n_\\n```"),
    *("```\\n_\\n```\\n@", "_\\n\\n# @", "_\\n    # your code"),
    "@\\n\\n### Code\\n_\\n### Completion",
)
"""How a function without its body (`_`) and the order to complete it (`@`) stand together."""

Parts = dict[str, list[str]]


def compose_exemplars(kind: str, *, seed: int) -> list[Frame]:
    """Compose frames of `harvest` or `honest`, each from one pool's clauses alone.

    Order:   by kind of prompt, language and pool. Same seed, same frames.
    """
    is_harvest = kind == "harvest"
    exemplars = ("cot_elicitation", "reasoning", _worked) if is_harvest else _HONEST_EXAMPLES
    stubs = ("code_synthesis", "code", _stub) if is_harvest else ("builder", "code", _about_code)
    return [
        frame
        for file, maker in (("exemplars", exemplars), ("stubs", stubs))
        for frame in _compose(file, maker, is_harvest=is_harvest, seed=seed)
    ]


def _compose(
    file: str,
    maker: tuple[str, str, Callable[[Parts, random.Random], str]],
    *,
    is_harvest: bool,
    seed: int,
) -> list[Frame]:
    section, capability, make = maker
    frames: list[Frame] = []
    for language, parts in parts_of(file).items():
        for pool in range(POOLS):
            mine = {part: clauses[pool::POOLS] for part, clauses in parts.items()}
            if make is _honest_examples and "honest" not in mine:
                continue
            chance = random.Random(f"{seed}-{file}-{section}-{language}-{pool}")
            many = _EACH.get(language, _EACH[""])
            texts = dict.fromkeys(make(mine, chance) for _ in range(many))
            frames.extend(
                Frame(section, capability, f"{file}-{section}-{language}-{pool}-{place}", text,
                      is_harvest, pool, is_composed=True)
                for place, text in enumerate(texts)
            )  # fmt: skip
    return frames


def parts_of(file: str) -> dict[str, Parts]:
    """Read the clauses of a file: by language, then by part."""
    parts: dict[str, Parts] = {}
    for part, language, text in read_lines(f"{file}.txt"):
        parts.setdefault(language, {}).setdefault(part, []).append(text)
    return parts


def _labelled(label: str, text: str, style: str) -> str:
    """Write a label and what it labels, in one of several styles."""
    if label.startswith("#"):
        return f"{label}\\n{text}".rstrip()
    if label.startswith("<"):
        return f"{label}{text}</{label[1:]}" if text else label
    if label.startswith("["):
        return f"{label} {text}".rstrip()
    return f"{label}{style.replace('_', text)}".rstrip()


def _series(parts: Parts, chance: random.Random) -> tuple[str, str, str, str]:
    """Choose labels, their style and what parts the examples."""
    question, answer = chance.choice(parts["labels"]).split(" / ")
    style = chance.choice((": _", ": _", ": _", ":\\n_", "\uff1a_", " - _"))
    return question, answer, style, chance.choice(_GAPS)


def _worked(parts: Parts, chance: random.Random) -> str:
    """Compose a prompt whose examples show reasoning, the last without its answer."""
    question, answer, style, gap = _series(parts, chance)
    same, closer = chance.choice(parts["opener"]), chance.choice(parts["closer"])
    is_same = chance.random() < 0.7
    item = chance.choice(parts["item"])
    is_one_kind = chance.random() < 0.6
    blocks: list[str] = []
    many = chance.choice(_COUNTS)
    for place in range(many + 1):
        asked = item if is_one_kind else chance.choice(parts["item"])
        opener = same if is_same else chance.choice(["", *parts["opener"]])
        work = " ".join(chance.choice(parts["work"]) for _ in range(chance.randint(1, 5)))
        shown = f"{opener} {work} {closer}".strip()
        if place == many:
            shown = opener if chance.random() < 0.5 else ""
        blocks.append(f"{_labelled(question, asked, style)}\\n{_labelled(answer, shown, style)}")
    if chance.random() < 0.15:
        blocks[-1] = blocks[-1].rsplit("\\n", 1)[0]
    header = [chance.choice(parts["header"])] if chance.random() < 0.6 else []
    return gap.join([*header, *blocks])


def _honest_examples(parts: Parts, chance: random.Random) -> str:
    """Compose a prompt of the same layout that asks for no reasoning: lists, forms, dialogues."""
    question, answer, style, gap = _series(parts, chance)
    pair = chance.choice(parts["honest"])
    is_one_kind = chance.random() < 0.8
    blocks: list[str] = []
    for _ in range(chance.choice(_COUNTS) + 1):
        asked, shown = (pair if is_one_kind else chance.choice(parts["honest"])).split(" => ")
        blocks.append(f"{_labelled(question, asked, style)}\\n{_labelled(answer, shown, style)}")
    if chance.random() < 0.4:
        blocks[-1] = f"{_labelled(question, asked, style)}\\n{_labelled(answer, '', style)}"
    task = chance.choice(parts["honesttask"])
    end = chance.choice(parts["honestend"])
    turn = chance.random()
    if turn < 0.45:
        blocks.insert(0, task)
    elif turn < 0.9:
        blocks.append(end)
    return gap.join(blocks)


_HONEST_EXAMPLES: Final = ("app_payload", "other", _honest_examples)


def _function(parts: Parts, chance: random.Random) -> tuple[str, str]:
    """Compose a signature with its docstring; give it and its first parameter."""
    does, name, types, example = chance.choice(parts["does"]).split(" / ")
    takes, _, gives = types.partition(" -> ")
    given, _, made = example.replace(";", ":").partition(" -> ")
    mark = chance.choice(('"""', '"""', "'''"))
    call = f"{name}({given})"
    shown = chance.choice(
        (
            f"\\n    >>> {call}\\n    {made}",
            f"\\n\\n    >>> {call}\\n    {made}\\n    >>> {call}\\n    {made}",
            f"\\n    Example:\\n    {call} == {made}",
            f"\\n    For example, {call} should return {made}.",
            f"\\n\\n    Examples:\\n    * {call} => {made}\\n    * {call} => {made}",
            f"\\n    {call} # returns {made}",
            "",
        )
    )
    opening = chance.choice(("", " ", "\\n    "))
    head = f"def {name}({takes}){f' -> {gives}' if gives else ''}:"
    ask = chance.choice(
        ("_", "_", "Write a function that has to: _", "You are to _", "_. Mind empty input")
    )
    text = ask.replace("_", does if ask == "_" else does[0].lower() + does[1:])
    close = chance.choice((f"\\n    {mark}", f"\\n    {mark}\\n", mark))
    return f"{head}\\n    {mark}{opening}{text}.{shown}{close}", takes.split(":")[0].split(",")[0]


def _before(parts: Parts, chance: random.Random) -> str:
    """Compose what may stand before a function: imports, a helper, nothing."""
    ahead = ""
    if chance.random() < 0.4:
        ahead += f"{chance.choice(parts['import'])}\\n\\n\\n"
    if chance.random() < 0.3:
        ahead += f"{chance.choice(parts['helper'])}\\n\\n\\n"
    return ahead


def _stub(parts: Parts, chance: random.Random) -> str:
    """Compose a function without its body, with an order to complete it or without one."""
    stub = _before(parts, chance) + _function(parts, chance)[0]
    order = chance.choice(parts["order"])
    layout = chance.choice(_STUB_LAYOUTS)
    return layout.replace("_", "\0").replace("@", order).replace("\0", stub)


def _about_code(parts: Parts, chance: random.Random) -> str:
    """Compose an honest prompt that shows code: whole functions, errors, pages, with a question."""
    whole, first = _function(parts, chance)
    body = chance.choice(parts["whole"]).replace("{arg}", first)
    code = chance.choice(
        (f"{_before(parts, chance)}{whole}\\n{body}", f"{whole.split(chr(92))[0]}\\n{body}",
         chance.choice(parts["pasted"]))
    )  # fmt: skip
    layout = chance.choice(
        ("@\\n\\n_", "@\\n_", "_\\n\\n@", "_\\n@", "@\\n```\\n_\\n```", "```\\n_\\n```\\n\\n@", "_")
    )
    return layout.replace("_", "\0").replace("@", chance.choice(parts["ask"])).replace("\0", code)
