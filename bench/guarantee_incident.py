"""One incident of the guarantee's demonstration: simulated, scanned, and what was said of whom.

Read by `guarantee.py`. The scan is `run_scan`, the function behind `stillwatch scan`, at its own
settings; beside what the result publishes, three things are overheard on the way: the p-value and
the witnesses of every group, the evidence of every seed, and the table that was linked. Linking's
null is then looked at in two ways: on the run's own traffic, where that holds no ties, and after
every family's traits have been dealt out to other accounts, whole, which leaves each value as
popular as it was and ties nobody.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import numpy as np
import polars as pl

from stillwatch.app import late
from stillwatch.app.pipeline import run_scan
from stillwatch.app.progress import QuietProgress
from stillwatch.app.requests import ScanRequest
from stillwatch.app.settings import utc_now
from stillwatch.detect.honest_groups import NAMES
from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNELS, FAMILIES
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import Settings
from stillwatch.link import link_accounts
from stillwatch.link.e_values import combine_families
from stillwatch.link.evidence import Null, test_family
from stillwatch.link.table import FAMILY_OF_CHANNEL
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES
from stillwatch_lab.evaluate import evaluate
from stillwatch_lab.scenarios import choose
from stillwatch_lab.simulate import simulate

KEY: Final = PseudonymKey(0x5711, 0x3A7C4)
"""Any key: figures don't depend on it."""
SETTINGS: Final = Settings()
STRANGERS: Final = "strangers"
"""The traffic of `innocent` without any look-alike: nobody has an honest reason to be tied."""
ASKED: Final = {
    STRANGERS: ("innocent", dict.fromkeys(LOOK_ALIKES, 0)),
    "applications": ("unowned-groups", {"crowd-work": 20, "own-keys": 6, "by-the-clock": 6}),
}
"""Scenarios of this script: one of the catalogue, and the look-alikes that are asked for."""
HARVESTS: Final = ("fraud", "benign-partner")
"""Roles whose groups do harvest, permitted or not: no error if they are judged so."""
UNCHOSEN: Final = 100
"""Seeds of an incident whose holders are tested as they are, drawn at random."""
Cell = dict[str, Any]


class Order(NamedTuple):
    """Which incident is asked for."""

    part: str
    scenario: str
    scale: float
    seed: int
    deals: bool
    """Whether linking is run again on traits that were dealt out anew."""

    @property
    def name(self) -> str:
        """The stem of its file."""
        return f"{self.part}-{self.scenario}-{self.scale:g}-{self.seed}"


@dataclass
class Heard:
    """What was overheard of a run."""

    judged: list[Any] = field(default_factory=list)
    null: Null | None = None
    traits: pl.DataFrame | None = None
    register: pl.DataFrame | None = None
    log2_e: list[float] = field(default_factory=list)
    """Of the seeds whose evidence was computed; all others have e = 0."""
    tested: int = 0


@contextmanager
def overhear() -> Iterator[Heard]:
    """Keep what linking was given and found, and what judging said, while a run goes on."""
    heard = Heard()
    judging, linking = import_module("stillwatch.detect.detect"), link_accounts
    testing, proving = (import_module(f"stillwatch.link.{n}") for n in ("link", "testimony"))
    judge, test, bound = judging.judge_groups, testing.test_groups, proving.bound_q_values

    def judge_aloud(*given: Any, **settings: Any) -> Any:  # noqa: ANN401  whatever judging is given
        heard.judged = judge(*given, **settings)
        return heard.judged

    def link_aloud(traits: pl.DataFrame, **settings: Any) -> Any:  # noqa: ANN401  likewise
        heard.traits = traits.with_columns(pl.col("account_id", "channel").cast(pl.String))
        heard.register = settings["register"]
        return linking(traits, **settings)

    def test_aloud(null: Null) -> Any:  # noqa: ANN401  likewise
        heard.null = null
        return test(null)

    def bound_aloud(log2_e: Any, *, tested: int) -> Any:  # noqa: ANN401  likewise
        heard.log2_e, heard.tested = log2_e.tolist(), tested
        return bound(log2_e, tested=tested)

    with ExitStack() as stack:
        for module, name, aloud in (
            (judging, "judge_groups", judge_aloud),
            (late, "link_accounts", link_aloud),
            (testing, "test_groups", test_aloud),
            (proving, "bound_q_values", bound_aloud),
        ):
            stack.enter_context(patch.object(module, name, aloud))
        yield heard


