"""Where the published protocol doesn't go: uniform p-values, and a null of narrow accounts.

    OMP_NUM_THREADS=1 python bench/window_tenants.py --data ../shared/data
        [--tenants] [--seed 2] [--strongest 1 2 4]

Prints Markdown. First: p-values of windows of 100 that do not overlap, ours and the published way,
on every benign pool. Then: tenants, **simulated**: each draws from one to four narrow pools (77
intents of a bank's customers, 7 voice skills, table bookings, orders, Chinese travel questions,
personas, 300 subjects of open chat) with Dirichlet weights, and a tenth from open chat. The null is
such accounts, and groups of 20 of them, half of them strangers and half one team that shares its
pools. Harvests take a published set each and keep a tenant's own traffic beside it.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from stillwatch.detect.distribution.combine import (
    STRONGEST_OF_ACCOUNTS,
    WindowTest,
    fit_window_test,
    score_windows,
)
from stillwatch.detect.distribution.conformal import rank_p_values
from stillwatch.detect.distribution.features import Features, read_features
from stillwatch.detect.distribution.figures.kernel_mean import estimate_mmd
from stillwatch.detect.distribution.items import Items
from stillwatch.detect.distribution.reference import fit_reference
from stillwatch.detect.distribution.windows import Windows, mark_members, sum_windows
from window_pools import draw_windows, itemise, read_pool

POOLS = ("sharegpt_v3", "banking77", "restaurant8k", "snips_voice", "taskmaster", "crosswoz_zh")
HARVESTS = ("alpaca_instructions", "mmlu", "bbh", "gsm8k", "t0_p3_templates")
SIZE, GROUP = 100, 20
LEVEL = 0.05
SEEDS = (1, 20, 42)
CHAT_SUBJECTS = 300
FIT_TENANTS, NULL_TENANTS, TEST_TENANTS, HEADS = 1_000, 12_000, 12_000, 200
FIT_GROUPS, NULL_GROUPS, TEST_GROUPS, CAMPAIGNS = 200, 1_000, 1_000, 50
CHUNK = 1_000
SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def check_uniform(data: Path, name: str, seed: int) -> str:
    """Rank windows of 100 that don't overlap, one half among the other; and the published way."""
    rng = np.random.default_rng(seed)
    texts = [text for _, text in read_pool(data, name)]
    items = itemise([texts[i] for i in rng.permutation(len(texts))])
    cuts = np.split(np.arange(len(items)), [int(0.25 * len(items)), int(0.45 * len(items))])
    reference = fit_reference(items.take(cuts[0]), seed=7)
    fit, rest = (read_features(reference, items.take(c)) for c in cuts[1:])
    test = fit_window_test(reference, draw(fit, rng, windows=300))
    windows = len(rest) // SIZE
    rows = rng.permutation(len(rest))[: windows * SIZE].reshape(windows, SIZE)
    cut = sum_windows(rest, mark_members(rows, exchanges=len(rest)))
    scores = score_windows(test, cut)
    half = windows // 2
    ours = rank_p_values(scores[half:], scores[:half], uniform=rng.random(windows - half))
    references = draw(fit, rng, windows=20)
    null = estimate_mmd(draw(fit, rng, windows=1_000), draw(fit, rng, windows=1_000))
    mean_of_20 = np.mean([estimate_mmd(cut, repeat(references, i, windows)) for i in range(20)], 0)
    theirs = rank_p_values(mean_of_20[half:], null)
    pairs = ((ours, scores[half:], scores[:half]), (theirs, mean_of_20[half:], null))
    cells = [
        f"{p.mean():.2f} | {p.std():.3f} | {(p <= LEVEL).mean():.3f} | {ks(s, n):.3f}"
        for p, s, n in pairs
    ]
    return f"| {name} | {seed} | {windows - half} | {' | '.join(cells)} |"


def repeat(windows: Windows, at: int, times: int) -> Windows:
    """Give one window as many times as asked."""
    return windows.take(np.full(times, at))


