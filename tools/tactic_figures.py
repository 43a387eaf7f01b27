"""The figures of the tactics model's card: what is found, and who is called a harvester, left out.

`train_tactics.py` gives scores of models that had seen neither a prompt's source nor its frame.
A bar is where a share of an honest source still passes; `any tactic` must reach it. Bars of
one in a thousand need a thousand prompts, so a smaller source has none.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

from stillwatch.observe.content.tactics import (
    ANY_LANE,
    CAPABILITY_PROBABILITY_MIN,
    FIRST_CAPABILITY_LANE,
    SCORED_CAPABILITIES,
    SCORED_TACTICS,
    TACTIC_PROBABILITY_MIN,
)
from tactic_sources import HARD, HONEST, ITEM, QUOTING, Example

SHARES: Final = (0.01, 0.003, 0.001)
"""Shares of honest prompts that may reach a bar."""
_SCRIPTS: Final = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]{2}")),
    ("ru", re.compile(r"[\u0430-\u044f]{3}")),
)
_COMMON: Final = {
    "en": {"the", "and", "of", "is", "this", "that", "you", "with", "for", "your", "it", "to"},
    "de": {"der", "die", "das", "und", "auf", "nicht", "mit", "für", "eine", "ich", "zu", "wie"},
    "fr": {"le", "les", "des", "et", "est", "une", "pour", "je", "dans", "du", "la", "que"},
    "es": {"el", "los", "las", "y", "es", "una", "para", "por", "con", "del", "la", "que"},
    "pt": {"o", "os", "uma", "para", "não", "com", "do", "da", "em", "você", "minha", "que"},
    "it": {"il", "gli", "che", "per", "una", "della", "sono", "mio", "con", "alla", "la", "di"},
}
"""Words by which a text's language is guessed, where its script doesn't tell it."""

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]


class Targets:
    """What each lane is to learn: rows that take part, and which of them are positive."""

    def __init__(self, examples: list[Example]) -> None:
        self.tactic = np.array([e.tactic for e in examples])
        self.capability = np.array([e.capability or "" for e in examples])
        self.fold = np.array([e.fold for e in examples])
        self.source = np.array([e.source for e in examples])
        self.language = np.array([language_of(e.text[:400]) for e in examples])
        self.is_known = np.array([e.is_learnt for e in examples])
        self.is_judged = self.is_known & (self.tactic != ITEM)
        self.is_honest = self.is_judged & (self.tactic == "")
        self.is_own = np.char.startswith(self.source, "own_")

    def lanes(self) -> list[tuple[Rows, Rows]]:
        """Give (takes part, is positive) of each lane, in the model's order."""
        tactics = [(self.is_known, self.tactic == name) for name in SCORED_TACTICS]
        labelled = (self.capability != "") & self.is_known
        capabilities = [(labelled, self.capability == name) for name in SCORED_CAPABILITIES]
        harvests = (self.tactic != "") & (self.tactic != ITEM)
        return [*tactics, (self.is_judged, harvests), *capabilities]

    def is_learnt(self, lane: int) -> bool:
        """Say whether a lane has weights of its own: "any tactic" is made of the tactics."""
        return lane != ANY_LANE


def language_of(text: str) -> str:
    """Guess a text's language by its script or its commonest words; English where nothing tells."""
    for language, letters in _SCRIPTS:
        if letters.search(text):
            return language
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = {name: sum(word in common for word in words) for name, common in _COMMON.items()}
    return max(counts, key=lambda name: counts[name])


def report(scores: Floats, probability: Floats, targets: Targets) -> str:
    """Write the figures of the model card as Markdown tables."""
    any_score = scores[:, ANY_LANE]
    bars = bars_of(any_score, targets)
    parts = [
        _found_lines(any_score, probability, targets, bars),
        _by_source_lines(any_score, targets, bars),
        _honest_lines(any_score, probability, targets, bars),
        _language_lines(any_score, targets, bars),
        _capability_lines(probability, targets),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts)


def bars_of(any_score: Floats, targets: Targets) -> dict[str, list[float]]:
    """Give the bars of each published honest source, and under `all` the highest of each share."""
    bars: dict[str, list[float]] = {}
    for source in HONEST:
        mine = any_score[targets.source == source]
        bars[source] = [
            float(np.quantile(mine, 1 - share)) if len(mine) * share >= 1 else float("nan")
            for share in SHARES
        ]
    bars["all"] = [float(np.nanmax(column)) for column in zip(*bars.values(), strict=True)]
    return bars


def _shares(any_score: Floats, rows: Rows, bars: list[float]) -> str:
    """Give the share of rows at each bar; a question mark where the source is too small for one."""
    return " / ".join("?" if np.isnan(b) else f"{(any_score[rows] >= b).mean():.2f}" for b in bars)


