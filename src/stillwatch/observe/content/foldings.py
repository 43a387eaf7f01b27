"""What a character folds to: the letter without its marks, its case and its foreign dress.

Read by `characters`, which makes the kernel's table of it. Written out, not taken from
`unicodedata`: hashes must be the same under every version of Python; the tests hold this page
against `unicodedata`. The one idea: a look-alike of a Latin letter folds to that letter *always*,
not only in words that mix scripts. A hash need only be consistent, and Russian or Greek words stay
apart from one another because no two letters of one of these alphabets fold to one (`\u0451` and
`\u0439` fold to `\u0435` and `\u0438`, as their decomposed forms do).
Deliberately absent: look-alikes of more than one letter (`rn` for `m`) and digits for letters.
"""

from __future__ import annotations

from typing import Final

FOLDED: Final = (
    (0x00AA, "a"),
    (0x00B5, "m"),
    (0x00BA, "o"),
    (
        0x00C0,
        (
            "aaaaaa\u00c6ceeeeiiiidnooooo\u00d7ouuuuy\u00de\u00dfaaaaaa\u00e6ceeeeiiiidnooo"
            "oo\u00f7ouuuuy\u00feyaaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii\u0132"
            "\u0133jjkk\u0138llllllllllnnnnnnnnnoooooo\u0152\u0153rrrrrrssssssssttttttuuuuu"
            "uuuuuuuwwyyyzzzzzzsbb\u0183\u0183\u0185\u0185\u0254ccdd\u018c\u018c\u018d"
            "\u01dd\u0259\u025bffg\u0263\u0195\u0269ikkl\u019b\u026fnnooo\u01a3\u01a3ppr"
            "\u01a8\u01a8\u0283\u01aa\u01abtttuu\u028avyyzz\u0292\u01b9\u01b9\u01ba\u01bb"
            "\u01bd"
        ),
    ),
    (
        0x01CD,
        (
            "aaiioouuuuuuuuuu\u01ddaaaa\u01e2\u01e3\u01e5\u01e5ggkkoooo\u0292\u0292j\u01f1"
            "\u01f2\u01f3gg\u0195\u01bfnnaa\u01fc\u01fdooaaaaeeeeiiiioooorrrruuuusstt\u021d"
            "\u021dhhn\u0221\u0223\u0223zzaaeeooooooooyy\u0234\u0235\u0236j\u0238\u0239accl"
            "t\u023f\u0240\u0242\u0242buveejjqqrryy"
        ),
    ),
    (0x0251, "a\u0252b\u0254\u0255dd"),
    (0x0260, "ggg\u0263\u0264\u0265\u0266\u0267i\u0269i"),
    (0x0272, "n\u0273no"),
    (0x0280, "r\u0281s\u0283\u0284\u0285\u0286\u0287tu\u028avv\u028d\u028ey"),
    (0x0299, "b\u029a\u029bh\u029d\u029el"),
    (0x02B0, "h\u0266jr\u0279\u027b\u0281wy"),
    (0x0370, "\u0371\u0371\u0373\u0373\u02b9\u0375\u0377"),
    (0x037F, "\u03f3"),
    (
        0x0386,
        (
            "a\u0387ehi\u038bo\u038du\u03c9iab\u03b3\u03b4ezh\u03b8ik\u03bbmv\u03beo\u03c0p"
            "\u03a2\u03c3tu\u03c6x\u03c8\u03c9iuaehiuab\u03b3\u03b4ezh\u03b8ik\u03bbmv"
            "\u03beo\u03c0p\u03c3\u03c3tu\u03c6x\u03c8\u03c9iuou\u03c9\u03d7b\u03b8uuu"
            "\u03c6\u03c0\u03d7\u03d9\u03d9\u03db\u03db\u03dd\u03dd\u03df\u03df\u03e1\u03e1"
            "\u03e3\u03e3\u03e5\u03e5\u03e7\u03e7\u03e9\u03e9\u03eb\u03eb\u03ed\u03ed\u03ef"
            "\u03efkp\u03c3\u03f3\u03b8e\u03f6\u03f8\u03f8\u03c3\u03fb\u03fb\u03fc\u037b"
            "\u037c\u037d"
        ),
    ),
    (
        0x0400,
        (
            "ee\u0452\u0433\u0454siij\u0459\u045a\u045bk\u0438y\u045fa\u0431b\u0433\u0434e"
            "\u0436\u0437\u0438\u0438k\u043bmho\u043fpcty\u0444x\u0446\u0447\u0448\u0449"
            "\u044a\u044b\u044c\u044d\u044e\u044fa\u0431b\u0433\u0434e\u0436\u0437\u0438"
            "\u0438k\u043bmho\u043fpcty\u0444x"
        ),
    ),
    (
        0x0450,
        (
            "ee\u0452\u0433\u0454siij\u0459\u045a\u045bk\u0438y\u045f\u0461\u0461\u0463"
            "\u0463\u0465\u0465\u0467\u0467\u0469\u0469\u046b\u046b\u046d\u046d\u046f\u046f"
            "\u0471\u0471\u0473\u0473vvvv\u0479\u0479\u047b\u047b\u047d\u047d\u047f\u047f"
            "\u0481"
        ),
    ),
    (
        0x048A,
        (
            "\u048b\u048b\u048d\u048d\u048f\u048f\u0491\u0491\u0493\u0493\u0495\u0495\u0497"
            "\u0497\u0499\u0499\u049b\u049b\u049d\u049d\u049f\u049f\u04a1\u04a1\u04a3\u04a3"
            "\u04a5\u04a5\u04a7\u04a7\u04a9\u04a9\u04ab\u04ab\u04ad\u04ad\u04af\u04af\u04b1"
            "\u04b1\u04b3\u04b3\u04b5\u04b5\u04b7\u04b7\u04b9\u04b9hh\u04bd\u04bd\u04bf"
            "\u04bfl\u0436\u0436\u04c4\u04c4\u04c6\u04c6\u04c8\u04c8\u04ca\u04ca\u04cc"
            "\u04cc\u04ce\u04celaaaa\u04d5\u04d5ee\u04d9\u04d9\u04d9\u04d9\u0436\u0436"
            "\u0437\u0437\u04e1\u04e1\u0438\u0438\u0438\u0438oo\u04e9\u04e9\u04e9\u04e9"
            "\u044d\u044dyyyyyy\u0447\u0447\u04f7\u04f7\u044b\u044b\u04fb\u04fb\u04fd\u04fd"
            "\u04ff\u04ffdd\u0503\u0503\u0505\u0505\u0507\u0507\u0509\u0509\u050b\u050bgg"
            "\u050f\u050f\u0511\u0511\u0513\u0513\u0515\u0515\u0517\u0517\u0519\u0519qqww"
            "\u051f\u051f\u0521\u0521\u0523\u0523\u0525\u0525\u0527\u0527\u0529\u0529\u052b"
            "\u052b\u052d\u052d\u052f"
        ),
    ),
    (
        0x0531,
        (
            "\u0561\u0562\u0563\u0564\u0565\u0566\u0567\u0568\u0569\u056a\u056b\u056c\u056d"
            "\u056e\u056f\u0570\u0571\u0572\u0573\u0574\u0575\u0576\u0577\u0578\u0579\u057a"
            "\u057b\u057c\u057d\u057e\u057f\u0580\u0581\u0582\u0583\u0584\u0585\u0586"
        ),
    ),
    (0x1D00, "a\u1d01\u1d02\u1d03cd\u1d06e\u1d08\u1d09jk\u1d0cm\u1d0eo"),
    (0x1D18, "p\u1d19\u1d1atu\u1d1d\u1d1e\u1d1fvwz"),
    (
        0x1D2C,
        (
            "a\u1d2db\u1d2fde\u01ddghijklmn\u1d3bo\u0223prtuwa\u0250a\u1d02bde\u0259\u025b"
            "\u025cg\u1d4ekmno\u0254\u1d16\u1d17ptu\u1d1d\u026fv\u1d25b\u03b3\u03b4\u03c6xi"
            "ruvb\u03b3p\u03c6x"
        ),
    ),
    (0x1D78, "h"),
    (
        0x1E00,
        (
            "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoo"
            "oooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyas"
            "\u1e9c\u1e9d\u1e9e\u1e9faaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooo"
            "oooooooooooooouuuuuuuuuuuuuuyyyyyyyy\u1efb\u1efb\u1efd\u1efd\u1eff"
        ),
    ),
    (
        0x1F00,
        (
            "aaaaaaaaaaaaaaaaeeeeee\u1f16\u1f17eeeeee\u1f1e\u1f1fhhhhhhhhhhhhhhhhiiiiiiiiii"
            "iiiiiioooooo\u1f46\u1f47oooooo\u1f4e\u1f4fuuuuuuuu\u1f58u\u1f5au\u1f5cu\u1f5eu"
            "\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9"
            "\u03c9\u03c9\u03c9aaeehhiioouu\u03c9\u03c9\u1f7e\u1f7faaaaaaaaaaaaaaaahhhhhhhh"
            "hhhhhhhh\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9\u03c9"
            "\u03c9\u03c9\u03c9\u03c9\u03c9aaaaa\u1fb5aaaaaaa\u1fbdi\u1fbf\u1fc0\u1fc1hhh"
            "\u1fc5hheehhh\u1fcd\u1fce\u1fcfiiii\u1fd4\u1fd5iiiiii\u1fdc\u1fdd\u1fde\u1fdfu"
            "uuuppuuuuuup\u1fed\u1fee\u1fef\u1ff0\u1ff1\u03c9\u03c9\u03c9\u1ff5\u03c9\u03c9"
            "oo\u03c9\u03c9\u03c9"
        ),
    ),
    (0x2071, "i"),
    (0x207F, "n"),
    (0x2090, "aeox\u0259hklmnpst"),
    (
        0x2102,
        "c\u2103\u2104\u2105\u2106\u025b\u2108\u2109ghhhhhiill\u2114n\u2116\u2117\u2118pqrrr",
    ),
    (
        0x2124,
        (
            "z\u2125\u03c9\u2127z\u2129kabc\u212eeef\u214emo\u05d0\u05d1\u05d2\u05d3i\u213a"
            "\u213b\u03c0\u03b3\u03b3\u03c0\u2140\u2141\u2142\u2143\u2144ddeij"
        ),
    ),
    (
        0x2160,
        (
            "i\u2161\u2162\u2163v\u2165\u2166\u2167\u2168x\u216a\u216blcdmi\u2171\u2172"
            "\u2173v\u2175\u2176\u2177\u2178x\u217a\u217blcdm"
        ),
    ),
    (
        0x2C60,
        (
            "\u2c61\u2c61\u026b\u1d7d\u027dat\u2c68\u2c68\u2c6a\u2c6a\u2c6c\u2c6ca\u0271"
            "\u0250\u0252\u2c71\u2c73\u2c73\u2c74\u2c76"
        ),
    ),
    (0x2C7C, "jv\u023f\u0240"),
    (0xA731, "s"),
    (0x0622, "\u0627\u0627\u0648\u0627\u064a"),  # Arabic letters that carry hamza or madda
)
"""Runs of characters: the first, and what each folds to; what isn't named stays what it is."""

