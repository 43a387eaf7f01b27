"""Ways to send a text in another dress or in other words, for `sketch_survival.py`.

Reads Debian's `wordnet-base` (its data files) and runs Debian's `apertium`, both at bench time
only. The one idea: a change takes a text and chance and gives a text; how strong it is stands in
its name. Absent: any text of others; what fills a slot is drawn from the prompts at hand.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

WORDNET: Final = Path("/usr/share/wordnet")
_PARTS: Final = ("noun", "verb", "adj", "adv")
_SENSES: Final = 2
"""First senses of a word whose other words may take its place."""
_CLOSED_WORDS: Final = """
a an the this that these those some any no each every all both few many much more most other
another such same of to in on at by for from with without into onto over under about around across
through between among against before after during until since per as than like if then so and or
but nor not only also just very too even still yet while because though whether either neither i
me my mine we us our you your he him his she her it its they them their who whom whose which what
when where why how there here be am is are was were been being do does did done have has had
having will would shall should can could may might must let one
"""
"""Words of closed classes. WordNet has open classes alone; what it knows of these are homonyms (the
ampere, the inch), which nobody would put for them."""
_CLOSED: Final = frozenset(_CLOSED_WORDS.split())
_WORD: Final = re.compile(r"([^\W\d_]+)")
_TOKEN: Final = re.compile(r"(\S+)")
_SENTENCE: Final = re.compile(r"(?<=[.!?\n])\s+")
_EDGES: Final = ".,;:!?()[]'\""
_SLOT_WORDS_MAX: Final = 4
_THERE: Final = "eng-spa"
_BACK: Final = "spa-eng"
_CYRILLIC: Final = str.maketrans("aeopcyxijs", "аеорсухіјѕ")  # noqa: RUF001  what this is about
_GREEK: Final = str.maketrans("aoivuk", "αοινυκ")
_MATHEMATICAL: Final = {97 + at: chr(0x1D41A + at) for at in range(26)}
_FULL_WIDTH: Final = {code: chr(code + 0xFEE0) for code in range(33, 127)}
_LIGATURES: Final = (("ffi", "ﬃ"), ("ffl", "ﬄ"), ("ff", "ﬀ"), ("fi", "ﬁ"), ("fl", "ﬂ"), ("st", "ﬆ"))
_LEET: Final = str.maketrans("aeiost", "431057")
_FILLERS: Final = """\
The kettle has been on since seven.
Nobody saw where the cat went last night.
Our street is quieter now that the road is closed.
I will look at it again after lunch.
The blue folder is the newer one.
Rain is expected towards the weekend.
It doesn't matter much which of them comes first.
My sister sends her regards.
We tried this once before and it went rather well.
There is still some cake in the tin.
The bus was late, so we walked along the river.
Take as much time as seems right.
A friend of mine keeps bees on a roof.
The meeting was moved to the small room.
Half of the tickets are gone already.
I would have asked earlier but forgot.
The garden needs water in the evening.
That was the last train but one.
Somebody left an umbrella by the door.
The new shelves arrive on Thursday.
"""

Change = Callable[[str, random.Random], str]


@cache
def read_synonyms() -> dict[str, list[str]]:
    """Read which words may stand for a word, by its first senses."""
    found: dict[str, list[str]] = {}
    for part in _PARTS:
        sets: dict[str, list[str]] = {}
        for line in (WORDNET / f"data.{part}").read_text("utf-8").splitlines():
            if not line.startswith(" "):
                fields = line.split(" ")
                members = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
                sets[fields[0]] = [member.split("(")[0].lower() for member in members]
        for line in (WORDNET / f"index.{part}").read_text("utf-8").splitlines():
            if not line.startswith(" "):
                fields = line.split()
                for offset in fields[-int(fields[2]) :][:_SENSES]:
                    others = [w for w in sets[offset] if w != fields[0] and w.isalpha()]
                    found.setdefault(fields[0], []).extend(others)
    return {word: others for word, others in found.items() if others}


def swap_synonyms(share: float) -> Change:
    """Swap a share of all words for synonyms; of plurals the plural."""

    def change(text: str, chance: random.Random) -> str:
        pieces = _WORD.split(text)
        options = {at: _list_synonyms(pieces[at]) for at in range(1, len(pieces), 2)}
        places = [at for at, others in options.items() if others]
        wanted = min(round(share * len(options)), len(places))
        for at in chance.sample(places, wanted):
            pieces[at] = chance.choice(options[at])
        return "".join(pieces)

    return change


def _list_synonyms(word: str) -> list[str]:
    synonyms, small = read_synonyms(), word.lower()
    if small in _CLOSED:
        return []
    if small in synonyms:
        return synonyms[small]
    return [f"{other}s" for other in synonyms.get(small.removesuffix("s"), [])]


def fill_slots(share: float, strangers: Sequence[str]) -> Change:
    """Put one to four words in a row of strangers' prompts where as many have stood."""

    def change(text: str, chance: random.Random) -> str:
        pieces = _TOKEN.split(text)
        words = len(pieces) // 2
        left = max(1, round(share * words))
        while left > 0:
            size = min(left, chance.randint(1, _SLOT_WORDS_MAX))
            first = chance.randrange(max(1, words - size + 1))
            stranger = chance.choice(strangers).split()
            start = chance.randrange(max(1, len(stranger) - size))
            for at, word in enumerate(stranger[start : start + size]):
                if 2 * (first + at) + 1 < len(pieces):
                    pieces[2 * (first + at) + 1] = word
            left -= size
        return "".join(pieces)

    return change