def run_incident(order: Order) -> Cell:
    """Simulate, scan, evaluate; nothing stays on disk."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        traffic, result = Path(folder, "traffic"), Path(folder, "result")
        name, lookalikes = ASKED.get(order.scenario, (order.scenario, None))
        scenario = choose(name, asked=lookalikes)
        made = simulate(scenario, out=traffic, scale=order.scale, seed=order.seed)
        with overhear() as heard:
            run_scan(
                ScanRequest(traffic=traffic, out=result),
                settings=SETTINGS,
                key=KEY,
                now=utc_now(),
                progress=QuietProgress(),
            )
        said = evaluate(result, truth=traffic / "truth")
        groups = describe_groups(result, traffic / "truth", heard)
    cell: Cell = {
        **order._asdict(),
        "accounts": made.accounts,
        "exchanges": made.exchanges,
        "groups": groups,
        "fraud_accounts": said.fraud_accounts,
        "account_recall": said.account_recall,
        "called": said.called_fraudulent,
        "false": said.false_accounts,
        "false_at_suspect": said.false_at_suspect,
        "verdicts_by_role": said.verdicts_by_role,
        "null": {},
    }
    if order.scenario == STRANGERS:
        cell["null"]["strangers"] = measure_null(heard, seed=order.seed)
    if order.deals:
        cell["null"]["dealt"] = deal_and_link(heard, seed=order.seed)
    cell["cpu_s"] = time.process_time() - began
    return cell


def describe_groups(result: Path, truth: Path, heard: Heard) -> list[dict[str, Any]]:
    """Say of every tied group who it truly is, and what was said of it.

    Grain:   one row per group; its kind is that of most accounts: `fraud`, or the look-alike.
    """
    roles = pl.read_csv(truth / "accounts.csv", infer_schema=False)
    kind = pl.when(pl.col("role") == "fraud").then(pl.lit("fraud"))
    named = kind.otherwise(pl.col("group").str.replace(r"-\d+$", "")).fill_null(pl.col("role"))
    members = pl.read_parquet(result / "accounts.parquet").drop_nulls("group_id")
    who = (
        members.join(roles.with_columns(kind=named), on="account_id", how="left")
        .group_by("group_id")
        .agg(
            pl.col("kind").mode().sort().first(),
            (pl.col("kind") == pl.col("kind").mode().sort().first()).mean().alias("kind_share"),
            pl.col("role").is_in(HARVESTS).mean().alias("harvest_share"),
            (pl.col("verdict") == "fraudulent").sum().alias("fraudulent"),
        )
    )
    heads = pl.read_parquet(result / "groups.parquet").join(who, on="group_id", how="left")
    said = {one.group_id: one for one in heard.judged}
    return [_describe(row, said[row["group_id"]]) for row in heads.iter_rows(named=True)]


def _describe(row: dict[str, Any], judged: Any) -> dict[str, Any]:  # noqa: ANN401  a Judged of today
    prior = SETTINGS.detect.harvest_prior / (1 - SETTINGS.detect.harvest_prior)
    taken = ("accounts", "exchanges", "link_q_value", "q_value", "judgement")
    known = zip(NAMES, judged.z, judged.figures, strict=True)
    return {
        **{name: row[name] for name in taken},
        **{name: row[name] for name in ("kind", "kind_share", "harvest_share", "fraudulent")},
        "p_value": judged.p_value,
        "e_value": judged.probability / (1 - judged.probability) / prior,
        "witnesses": {n: [float(z), float(f)] for n, z, f in known if not np.isnan(z)},
    }


def measure_null(heard: Heard, *, seed: int) -> dict[str, Any]:
    """Measure e-values of traffic in which nothing ties anybody.

    Units:   `seeds` is the mean over all seeds of the search, those not computed with e = 0.
             The others are of holders of a value, drawn at random, none set to 0: `unchosen` the
             mean of each family over values of other families, `combined` that of what such a
             seed's families come to together, and `largest` the largest of those.
    """
    null = heard.null
    if null is None:
        message = "linking was not overheard"
        raise RuntimeError(message)
    rng = np.random.default_rng(seed)
    e = np.exp2(np.array(heard.log2_e, np.float64))
    start = null.table.column_start
    seeds = np.flatnonzero(np.diff(start) >= limits.ACTORS_MIN)
    drawn = rng.choice(seeds, min(UNCHOSEN, len(seeds)), replace=False)
    found: dict[str, list[float]] = {family: [] for family in FAMILIES}
    together = []
    for value in drawn:
        holders = null.table.column_actor[start[value] : start[value + 1]]
        own = FAMILIES[int(FAMILY_OF_CHANNEL[null.table.value_channel[value]])]
        bits = {f: test_family(null, holders, family=f) for f in FAMILIES if f != own}
        together.append(float(np.exp2(combine_families(bits))))
        for family, each in bits.items():
            found[family].append(float(np.exp2(each)))
    return {
        "combined": float(np.mean(together)),
        "largest": float(np.max(together)),
        "tested": heard.tested,
        "computed": len(e),
        "seeds": float(e.sum()) / max(heard.tested, 1),
        "unchosen": {family: float(np.mean(each)) for family, each in found.items() if each},
    }


def deal_and_link(heard: Heard, *, seed: int) -> dict[str, Any]:
    """Deal the traits out anew, link, and measure e-values and the least q of any group.

    Accounts of verified organisations are left out: each such organisation is one actor, and a
    large one would hold many values of every family, whatever it is dealt.
    """
    if heard.traits is None or heard.register is None:
        message = "linking was not overheard"
        raise RuntimeError(message)
    is_verified = pl.col("org_verified").fill_null(value=False)
    pooled = heard.register.filter(is_verified & pl.col("org_id").is_not_null())
    alone = heard.traits.join(pooled, on="account_id", how="anti")
    dealt = deal_families(alone, seed=seed)
    with overhear() as again:
        linked = late.link_accounts(dealt, register=heard.register, settings=SETTINGS.link)
    least = linked.groups["link_q_value"].min()
    return {**measure_null(again, seed=seed), "least_q": 1.0 if least is None else least}


def deal_families(traits: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Give each family's traits, an account's whole hand at a time, to another account.

    Grain:   as `traits`. Within a family all stays as it was; between families nothing is left.
    """
    rng = np.random.default_rng(seed)
    accounts = traits["account_id"].unique().sort()
    parts = []
    for family in FAMILIES:
        names = [channel.name for channel in CHANNELS if channel.family == family]
        taken = pl.Series(rng.permutation(len(accounts)))
        swap = pl.DataFrame({"account_id": accounts, "dealt_to": accounts.gather(taken)})
        own = traits.filter(pl.col("channel").is_in(names)).join(swap, on="account_id")
        parts.append(own.with_columns(account_id=pl.col("dealt_to")).select(traits.columns))
    return pl.concat(parts)
