"""Words that carry a sentence rather than a subject, in a dozen languages, written down by hand.

The skeleton of a prompt keeps these and masks all others; its gist drops these and keeps all
others. The one idea: what fills a slot is seldom among them, and what phrases a request is. The
list is short on purpose: with the 150 commonest words a skeleton keeps more of a filled-in text
than with 300, 600 or 2,500 (`docs/content/survival.md`). Words stand as the kernel folds them.
Deliberately absent: frequencies, and texts of others: grammars name these words.
"""

# ruff: noqa: RUF001  Russian is written in Cyrillic letters

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from stillwatch.observe.content.characters import KIND_BITS

FUNCTION_WORDS: Final = """
a an the this that these those some any each every both all no not nor none one ones other
others another such same only own more most less least much many few several very too so just
also even still ever never again always often once of to in on at by for from with without
within into onto out off over under above below up down about around across through between
among against before after during until since per as than like if then else unless while
because although though whether either neither and or but yet is are was were be been being
am do does did doing done have has had having will would shall should can could may might
must ought let there here where when why how what which who whom whose i me my mine myself
we us our ours you your yours yourself he him his himself she her hers it its itself they
them their theirs themselves s t d m ll re ve don isn aren doesn didn won
please using use used make made give given get take following
el la los las un una unos unas lo al del de en con por para sin sobre entre desde hasta segun
que y o u e ni pero si no como cuando donde quien cual cuyo mas muy ya su sus mi mis tu tus
se le les me te nos es son era fue ser estar esta este esto estos estas ese eso hay ha han
le les des du dans avec pour par sans sur sous entre vers chez et ou mais donc ni car qui
quoi dont ce cet cette ces mon ma mes ton ta tes son sa ses notre votre leur leurs je il elle
nous vous ils elles on ne pas plus tres est sont etait etre ont c j l n qu aux au comme
der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine im
ins zu zum zur von vom mit aus bei nach vor uber unter fur durch ohne gegen um auf ist sind
war waren sein wird werden wurde hat haben kann konnen muss soll ich du er sie es wir ihr
mich mir dich dir sich uns euch dass wenn wie wo wer welche welcher welches auch noch nur
schon sehr mehr als bis diese dieser dieses
os as ao aos da do das dos na no nas nos num numa pelo pela com sem mais mas nao seu sua seus
suas isso isto esse essa foi sao tem uma voce ele ela eles quando onde gli della dello delle
degli dei nel nella nelle sul sulla dal dalla che chi cui anche piu sono essere ed ho hai
questo questa questi queste quello non come loro suo sua ci vi
het een van voor naar bij uit aan om dat dit deze zijn werd worden heeft hebben niet geen
maar ook nog wel zo dan als er je jij wij ze hun ve ile icin bir bu su o da de mi ne gibi
daha cok en olarak olan w we z ze na do od po przez przed pod nad i oraz ale lub jest sa sie
nie tak jak co ktory ktora ktore
и в во на с со к ко у о об от до из за по под над при про для без через между не ни но а или
да же ли бы что как так где когда кто это этот эта эти тот та те то все всё весь он она оно
они я ты мы вы его ее их мой твой наш ваш свой был была было были быть есть
"""
"""English, Spanish, French, German, Portuguese and Italian, Dutch, Turkish and Polish, Russian."""
FUNCTION_CHARACTERS: Final = (
    "的一是了我不在有这個个们来上为為和到说以要会可你对能而那得于着下之后用所然多么去如都同还其些样但因只从它与或把被让给将请什怎哪谁吗呢吧很也就",
    "はがをにでとものへやかなのてたしいるれんす",
    "은는이가을를에의로고하다도서와과한지",
)
"""Chinese, Japanese and Korean: characters that are words of their own to the kernel."""
_BITS: Final = 2**64 - 1
_SLOTS_BITS: Final = 16
"""Bits of a word's hash that choose its bit of the table: a word in a hundred is taken for a
function word, always the same ones."""
_SYLLABLES: Final = 11_172
"""Syllables of Hangul that Unicode has composed."""


def function_table(characters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """Give the bits that tell function words: of a word's hash the top 16 choose one of 65,536.

    Cost:    some milliseconds; 8 KB, which stay in the first-level cache.
    """
    table = np.zeros(2**_SLOTS_BITS // 64, np.uint64)
    for word in (*FUNCTION_WORDS.split(), *"".join(FUNCTION_CHARACTERS)):
        slot = hash_word(word, characters) >> (64 - _SLOTS_BITS)
        table[slot // 64] |= np.uint64(1 << slot % 64)
    table.flags.writeable = False
    return table


def hash_word(word: str, characters: npt.NDArray[np.uint32]) -> int:
    """Hash one word as the kernel does.

    Units:   64 unsigned bits, not keyed.
    Source:  FNV-1a, finalised as SplitMix64.
    """
    state = 0xCBF29CE484222325
    for letter in _part(word):
        state = (state ^ int(characters[ord(letter)] >> KIND_BITS)) * 0x100000001B3 & _BITS
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _BITS
    state = (state ^ state >> 27) * 0x94D049BB133111EB & _BITS
    return state ^ state >> 31


def _part(word: str) -> str:
    """Part the syllables of Hangul, as the kernel reads them."""
    parts = []
    for letter in word:
        place = ord(letter) - 0xAC00
        if 0 <= place < _SYLLABLES:
            codes = [0x1100 + place // 588, 0x1161 + place % 588 // 28, 0x11A7 + place % 28]
            parts += codes[: 2 + (place % 28 > 0)]
        else:
            parts.append(ord(letter))
    return "".join(map(chr, parts))