def fill_phrases(share: float, strangers: Sequence[str]) -> Change:
    """Put strangers' phrases for whole phrases: open-class words in a row, up to four."""
    others = [
        " ".join(pieces[at] for at in phrase)
        for pieces in map(_TOKEN.split, strangers)
        for phrase in _list_phrases(pieces)
    ]

    def change(text: str, chance: random.Random) -> str:
        pieces = _TOKEN.split(text)
        left = max(1, round(share * len(pieces) / 2))
        phrases = _list_phrases(pieces)
        chance.shuffle(phrases)
        for phrase in phrases:
            if left > 0:
                pieces[phrase[0]] = chance.choice(others)
                for at in phrase[1:]:
                    pieces[at] = ""
                left -= len(phrase)
        return "".join(pieces)

    return change


def _list_phrases(pieces: Sequence[str]) -> list[list[int]]:
    """Give the places of open-class words in a row, four at most together."""
    phrases: list[list[int]] = []
    for at in range(1, len(pieces), 2):
        if pieces[at].lower().strip(_EDGES) in _CLOSED:
            continue
        if phrases and phrases[-1][-1] == at - 2 and len(phrases[-1]) < _SLOT_WORDS_MAX:
            phrases[-1].append(at)
        else:
            phrases.append([at])
    return phrases


def enclose(opening: str, closing: str, strangers: Sequence[str]) -> Change:
    """Put between two marks, at the end, twenty words of a stranger's prompt, others each time."""

    def change(text: str, chance: random.Random) -> str:
        words = [word for word in chance.choice(strangers).split() if not set(word) & set('"`')]
        start = chance.randrange(max(1, len(words) - 20))
        return f"{text} {opening}{' '.join(words[start : start + 20])}{closing}"

    return change


def renumber(text: str, chance: random.Random) -> str:
    """Put another number for each."""
    return re.sub(r"\d+", lambda _: str(chance.randrange(1, 10_000)), text)


def reorder(text: str, chance: random.Random) -> str:
    """Shuffle the sentences and lines."""
    sentences = _SENTENCE.split(text)
    chance.shuffle(sentences)
    return " ".join(sentences)


def add_filler(share: float) -> Change:
    """Put sentences that say nothing between the others: a share of the text's words."""

    def change(text: str, chance: random.Random) -> str:
        sentences = _SENTENCE.split(text)
        left = round(share * len(text.split()))
        while left > 0:
            filler = chance.choice(_FILLERS.splitlines())
            sentences.insert(chance.randrange(len(sentences) + 1), filler)
            left -= len(filler.split())
        return " ".join(sentences)

    return change


def translate_twice(texts: Sequence[str]) -> list[str] | None:
    """Translate English texts to Spanish and back; None where Apertium isn't installed."""
    if shutil.which("apertium") is None:
        return None
    joined = "\n\n".join(" ".join(text.split()) for text in texts)
    for mode in (_THERE, _BACK):
        joined = subprocess.run(
            ["apertium", "-u", mode], input=joined, capture_output=True, text=True, check=True
        ).stdout
    found = joined.rstrip("\n").split("\n\n")
    if len(found) != len(texts):
        message = f"{len(texts)} texts were translated, {len(found)} came back"
        raise RuntimeError(message)
    return found


def _each(one: Callable[[str], str]) -> Change:
    return lambda text, _: one(text)


def _sprinkle(mark: str) -> Change:
    return lambda text, chance: "".join(c + mark if chance.random() < 0.2 else c for c in text)


def _ligate(text: str) -> str:
    for letters, one in _LIGATURES:
        text = text.replace(letters, one)
    return text


DRESSES: Final[dict[str, Change]] = {
    "capitals": _each(str.upper),
    "zero-width characters": _sprinkle("\u200b"),
    "accents on letters": lambda text, chance: re.sub(
        "[a-z]", lambda m: m[0] + "\u0301" if chance.random() < 0.2 else m[0], text
    ),
    "accents, composed": lambda text, chance: unicodedata.normalize(
        "NFC", DRESSES["accents on letters"](text, chance)
    ),
    "Cyrillic look-alikes": _each(lambda text: text.translate(_CYRILLIC)),
    "Greek look-alikes": _each(lambda text: text.translate(_GREEK)),
    "mathematical letters": _each(lambda text: text.translate(_MATHEMATICAL)),
    "full-width forms": _each(lambda text: text.translate(_FULL_WIDTH)),
    "ligatures": _each(_ligate),
    "other white space": _each(lambda text: "\u00a0\n".join(text.split())),
    "dashes between words": _each(lambda text: " - ".join(text.split())),
    "no punctuation": _each(lambda text: re.sub(r"[^\w\s]", " ", text)),
    "digits for letters": _each(lambda text: text.translate(_LEET)),
    "letters parted by dots": _each(lambda text: re.sub(r"(?<=\w)(?=\w)", ".", text)),
}
"""Changes of what a text looks like, none of them of what it says."""