def ks(scores: F64, null: F64) -> float:
    """P-value of the two-sample Kolmogorov-Smirnov test: ranks are uniform where it is large."""
    return float(stats.ks_2samp(scores, null).pvalue)


def draw(features: Features, rng: np.random.Generator, *, windows: int) -> Windows:
    """Draw windows of 100."""
    rows = draw_windows(rng, pool=len(features), size=SIZE, windows=windows)
    return sum_windows(features, mark_members(rows, exchanges=len(features)))


class Town:
    """Narrow pools of benign items, and tenants who draw from them; harvests stand behind."""

    def __init__(self, data: Path, seed: int) -> None:
        """Read everything, fit the maps on a third of the benign items, read the rest through."""
        self.rng = np.random.default_rng(seed)
        texts, labels = self._read(data)
        items = itemise(texts)
        chat = np.flatnonzero(labels == 0)
        labels[chat] = 1_000 + self._subjects(items, chat)
        order = self.rng.permutation(len(texts))
        third = len(order) // 3
        self.reference = fit_reference(items.take(order[:third][:15_000]), seed=7)
        kept = order[third:]
        self.benign = len(kept)
        labels = labels[kept]
        pools = [np.flatnonzero(labels == x) for x in np.unique(labels)]
        self.pools = [p for p in pools if len(p) >= 30]
        self.chat = np.flatnonzero(labels >= 1_000)
        takings = [[t for _, t in read_pool(data, name)][:6_000] for name in HARVESTS]
        ends = self.benign + np.cumsum([0, *(len(t) for t in takings)])
        self.takings = [np.arange(a, b) for a, b in pairwise(ends)]
        parts = [items.take(kept), itemise([t for texts in takings for t in texts])]
        read = [read_features(self.reference, part) for part in parts]
        self.features = Features(
            np.concatenate([r.kernel for r in read]),
            np.concatenate([r.embedding for r in read]),
            sparse.vstack([r.counts for r in read], format="csr"),
            sparse.vstack([r.rare for r in read], format="csr"),
            np.concatenate([r.own for r in read]),
        )

    def _read(self, data: Path) -> tuple[list[str], I64]:
        texts, names = [], []
        for source in (*POOLS, "awesome_chatgpt_prompts"):
            for name, text in read_pool(data, source):
                by = {"banking77": name.split("-", 2)[-1], "snips_voice": name.split(":")[0]}
                texts.append(text)
                names.append("" if source == "sharegpt_v3" else f"{source} {by.get(source, '')}")
        return texts, np.unique(names, return_inverse=True)[1]

    def _subjects(self, items: Items, chat: I64) -> I64:
        centres = items.embedding[self.rng.choice(chat, CHAT_SUBJECTS, replace=False)]
        return (items.embedding[chat] @ centres.T).argmax(axis=1)

    def _life(self, size: int, own: list[I64]) -> I64:
        """Exchanges of one tenant: its pools by Dirichlet weights, a tenth of open chat."""
        weights = self.rng.dirichlet(np.full(len(own), 0.5))
        pool = self.rng.choice(len(own), size, p=weights)
        rows = np.array(
            [own[p][int(u * len(own[p]))] for p, u in zip(pool, self.rng.random(size), strict=True)]
        )
        open_chat = self.rng.random(size) < 0.1
        return np.where(open_chat, self.rng.choice(self.chat, size), rows)

    def _own_pools(self) -> list[I64]:
        count = min(1 + self.rng.poisson(1), 4)
        return [self.pools[i] for i in self.rng.choice(len(self.pools), count, replace=False)]

    def live(self, *, accounts: int, is_team: bool = False) -> I64:
        """Exchanges of accounts; a team shares its pools."""
        shared = self._own_pools()
        lives = [
            self._life(SIZE, shared if is_team else self._own_pools()) for _ in range(accounts)
        ]
        return np.concatenate(lives)

    def harvest(self, taking: int, *, accounts: int, share: float) -> I64:
        """Exchanges of heads: a share of them from one published set."""
        rows = self.live(accounts=accounts)
        taken = np.zeros(len(rows), bool)
        taken[self.rng.permutation(len(rows))[: max(1, round(share * len(rows)))]] = True
        return np.where(taken, self.rng.choice(self.takings[taking], len(rows)), rows)

    def sum(self, rows: list[I64]) -> Windows:
        """Add up windows."""
        return sum_windows(
            self.features, mark_members(np.stack(rows), exchanges=len(self.features))
        )

    def score(self, test: WindowTest, rows: list[I64]) -> F64:
        """Score windows, some at a time."""
        parts = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
        return np.concatenate([score_windows(test, self.sum(part)) for part in parts])


