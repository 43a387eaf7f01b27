"""Nodes → values of one type each: words, whole numbers, shares, durations, lists of words.

Every reader takes a node and the problems so far, and gives the value, or None with a problem that
stands at the node. Deliberately absent: which key means what.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from stillwatch.decide.policy.language.compose import Node
from stillwatch.decide.policy.language.problems import Problems, list_words, nearest, suggest
from stillwatch.domain.limits import EFFECT_DAYS_MAX, POLICY_WORD_CHARS, POLICY_WORDS_MAX

_DURATION: Final = re.compile(r"(\d{1,6}) ?(m|h|d|w)", re.ASCII)
_UNIT_S: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%", re.ASCII)
_PERCENT: Final = 100
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)
COUNT_MAX: Final = 10**15
"""Exchanges or tokens: beyond what any provider counts, and exact as a float."""


def read_mapping(
    node: Node, problems: Problems, *, keys: Sequence[str] | None, of: str
) -> dict[str, Node]:
    """Read a mapping, with the keys that it may have; None = any.

    Cost:    linear in its keys; a key that is unknown or stands twice is a problem. A misspelt one
             is read as what was probably meant, so that it isn't missed, too.
    """
    if node.kind != "mapping":
        problems.add(node.place, f"{of} is a mapping, not {node.word()}", hint=_keys_hint(keys))
        return {}
    found: dict[str, Node] = {}
    misspelt: dict[str, Node] = {}
    for key, value in node.pairs():
        name = key.scalar
        if not isinstance(name, str):
            problems.add(key.place, f"a key is a word, not {key.word()}", hint="quote it")
        elif keys is not None and name not in keys:
            problems.add(key.place, f"{of} has no key {key.word()}", hint=suggest(name, keys))
            misspelt[nearest(name, keys) or ""] = value
        elif name in found:
            hint = "remove one: the second would hide the first"
            problems.add(key.place, f"the key {key.word()} stands twice", hint=hint)
        else:
            found[name] = value
    return {**misspelt, **found}


def _keys_hint(keys: Sequence[str] | None) -> str:
    return f"its keys are {list_words(keys)}" if keys else "write `key: value` lines under it"


def read_word(node: Node, problems: Problems, *, known: Sequence[str] | None) -> str | None:
    """Read one word, of a closed list or, where that is None, any.

    Nulls:   None = it is no such word; then there is a problem.
    Cost:    constant.
    """
    word = node.scalar
    if not isinstance(word, str):
        quote = "quote it: YAML reads it as something else" if node.kind == "scalar" else ""
        hint = list_words(known) if known else quote or "write one word"
        problems.add(node.place, f"here stands a word, not {node.word()}", hint=hint)
    elif known is not None and word not in known:
        problems.add(node.place, f"{node.word()} is unknown", hint=suggest(word, known))
    elif not word.strip() or len(word) > POLICY_WORD_CHARS or not word.isprintable():
        hint = f"1 to {POLICY_WORD_CHARS} printable characters"
        problems.add(node.place, f"{node.word()} is no word", hint=hint)
    else:
        return word
    return None


def read_name(node: Node, problems: Problems) -> str | None:
    """Read a name that the policy gives: of itself, a rule, a budget, a measure.

    Nulls:   None = it is no name; then there is a problem.
    Cost:    constant.
    """
    word = read_word(node, problems, known=None)
    if word is not None and not _NAME.fullmatch(word):
        hint = "small letters, digits, `-` and `_`, a letter first"
        problems.add(node.place, f"{node.word()} is no name", hint=hint)
        return None
    return word


def read_words(node: Node, problems: Problems, *, known: Sequence[str] | None) -> tuple[str, ...]:
    """Read a word or a list of words, each once, in their order.

    Nulls:   empty = there is none; then there is a problem.
    Cost:    linear in the words.
    """
    if node.kind != "list":
        word = read_word(node, problems, known=known)
        return () if word is None else (word,)
    if not node.items:
        problems.add(node.place, "an empty list matches nothing", hint="name one word at least")
    if len(node.items) > POLICY_WORDS_MAX:
        hint = f"{POLICY_WORDS_MAX} at most"
        problems.add(node.place, f"a list of {len(node.items):,} words", hint=hint)
        return ()
    words = [read_word(one, problems, known=known) for one in node.items]
    return tuple(dict.fromkeys(word for word in words if word is not None))


def read_flag(node: Node, problems: Problems) -> bool | None:
    """Read `true` or `false`.

    Nulls:   None = it is neither; then there is a problem.
    Cost:    constant.
    """
    if isinstance(node.scalar, bool):
        return node.scalar
    hint = "write `true` or `false`, without quotes"
    problems.add(node.place, f"here stands true or false, not {node.word()}", hint=hint)
    return None


def read_count(node: Node, problems: Problems, *, least: int = 0) -> int | None:
    """Read a whole number.

    Nulls:   None = it is none, or too small; then there is a problem.
    Cost:    constant.
    """
    value = node.scalar
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= COUNT_MAX:
        return value
    hint = f"digits alone, {least} at least"
    problems.add(node.place, f"here stands a whole number, not {node.word()}", hint=hint)
    return None


def read_share(node: Node, problems: Problems) -> float | None:
    """Read a share: `0.05` or `5%`.

    Nulls:   None = it is none; then there is a problem.
    Cost:    constant.
    """
    value = node.scalar
    percent = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if percent:
        value = float(percent[1]) / _PERCENT
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    hint = "from 0 to 1, or in per cent: `0.05`, `5%`"
    problems.add(node.place, f"here stands a share, not {node.word()}", hint=hint)
    return None


def read_duration(
    node: Node, problems: Problems, *, days_max: int = EFFECT_DAYS_MAX, may_be_zero: bool = False
) -> timedelta | None:
    """Read a duration: `30m`, `12h`, `30d`, `2w`.

    Nulls:   None = it is none, or too long; then there is a problem.
    Cost:    constant.
    """
    found = _DURATION.fullmatch(node.scalar) if isinstance(node.scalar, str) else None
    if not found:
        hint = "a number and m, h, d or w: `30m`, `12h`, `30d`, `2w`"
        problems.add(node.place, f"here stands a duration, not {node.word()}", hint=hint)
        return None
    length = timedelta(seconds=int(found[1]) * _UNIT_S[found[2]])
    if not length and not may_be_zero:
        problems.add(node.place, "a duration of nothing", hint="at least `1m`")
    elif length > timedelta(days=days_max):
        hint = f"{days_max} days at most; a later run may give it again"
        problems.add(node.place, f"{node.word()} is too long", hint=hint)
    else:
        return length
    return None


def read_number(node: Node, problems: Problems, *, most: float) -> float | None:
    """Read a bound that is a plain number, from 0 to `most`.

    Nulls:   None = it is none, or outside; then there is a problem.
    Cost:    constant.
    """
    value = node.scalar
    top = min(most, COUNT_MAX)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(float(str(value))) and 0 <= float(str(value)) <= top:
        return float(str(value))
    hint = f"from 0 to {most:g}" if math.isfinite(most) else "0 or more"
    problems.add(node.place, f"here stands a number, not {node.word()}", hint=hint)
    return None
