"""The words that belong to no topic: what everybody writes with.

Between `topics.py` and `sentences.py`; the lists are in `words.txt`: single words
and short phrases by the place that they take in a sentence, and proper names (people, projects,
places) made of syllables, so that every account has names that hardly anybody else uses. Absent:
any real name.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Final

_TEXT: Final = files(__package__).joinpath("words.txt").read_text("utf-8")


def _read(name: str) -> tuple[str, ...]:
    """Read one list of `words.txt`: a name in brackets, then words parted by semicolons."""
    body = _TEXT.split(f"[{name}]\n")[1].split("[")[0]
    return tuple(" ".join(word.split()) for word in body.split(";"))


GENERAL_NOUNS: Final = _read("nouns")
GENERAL_VERBS: Final = _read("verbs")
GENERAL_ADJECTIVES: Final = _read("adjectives")
ADVERBS: Final = _read("adverbs")
TIMES: Final = _read("times")
CONNECTIVES: Final = _read("connectives")
UNITS: Final = _read("units")
PREPOSITIONS: Final = _read("prepositions")
THINGS: Final = _read("things")
"""What word problems count."""
CODE_WORDS: Final = _read("code words")
CODE_TYPES: Final = ("int", "float", "str", "bool", "bytes", "list[int]", "list[str]", "set[int]")
ITEM_HALF: Final = 1_000
"""An item's number is i + 1000 j."""
OWN_WINDOW: Final = {"P": 4, "O": 2, "X": 3}
"""Names that one writer uses, of the many there are, by kind of slot."""
_NAMES: Final = 4_000  # made-up names of each of the three sorts
_ONSETS: Final = _read("onsets")
_VOWELS: Final = _read("vowels")
_CODAS: Final = _read("codas")


def list_names(count: int, *, salt: int) -> list[str]:
    """Make up proper names from syllables.

    Order:   fixed by salt; every name is different.
    """
    names: dict[str, None] = {}
    step = 7_919 + 2 * salt  # an odd stride through the syllable pairs
    at = salt
    while len(names) < count:
        at += step
        first, rest = at % len(_ONSETS), at // len(_ONSETS)
        vowel, rest = rest % len(_VOWELS), rest // len(_VOWELS)
        onset, rest = rest % len(_ONSETS), rest // len(_ONSETS)
        tail, rest = rest % len(_VOWELS), rest // len(_VOWELS)
        coda = rest % len(_CODAS)
        word = _ONSETS[first] + _VOWELS[vowel] + _ONSETS[onset] + _VOWELS[tail] + _CODAS[coda]
        names[word.capitalize()] = None
    return list(names)


def list_general(kind: str) -> Iterable[str]:
    """List the words of a kind of slot that every topic shares."""
    halves = range(2, 2 + ITEM_HALF)  # nobody buys 0 apples
    numbers = {"Q": range(2, 100), "Y": range(100, ITEM_HALF), "i": halves, "j": halves}
    if kind in numbers:
        return [str(number) for number in numbers[kind]]
    if kind in OWN_WINDOW:
        return list_names(_NAMES, salt=1 + "POX".index(kind) * 100_003)
    return {
        "G": GENERAL_NOUNS,
        "W": GENERAL_VERBS,
        "J": GENERAL_ADJECTIVES,
        "w": [third_person(verb) for verb in GENERAL_VERBS],
        "a": [with_article(adjective) for adjective in GENERAL_ADJECTIVES],
        "D": ADVERBS,
        "T": TIMES,
        "U": UNITS,
        "R": PREPOSITIONS,
        "C": CONNECTIVES,
        "E": CODE_WORDS,
        "H": CODE_TYPES,
        "M": THINGS,
    }[kind]


def third_person(verb: str) -> str:
    """Inflect a verb: she bakes, she polishes, she tidies."""
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


def gerund(verb: str) -> str:
    """Inflect a verb: baking, tying, planting; short verbs double their last letter."""
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    short = len(verb) <= 4 and verb[-1] not in "aeiouwxy" and verb[-2] in "aeiou"  # noqa: PLR2004  letters
    doubled = short and verb[-3] not in "aeiou"
    return verb + verb[-1] + "ing" if doubled else verb + "ing"


def with_article(adjective: str) -> str:
    """Put the indefinite article before an adjective."""
    starts_soft = adjective[0] in "aeio" or (adjective[0] == "u" and not adjective.startswith("us"))
    return ("an " if starts_soft else "a ") + adjective