LIGATURES: Final = {
    "ae": (0xC6, 0xE6, 0x01E2, 0x01E3, 0x01FC, 0x01FD, 0x1D2D),
    "ss": (0xDF, 0x1E9E),
    "th": (0xDE, 0xFE),
    "ij": (0x0132, 0x0133),
    "oe": (0x0152, 0x0153),
    "dz": (0x01C4, 0x01C5, 0x01C6, 0x01F1, 0x01F2, 0x01F3),
    "lj": (0x01C7, 0x01C8, 0x01C9),
    "nj": (0x01CA, 0x01CB, 0x01CC),
    "ff": (0xFB00,),
    "fi": (0xFB01,),
    "fl": (0xFB02,),
    "ffi": (0xFB03,),
    "ffl": (0xFB04,),
    "st": (0xFB05, 0xFB06),
    "ii": (0x2161, 0x2171),
    "iii": (0x2162, 0x2172),
    "iv": (0x2163, 0x2173),
    "vi": (0x2165, 0x2175),
    "vii": (0x2166, 0x2176),
    "ix": (0x2168, 0x2178),
    "xi": (0x216A, 0x217A),
    "xii": (0x216B, 0x217B),
}
"""Characters that stand for several letters, three at most."""

ENCLOSED: Final = (0x249C, 0x24B6, 0x24D0)
"""Where the 26 letters in brackets or circles begin."""

