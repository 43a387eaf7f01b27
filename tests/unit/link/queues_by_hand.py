"""Runs with a queue among strangers, and searches that have found some groups, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from stillwatch.domain.observations import ECHO, WATCHED, Echoes
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import REGISTER
from stillwatch.link.queues import Bundle, Queues, join_queues, read_queues
from stillwatch.link.search import Search, set_bars
from stillwatch.link.table import I32, TraitTable, tabulate_traits
from stillwatch.link.workbench import set_bench, take_columns

SETTINGS = LinkSettings()
STRANGERS = 3_000


class Run:
    """Strangers of uneven volumes who repeat each other by chance, and a queue among them."""

    def __init__(self, *, queue: int = 0, seed: int = 0, handed: float = 0.5) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.n = STRANGERS + queue
        self.heads = np.arange(STRANGERS, self.n, dtype=np.int32)
        sent = np.maximum(rng.lognormal(3.0, 1.2, self.n), 1.0).round()
        sent[self.heads] = 200
        self.sent = sent
        self.refused = rng.binomial(sent.astype(int), 0.012)
        self.answered = rng.binomial(sent.astype(int), 1 / 16)
        self.rows: list[dict[str, object]] = []
        for actor in range(self.n):
            self._draw(actor, self.refused[actor], chance=8e-4, is_refused=True)
            self._draw(actor, self.answered[actor], chance=8e-4, is_refused=False)
        for head in self.heads:
            for _ in range(rng.binomial(self.refused[head], handed)):
                self.repeat(head, int(rng.choice(np.setdiff1d(self.heads, [head]))))

    def _draw(self, actor: int, watched: int, *, chance: float, is_refused: bool) -> None:
        for _ in range(self.rng.binomial(watched, chance)):
            other = int(self.rng.choice(self.n, p=self.sent / self.sent.sum()))
            if other != actor:
                self.repeat(actor, other, is_refused=is_refused, shared=1, holders=20)

    def repeat(self, a: int, b: int, **facts: object) -> None:
        """One account sends what another was refused."""
        k = len(self.rows)
        row = {"row": k, "echo_row": 10**6 + k, "account_id": f"{a:06d}", "lag_s": 6.0}
        row |= {"echo_account_id": f"{b:06d}", "is_refused": True, "shared": 3, "holders": 2}
        self.rows.append(row | {"is_elsewhere": None} | facts)

    def echoes(self) -> Echoes:
        """What *observe* would give."""
        names = [f"{k:06d}" for k in range(self.n)]
        counts = {"refused": self.refused, "answered": self.answered, "exchanges": self.sent}
        found = pl.DataFrame(self.rows, schema=ECHO.schema)
        return Echoes(
            ECHO.conform(found), WATCHED.conform(pl.DataFrame({"account_id": names, **counts}))
        )

    def queues(self) -> Queues:
        """What *link* reads from it."""
        echoes = self.echoes()
        return read_queues(table_of(self.n), echoes.found, watched=echoes.watched)


def table_of(
    n: int, *, owner: dict[int, int] | None = None, alike: I32 | None = None
) -> TraitTable:
    """A table in which nobody shares anything, but for whoever is `alike`: client and template.

    `owner` says whose an account is, if not its own.
    """
    names = [f"{k:06d}" for k in range(n)]
    same = np.zeros(n, np.bool_) if alike is None else np.isin(np.arange(n), alike)
    value = np.where(same, n, np.arange(n))
    values = {"payment": np.arange(n), "client": value, "template": value}
    traits = pl.concat(
        pl.DataFrame({"account_id": names, "channel": channel, "value": held, "share": 1.0})
        for channel, held in values.items()
    )
    table = tabulate_traits(traits, register=REGISTER.empty())
    actor = np.array([(owner or {}).get(k, k) for k in range(n)], np.int32)
    return replace(table, accounts=pl.DataFrame({"account_id": names, "actor": actor}))


def group(*members: int) -> I32:
    """Some actors."""
    return np.array(members, np.int32)


def searched(n: int, *groups: I32, alike: I32 | None = None) -> Search:
    """A search that has found some groups; without `alike` among actors who share nothing."""
    bench = set_bench(take_columns(table_of(n, alike=alike)), set_bars(SETTINGS))
    return Search(bench, np.zeros(n, np.bool_), list(groups))


def bundles(run: Run, *groups: I32, alike: I32 | None = None) -> list[Bundle]:
    """Groups of the search, joined with the run's queues."""
    search = searched(run.n, *groups, alike=alike)
    return join_queues(search, run.queues(), settings=SETTINGS)
