"""What each channel is worth: recall lost without it, and the honest groups that it fires on.

    python bench/channels.py --scale 0.02 --seeds 41 > docs/lab/channels.md

Each preset is simulated and observed once; then it is linked and judged as it is, without each
channel, and without each family. A channel that no recall hangs on may still matter: families make
up for one another, which is what they are for. The second table has the tied groups of honest
accounts in the same runs, by what most of their accounts are, and how often each channel brings
their members half a bit or more: what a tool that rested on that channel alone would accuse.
The truth is read here alone, after all verdicts.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import polars as pl

from link_speed_steps import start_run
from stillwatch.app import late
from stillwatch.app.pipeline import observe_traffic, read_accounts
from stillwatch.app.requests import ScanRequest
from stillwatch.app.steps.collect import collect_traits, hold_traits
from stillwatch.domain.channels.families import CHANNELS, FAMILIES, QUEUE
from stillwatch.domain.observations import Echoes
from stillwatch.ingest import find_traffic
from stillwatch.store.lake import Lake
from stillwatch_lab.simulate import simulate

PRESETS: Final = ("proxy-20k", "coding-13m", "ghost", "phantom")
FIRES: Final = 0.5
"""Mean bits of the members from which a channel is said to tie a group: as in the report."""
PAGE: Final = """\
# What each channel is worth

Written by

    python bench/channels.py --scale {scale:g} --seeds {seeds} --presets {presets}

## Recall without it

Share of the heads called `fraudulent`, and in brackets at least `suspect`, of each preset at scale
{scale:g} (60 heads at least), {count} of each; the rightmost column has the honest accounts that
were called. *Nothing* is the run as it is.

{lost}

A channel without a figure of its own is no dead weight: families stand in for one another, and a
channel alone in its family stands in for none. What it is worth shows where others are evaded
([the evasion curve](evasion.md)).

## What it fires on

Of the tied groups of honest accounts in the same runs, by what most of their accounts are: how many
each channel brings half a bit or more a member. All of them were let be, or this page would say so
above; whoever took one channel for proof would accuse them.