VOICED: Final = (
    (0x304C, 0x3063, 2, 1),
    (0x3065, 0x306A, 2, 1),
    (0x3070, 0x307E, 3, 1),
    (0x3071, 0x307E, 3, 2),
    (0x3094, 0x3095, 1, 0x4E),
    (0x309E, 0x309F, 1, 1),
)
"""Kana with a sound mark: first, end, step, and how far before it stands the one without."""
KATAKANA: Final = 0x60
"""How far after its Hiragana a Katakana stands."""
VOICED_KATAKANA: Final = ((0x30F7, 0x30EF), (0x30F8, 0x30F0), (0x30F9, 0x30F1), (0x30FA, 0x30F2))
HALF_WIDTH_KATAKANA: Final = (
    0xFF66,
    (
        "\u30f2\u30a1\u30a3\u30a5\u30a7\u30a9\u30e3\u30e5\u30e7\u30c3\u30fc\u30a2\u30a4\u30a6"
        "\u30a8\u30aa\u30ab\u30ad\u30af\u30b1\u30b3\u30b5\u30b7\u30b9\u30bb\u30bd\u30bf\u30c1"
        "\u30c4\u30c6\u30c8\u30ca\u30cb\u30cc\u30cd\u30ce\u30cf\u30d2\u30d5\u30d8\u30db\u30de"
        "\u30df\u30e0\u30e1\u30e2\u30e4\u30e6\u30e8\u30e9\u30ea\u30eb\u30ec\u30ed\u30ef\u30f3"
    ),
)