def _tested(targets: Targets) -> list[tuple[str, str, Rows]]:
    """Give (tactic, source, rows) of all that is harvest."""
    pairs = sorted(set(zip(targets.tactic, targets.source, strict=True)))
    return [
        (tactic, source, (targets.tactic == tactic) & (targets.source == source))
        for tactic, source in pairs
        if tactic not in {"", ITEM}
    ]


def _found_lines(
    any_score: Floats, probability: Floats, targets: Targets, bars: dict[str, list[float]]
) -> list[str]:
    named = probability[:, :ANY_LANE].max(axis=1) >= TACTIC_PROBABILITY_MIN
    best = np.array(SCORED_TACTICS)[probability[:, :ANY_LANE].argmax(axis=1)]
    lines = [
        "| tactic | left out | prompts | at 1 / 0.3 / 0.1 % of any honest source | named | right |",
        "|-|-|-|-|-|-|",
    ]
    for tactic, source, rows in _tested(targets):
        right = (named & (best == tactic))[rows].mean()
        lines.append(
            f"| {tactic} | {source} | {rows.sum()} | {_shares(any_score, rows, bars['all'])} | "
            f"{named[rows].mean():.2f} | {right:.2f} |"
        )
    return lines


def _by_source_lines(
    any_score: Floats, targets: Targets, bars: dict[str, list[float]]
) -> list[str]:
    sources = list(HONEST)
    lines = [f"| tactic, left out | {' | '.join(sources)} |", f"|-|{'-|' * len(sources)}"]
    for tactic, source, rows in _tested(targets):
        if not source.endswith(QUOTING):
            cells = " | ".join(_shares(any_score, rows, bars[honest]) for honest in sources)
            lines.append(f"| {tactic}, {source} | {cells} |")
    return lines


def _honest_lines(
    any_score: Floats, probability: Floats, targets: Targets, bars: dict[str, list[float]]
) -> list[str]:
    named = probability[:, :ANY_LANE].max(axis=1) >= TACTIC_PROBABILITY_MIN
    lines = ["| not harvest | prompts | at the bars of 1 % / 0.3 % / 0.1 % | named |", "|-|-|-|-|"]
    for kind in ("", ITEM):
        for source in sorted(set(targets.source[targets.tactic == kind])):
            rows = (targets.source == source) & (targets.tactic == kind)
            lines.append(
                f"| {source}{' (items)' if kind else ''} | {rows.sum()} | "
                f"{_shares(any_score, rows, bars['all'])} | {named[rows].mean():.4f} |"
            )
    hard = targets.source == HARD
    mine = [float(np.quantile(any_score[hard], 1 - share)) for share in (0.05, 0.01)]
    for source in ("prometheus_grader", "bbh_fewshot_cot", "humaneval"):
        shares = _shares(any_score, targets.source == source, mine)
        lines.append(f"| {source} at the bars of 5 % / 1 % of {HARD} | | {shares} | |")
    return lines


def _language_lines(any_score: Floats, targets: Targets, bars: dict[str, list[float]]) -> list[str]:
    lines = [
        "| language (guessed) | own harvest | at 1 % / 0.3 % / 0.1 % | own honest | at the bars |",
        "|-|-|-|-|-|",
    ]
    learnt_own = targets.is_own & targets.is_known
    for language in sorted(set(targets.language)):
        mine = learnt_own & (targets.language == language)
        harvest, honest = mine & (targets.tactic != ""), mine & (targets.tactic == "")
        if harvest.any() and honest.any():
            lines.append(
                f"| {language} | {harvest.sum()} | {_shares(any_score, harvest, bars['all'])} | "
                f"{honest.sum()} | {_shares(any_score, honest, bars['all'])} |"
            )
    return lines


def _capability_lines(probability: Floats, targets: Targets) -> list[str]:
    lines = ["| capability, left out | prompts | named so |", "|-|-|-|"]
    lanes = probability[:, FIRST_CAPABILITY_LANE:]
    named = np.where(
        lanes.max(axis=1) < CAPABILITY_PROBABILITY_MIN,
        len(SCORED_CAPABILITIES),
        lanes.argmax(axis=1),
    )
    names = np.array([*SCORED_CAPABILITIES, "other"])[named]
    pairs = sorted(set(zip(targets.source, targets.capability, strict=True)))
    for source, capability in pairs:
        rows = (targets.source == source) & (targets.capability == capability)
        if capability and not source.endswith(QUOTING):
            right = (names[rows] == capability).mean()
            lines.append(f"| {source}: {capability} | {rows.sum()} | {right:.3f} |")
    return lines