{fires}
"""


class Incident(NamedTuple):
    """One observed incident, and who is who in it."""

    preset: str
    traits: pl.DataFrame
    echoes: Echoes
    sent: Any
    profiles: pl.DataFrame
    exchanges: pl.LazyFrame
    register: Any
    truth: pl.DataFrame


class Outcome(NamedTuple):
    """What was found without something."""

    fraudulent: float
    suspect: float
    false: int


def observe(preset: str, *, scale: float, seed: int, folder: Path) -> Incident:
    """Simulate and observe one incident."""
    traffic = folder / "traffic"
    simulate(preset, out=traffic, scale=scale, seed=seed)
    run, files = start_run(), find_traffic(traffic)
    register = read_accounts(files, run)
    request = ScanRequest(traffic=traffic, out=folder / "result")
    arrived = observe_traffic(files, request, Lake(folder / "lake", lasts=False), run)
    sent, observed, echoes = collect_traits(arrived, register, key=run.key)
    schema = {"campaign": pl.String, "replaces": pl.String}
    truth = pl.read_csv(traffic / "truth" / "accounts.csv", schema_overrides=schema)
    return Incident(
        preset,
        observed.traits,
        echoes,
        sent,
        observed.profiles,
        arrived.observed(),
        register,
        truth.select("account_id", "role"),
    )


def judge(incident: Incident, *, without: Sequence[str]) -> tuple[late.Detected, late.Linked]:
    """Link and judge an incident without some channels."""
    settings, register = start_run().settings, incident.register
    traits = incident.traits.filter(~pl.col("channel").is_in(without))
    echoes = Echoes.none() if QUEUE.name in without else incident.echoes
    linked = late.link_accounts(
        traits, register=register.register, settings=settings.link, echoes=echoes
    )
    held = hold_traits(traits, linked.members)
    found = (linked.groups, linked.members, incident.sent.passages, linked.evidence)
    detected = late.detect_campaigns(
        incident.exchanges,
        late.Tied(*found, incident.profiles, echoes, held, None),
        register=late.Register(register.register, register.grants, register.launches),
        null=late.load_null(),
        settings=settings.detect,
    )
    return detected, linked


def count_found(incident: Incident, detected: late.Detected) -> Outcome:
    """Hold the verdicts against the truth."""
    named = detected.accounts.join(incident.truth, on="account_id")
    guilty = named.filter(role="fraud")["verdict"]
    false = named.filter((pl.col("role") != "fraud") & (pl.col("verdict") == "fraudulent"))
    called = (guilty == "fraudulent").mean()
    return Outcome(
        float(called or 0.0),
        float((guilty.is_in(["fraudulent", "suspect"])).mean() or 0.0),
        len(false),
    )


def list_trials() -> Iterator[tuple[str, tuple[str, ...]]]:
    """List what is left out: nothing, each channel, each family."""
    yield "nothing", ()
    every = (*CHANNELS, QUEUE)
    for channel in every:
        yield f"`{channel.name}`", (channel.name,)
    for family in FAMILIES:
        yield f"all of *{family}*", tuple(c.name for c in every if c.family == family)


def list_fires(incident: Incident, linked: late.Linked) -> pl.DataFrame:
    """Say which channels tie which honest groups.

    Grain:   one row per group and channel: role, group_id, channel, fires.
    """
    roles = (
        linked.members.join(incident.truth, on="account_id")
        .group_by("group_id", "role")
        .len()
        .sort("len", "role", descending=True)
        .unique("group_id", keep="first", maintain_order=True)
        .filter(pl.col("role") != "fraud")
        .select("group_id", "role")
    )
    return (
        linked.evidence.join(roles, left_on="subject_id", right_on="group_id")
        .with_columns(fires=pl.col("weight_bits") >= FIRES)
        .select(
            "role",
            group_id=pl.col("subject_id") + f" {incident.preset}",
            channel="channel",
            fires="fires",
        )
    )


def render_lost(outcomes: dict[str, dict[str, list[Outcome]]], presets: Sequence[str]) -> str:
    """Write the table of what is lost: a row per channel, a column per preset."""
    lines = [
        f"| without | {' | '.join(presets)} | honest called |",
        f"|---|{'---|' * len(presets)}---:|",
    ]
    for name, by_preset in outcomes.items():
        cells, false = [], 0
        for preset in presets:
            found = by_preset[preset]
            called = sum(o.fraudulent for o in found) / len(found)
            seen = sum(o.suspect for o in found) / len(found)
            cells.append(f"{called:.2f} ({seen:.2f})")
            false += sum(o.false for o in found)
        lines.append(f"| {name} | {' | '.join(cells)} | {false} |")
    return "\n".join(lines)


def render_fires(fires: pl.DataFrame) -> str:
    """Write the table of honest groups: a row per channel, a column per kind."""
    groups = fires.group_by("role").agg(pl.col("group_id").n_unique().alias("groups")).sort("role")
    roles = groups["role"].to_list()
    heads = [f"{r.removeprefix('benign-')} ({n})" for r, n in groups.iter_rows()]
    lines = [f"| channel | {' | '.join(heads)} |", f"|---|{'---:|' * len(roles)}"]
    counted = (
        fires.filter("fires")
        .group_by("channel", "role")
        .agg(pl.col("group_id").n_unique().alias("n"))
    )
    found = {(c, r): n for c, r, n in counted.iter_rows()}
    for channel in (*CHANNELS, QUEUE):
        cells = [str(found.get((channel.name, role), "")) for role in roles]
        if any(cells):
            lines.append(f"| `{channel.name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run every preset without each channel, and print the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=0.02)
    parser.add_argument("--seeds", type=int, nargs="+", default=[41])
    parser.add_argument("--presets", nargs="+", default=list(PRESETS))
    asked = parser.parse_args()
    outcomes: dict[str, dict[str, list[Outcome]]] = {}
    fires = []
    for preset in asked.presets:
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as place:
                incident = observe(preset, scale=asked.scale, seed=seed, folder=Path(place))
                for name, without in list_trials():
                    detected, linked = judge(incident, without=without)
                    by_preset = outcomes.setdefault(name, {})
                    by_preset.setdefault(preset, []).append(count_found(incident, detected))
                    if not without:
                        fires.append(list_fires(incident, linked))
    print(
        PAGE.format(
            scale=asked.scale,
            seeds=" ".join(map(str, asked.seeds)),
            presets=" ".join(asked.presets),
            count=len(asked.seeds),
            lost=render_lost(outcomes, asked.presets),
            fires=render_fires(pl.concat(fires)),
        )
    )


if __name__ == "__main__":
    main()
