"""What each sketch survives, and how much of it strangers share: a page and a figure.

    python bench/sketch_survival.py --data ../shared/data --date 2026-11-24

Real prompts are read from `--data` at run time and changed (`text_changes.py`); of each pair the
share of the sketch's hashes that both versions have is averaged over the prompts. Beside it stands
what two unrelated prompts of one source share. Wants Debian's `wordnet-base` and, for translation,
`apertium` with `apertium-eng-spa`. Writes `docs/content/survival.md` and `survival.svg`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import altair as alt
import numpy as np
import pyarrow as pa

import text_changes as changes
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.observe.content import load_tactics, sketch_batch
from stillwatch_lab.show.drawing import (
    ACCENT,
    INK,
    LINE,
    MUTED,
    QUIET,
    draw_chart,
    stand_alone,
)

DOCS: Final = Path(__file__).parents[1] / "docs" / "content"
PAGE: Final = Path(__file__).with_name("sketch_survival_page.md")
PAIRS: Final = Path(__file__).with_name("rewritten_pairs.jsonl")
KINDS: Final = ("sketch", "skeleton", "gist", "numbers_hash")
SOURCES: Final = {
    "awesome_chatgpt_prompts": "benign",
    "sharegpt_v3": "benign",
    "alpaca_instructions": "extraction",
    "gsm8k": "extraction",
    "mmlu": "extraction",
    "t0_p3_templates": "extraction",
    "gpts_system_prompts": "system",
}
"""English sources whose prompts are long enough to be changed, and where they stand."""
SHORT_SOURCES: Final = {"banking77": "benign", "snips_voice": "benign", "crosswoz_zh": "benign"}
"""Narrow sources of short prompts: only what strangers share is measured there."""
TEMPLATED: Final = {"bbh": "extraction", "t0_p3_templates": "extraction"}
"""Sources whose prompts fill real templates; an id is the template's and a number."""
_WORDS_MIN: Final = 15
_CHARACTERS_MAX: Final = 3_000
_STRANGERS: Final = 20
"""Unrelated prompts that each is compared with."""
_COLOURS: Final = {"sketch": MUTED, "skeleton": ACCENT, "gist": INK, "numbers_hash": QUIET}
_SHAPES: Final = {
    "sketch": "circle",
    "skeleton": "square",
    "gist": "triangle-up",
    "numbers_hash": "diamond",
}
_ROW: Final = 19

Kept = list[tuple[frozenset[int], ...]]
"""Of each text its three sketches, and the hash of its numbers, if there is one."""


@dataclass(frozen=True)
class Row:
    """What survives one change: a share by sketch, and how often anything at all does."""

    group: str
    name: str
    shares: tuple[float, ...]
    any_share: float
    texts: int


def read_source(data: Path, name: str, kind: str) -> list[dict[str, str]]:
    """Read the prompts of one source."""
    with gzip.open(data / "prompts" / kind / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def keep(texts: Sequence[str]) -> Kept:
    """Give the hashes of each text, by kind, as the lake keeps them."""
    nulls = pa.nulls(len(texts), pa.string())
    columns = {"system": nulls, "prompt": pa.array(texts, pa.string()), "response": nulls}
    batch = pa.RecordBatch.from_pydict(columns)
    kept = sketch_batch(batch, key=PseudonymKey(1, 2), model=load_tactics())
    columns = [kept.column(name).to_pylist() for name in KINDS]
    columns[-1] = [[] if one is None else [one] for one in columns[-1]]
    return [tuple(map(frozenset, one)) for one in zip(*columns, strict=True)]


def compare(group: str, name: str, before: Kept, after: Kept) -> Row:
    """Average over texts the share of each sketch that both versions have."""
    shares = []
    for kind in range(len(KINDS)):
        pairs = [(a[kind], b[kind]) for a, b in zip(before, after, strict=True) if a[kind]]
        kept = [len(a & b) / len(a) for a, b in pairs]
        shares.append(float(np.mean(kept)) if kept else float("nan"))
    some = [
        any(x & y for x, y in zip(a, b, strict=True)) for a, b in zip(before, after, strict=True)
    ]
    return Row(group, name, tuple(shares), float(np.mean(some)), len(before))


def list_changes(strangers: Sequence[str]) -> Iterator[tuple[str, str, changes.Change]]:
    """List the changes: group, name, change."""
    for share in (0.1, 0.2, 0.4):
        yield "slots", f"phrases, {share:.0%} of the words", changes.fill_phrases(share, strangers)
    for share in (0.1, 0.2, 0.4):
        yield "slots", f"any {share:.0%} of the words", changes.fill_slots(share, strangers)
    yield "slots", "numbers", changes.renumber
    for share in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5):
        yield "synonyms", f"{share:.0%} of the words", changes.swap_synonyms(share)
    yield "order", "sentences shuffled", changes.reorder
    for share in (0.25, 0.5, 1.0):
        yield "filler", f"{share:.0%} more words", changes.add_filler(share)
    for name, change in changes.DRESSES.items():
        yield "dress", name, change