def count_false(p_values: F64, level: float) -> str:
    """Say how many benign units pass a level, with a 95 % interval of the rate."""
    hits, units = int((p_values <= level).sum()), len(p_values)
    low = stats.beta.ppf(0.025, hits, units - hits + 1) if hits else 0.0
    high = stats.beta.ppf(0.975, hits + 1, units - hits)
    return f"{hits} of {units:,} ({low:.1e} to {high:.1e})"


def run_units(town: Town, accounts: int, counts: tuple[int, int, int, int], strongest: int) -> None:
    """Fit, calibrate and test one size of unit, and print."""
    fit, null, check, heads = counts
    live = [
        [town.live(accounts=accounts, is_team=accounts > 1 and i % 2 == 0) for i in range(n)]
        for n in (fit, null, check)
    ]
    test = fit_window_test(town.reference, town.sum(live[0]), strongest=strongest)
    calibration, benign = (town.score(test, rows) for rows in live[1:])
    p_values = rank_p_values(benign, calibration)
    name = "accounts" if accounts == 1 else f"groups of {accounts}"
    levels = [x for x in (0.01, 1e-3, 1e-4) if x >= 1 / (null + 1)]
    print(f"\n### {name}: {accounts * SIZE:,} exchanges, {null:,} benign in the null (simulated)\n")
    print(f"False at {', '.join(f'{x:g}: {count_false(p_values, x)}' for x in levels)}.\n")
    print(f"| harvest | share | {' | '.join(f'found at {x:g}' for x in levels)} |")
    print(f"|{'---|' * (2 + len(levels))}")
    for at, taking in enumerate(HARVESTS):
        for share in SHARES:
            rows = [town.harvest(at, accounts=accounts, share=share) for _ in range(heads)]
            found = rank_p_values(town.score(test, rows), calibration)
            cells = " | ".join(f"{(found <= x).mean():.2f}" for x in levels)
            print(f"| {taking} | {share:.0%} | {cells} |", flush=True)


def main() -> None:
    """Run both parts and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tenants", action="store_true", help="tenants alone")
    parser.add_argument("--strongest", type=int, nargs="+", default=[STRONGEST_OF_ACCOUNTS])
    parser.add_argument("--seed", type=int, default=1, help="of the tenants")
    given = parser.parse_args()
    if not given.tenants:
        show_uniform(given.data)
    for strongest in given.strongest:
        town = Town(given.data, given.seed)
        print(f"\n{len(town.pools)} pools of {town.benign:,} benign prompts.", end=" ")
        print(f"Seed {given.seed}; the {strongest} strongest figures are added up.", flush=True)
        run_units(town, 1, (FIT_TENANTS, NULL_TENANTS, TEST_TENANTS, HEADS), strongest)
        run_units(town, GROUP, (FIT_GROUPS, NULL_GROUPS, TEST_GROUPS, CAMPAIGNS), strongest)


def show_uniform(data: Path) -> None:
    """Print the first part."""
    told = "mean | sd | at most 0.05 | KS p"
    print(f"| pool | seed | windows | ours: {told} | published: {told} |\n|{'---|' * 11}")
    for name in POOLS:
        for seed in SEEDS:
            print(check_uniform(data, name, seed), flush=True)


if __name__ == "__main__":
    main()