def measure_changes(texts: Sequence[str], chance: random.Random) -> list[Row]:
    """Measure every change of a text, and translation there and back."""
    before = keep(texts)
    rows = [
        compare(group, name, before, keep([change(text, chance) for text in texts]))
        for group, name, change in list_changes(texts)
    ]
    for name, marks in (("a passage in quotes", '""'), ("a passage in code", "``")):
        enclosed = changes.enclose(marks[0], marks[1], texts)
        one, two = ([enclosed(text, chance) for text in texts] for _ in range(2))
        rows.insert(7, compare("slots", name, keep(one), keep(two)))
    translated = changes.translate_twice(texts)
    if translated is not None:
        rows.append(compare("other words", "to Spanish and back", before, keep(translated)))
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    one, two = ([pair[side] for pair in pairs] for side in ("one", "two"))
    rows.append(compare("other words", "written afresh (own pairs)", keep(one), keep(two)))
    return rows


def measure_templates(data: Path, chance: random.Random) -> list[Row]:
    """Measure what two prompts share that fill one real template with other items."""
    rows = []
    for name, kind in TEMPLATED.items():
        found: dict[str, list[str]] = {}
        for prompt in read_source(data, name, kind):
            found.setdefault(prompt["id"].rpartition("-")[0], []).append(prompt["text"])
        pairs = [chance.sample(texts, 2) for texts in found.values() if len(texts) > 1]
        one, two = (keep([pair[side] for pair in pairs]) for side in (0, 1))
        rows.append(compare("slots", f"another item, {name}", one, two))
    return rows


def measure_strangers(kept: Kept, chance: random.Random) -> tuple[float, ...]:
    """Average the share of a sketch that an unrelated text of the source has; nan of none."""
    shares = []
    for kind in range(len(KINDS)):
        sets = [one[kind] for one in kept if one[kind]]
        found = [
            len(a & b) / len(a)
            for a in sets
            for b in chance.sample(sets, min(_STRANGERS, len(sets)))
            if a is not b
        ]
        shares.append(float(np.mean(found)) if found else float("nan"))
    return tuple(shares)


def choose(prompts: list[dict[str, str]], texts: int, chance: random.Random) -> list[str]:
    """Draw prompts of a source that have words enough, cut where they are long."""
    long = [p["text"][:_CHARACTERS_MAX] for p in prompts if len(p["text"].split()) >= _WORDS_MIN]
    english = sorted({text for text in long if text.isascii()})
    return chance.sample(english, min(texts, len(english)))


def plot(rows: Sequence[Row]) -> alt.Chart:
    """Draw a line a change, a mark a sketch."""
    names = [f"{row.group}: {row.name}" for row in rows]
    values = [
        {"change": name, "share": share, "sketch": kind}
        for name, row in zip(names, rows, strict=True)
        for kind, share in zip(KINDS, row.shares, strict=True)
    ]
    kinds = list(KINDS)
    return (
        alt.Chart(alt.Data(values=values))
        .mark_point(filled=True, size=54, opacity=1)
        .encode(
            x=alt.X("share:Q", title="share of the hashes that survives").scale(domain=[0, 1]),
            y=alt.Y("change:N", title=None, sort=names).axis(
                grid=True, gridColor=LINE, labelLimit=260
            ),
            color=alt.Color("sketch:N", sort=kinds)
            .scale(domain=kinds, range=[_COLOURS[kind] for kind in kinds])
            .legend(orient="top", title=None, labelColor=INK),
            shape=alt.Shape("sketch:N", sort=kinds)
            .scale(domain=kinds, range=[_SHAPES[kind] for kind in kinds])
            .legend(orient="top", title=None),
        )
        .properties(width=420, height=_ROW * len(rows))
    )


def render_rows(rows: Sequence[Row]) -> str:
    """Write the table of what survives."""
    lines = [f"| change | | {' | '.join(KINDS)} | any |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        shares = " | ".join("-" if np.isnan(share) else f"{share:.2f}" for share in row.shares)
        lines.append(f"| {row.group} | {row.name} | {shares} | {row.any_share:.2f} |")
    return "\n".join(lines)


def render_strangers(found: dict[str, tuple[Kept, tuple[float, ...]]]) -> str:
    """Write the table of what strangers share and how many hashes each sketch has."""
    lines = [
        f"| source | prompts | {' | '.join(KINDS)} | hashes of {', '.join(KINDS)} |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, (kept, shares) in found.items():
        sizes = ", ".join(
            f"{np.mean([len(one[kind]) for one in kept]):.1f}" for kind in range(len(KINDS))
        )
        said = " | ".join("-" if np.isnan(share) else f"{share:.2%}" for share in shares)
        lines.append(f"| {name} | {len(kept):,} | {said} | {sizes} |")
    return "\n".join(lines)


def parse_arguments() -> Any:  # noqa: ANN401  argparse has no type for it
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of shared data")
    parser.add_argument("--date", required=True, help="that the page bears")
    parser.add_argument("--texts", type=int, default=150, help="prompts of each source")
    parser.add_argument("--docs", type=Path, default=DOCS)
    return parser.parse_args()


def main() -> None:
    """Measure, and write the page and its figure."""
    asked = parse_arguments()
    chance = random.Random(20)
    sources = {
        n: read_source(asked.data, n, kind) for n, kind in {**SOURCES, **SHORT_SOURCES}.items()
    }
    texts = {name: choose(sources[name], asked.texts, chance) for name in SOURCES}
    rows = measure_templates(asked.data, chance)
    rows += measure_changes([text for some in texts.values() for text in some], chance)
    found = {}
    for name, prompts in sources.items():
        drawn = sorted({prompt["text"][:_CHARACTERS_MAX] for prompt in prompts})
        kept = keep(chance.sample(drawn, min(len(drawn), 1_000)))
        found[name] = kept, measure_strangers(kept, chance)
    asked.docs.mkdir(parents=True, exist_ok=True)
    drawing = draw_chart(
        plot(rows),
        name="survival",
        title="What each sketch survives",
        says="A line a change, a mark a sketch; the table on the page has every figure.",
    )
    (asked.docs / "survival.svg").write_text(stand_alone(drawing))
    page = PAGE.read_text().format(
        date=asked.date,
        texts=sum(map(len, texts.values())),
        sources=len(texts),
        each=asked.texts,
        pairs=rows[-1].texts,
        rows=render_rows(rows),
        strangers=render_strangers(found),
    )
    (asked.docs / "survival.md").write_text(page)
    print(render_rows(rows), render_strangers(found), sep="\n\n")


if __name__ == "__main__":
    main()
