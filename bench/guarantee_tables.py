"""The page of the guarantee's demonstration: incidents in, tables and what they mean out.

Read by `guarantee.py`. Shares of incidents have exact upper bounds (Clopper & Pearson, one-sided,
95 %). A mean of proportions has the bound of a betting martingale: whoever bets that the mean is
below *m* multiplies the stake by 1 + c (m - x) / (1 - m) at every incident; an *m* at which a
mixture of such players is twenty times as rich is rejected (Waudby-Smith & Ramdas 2024, Ville).
It holds for any number of incidents, and where all are 0 it is nearly the exact one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from stillwatch_lab.evaluation.bootstrap import upper_share

LEVELS: Final = (0.01, 0.05)
"""The levels at which verdicts are spoken: `fraudulent` and `suspect`."""
LISTED: Final = 0.2
"""The level up to which a harvest is a campaign at all."""
P_LEVELS: Final = (0.05, 0.01, 0.001)
LINKED: Final = 0.01
"""Link q up to which a group is judged."""
STAKES: Final = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
RICH: Final = 20.0
"""Times the stake at which a mean is rejected: 95 %."""
HALVINGS: Final = 40
"""Of the interval in which a bound is looked for."""
UNSEEN: Final = "applications"
"""The part of which no p-value is promised."""
Cell = dict[str, Any]
Group = dict[str, Any]
INTRODUCTION: Final = """\
Made by `{command}`.

{incidents} incidents of {cpu_s:.1f} CPU seconds each. Detectors, settings and levels are those of
`scan`.
"""
READING: Final = """\
These figures hold for the lab's innocents and for nobody else. A group is honest here if fewer than
half of its accounts harvest; groups of permitted partners, who do harvest, are set apart and count
neither as right nor as wrong. What would break it: kinds of honest groups that the
lab does not draw, or draws too tamely, above all customers' keys, pools and launches that are more
even and more alike than the lab's; kinds mixed very differently; logs that fill in other fields;
longer watches or larger groups than the null has seen (docs/theory/judging.md, section 7). The null
of judging was fitted by this lab, on other seeds: another simulator, or real traffic, is the test
that this is not.

At this scale a look-alike of which scale 1 has fewer than two hundred is there once, and smaller
in proportion (`innocent` keeps one of each, of five accounts at least); `honest-groups` has the
same kinds in all sizes up to 400 accounts. `applications` are kinds that declare nobody, with
people who work off one list, users' own keys and clocks among them, which the null has not seen:
no p-value is promised for them, and they have a table of their own."""


def bound_mean(values: Sequence[float]) -> float:
    """Bound the mean of values in [0, 1] from above, at 95 %.

    Order:   irrelevant: stakes are fixed beforehand. A wealth grows with m, so the bound is where
             it passes twenty times the stake.
    """
    x = np.array(values, np.float64)
    low, high = float(x.mean()) if len(x) else 0.0, 1.0
    for _ in range(HALVINGS):
        m = (low + high) / 2
        low, high = (low, m) if _grow_wealth(x, m) >= RICH else (m, high)
    return high


def _grow_wealth(x: Any, m: float) -> float:  # noqa: ANN401  an array
    if m >= 1.0:
        return RICH
    with np.errstate(divide="ignore"):
        logs = [np.log(np.maximum(1 + s * (m - x) / (1 - m), 0.0)).sum() for s in STAKES]
    return float(np.exp(np.minimum(logs, 700.0)).mean())


def average(values: Sequence[float]) -> str:
    """Write a mean with its standard error."""
    if len(values) < 2:
        return "-"
    x = np.array(values, np.float64)
    return f"{x.mean():.3g} ± {x.std(ddof=1) / np.sqrt(len(x)):.2g}"


def is_honest(group: Group) -> bool:
    """Say whether no account of it harvests, permitted or not."""
    return bool(group["harvest_share"] == 0.0)


def is_false(group: Group, level: float) -> bool:
    """Say whether it is mostly honest, and judged a harvest at a level."""
    return group["harvest_share"] < 0.5 and is_called(group, level)


def is_called(group: Group, level: float) -> bool:
    """Say whether it is judged a harvest at a level."""
    return bool(group["judgement"] == "harvest" and group["q_value"] <= level)


def list_by(cells: Iterable[Cell], field: str) -> dict[str, list[Cell]]:
    """Give cells by a field, in the order in which its values come."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(str(cell[field]), []).append(cell)
    return found


def render_page(cells: Sequence[Cell], *, command: str) -> str:
    """Write the page."""
    by_part = list_by(cells, "part")
    empty = {name: cells for name, cells in by_part.items() if name != "campaigns"}
    return "\n".join(
        [
            "# The guarantee, demonstrated\n",
            INTRODUCTION.format(
                command=command,
                incidents=len(cells),
                cpu_s=float(np.mean([cell["cpu_s"] for cell in cells])),
            ),
            "## Traffic without a campaign\n",
            *_levels(empty),
            "\n## Accounts of that traffic, by role\n",
            *_roles(empty),
            "\n## Traffic with campaigns\n",
            *_discoveries(by_part.get("campaigns", [])),
            "\n## e-values where nothing ties anybody, or nobody harvests\n",
            *_e_values(cells),
            "\n## Honest tied groups, by kind\n",
            *_kinds(_list_honest(cells, unseen=False)),
            "\n## The same of kinds that the null has not seen\n",
            *_kinds(_list_honest(cells, unseen=True)),
            "\n## Every honest group that was judged a harvest at q ≤ 0.05\n",
            *_false_groups(cells),
            f"\n## What it says\n\n{READING}",
        ]
    )


def _levels(parts: dict[str, list[Cell]]) -> Iterator[str]:
    yield (
        "| traffic | incidents | accounts | groups judged | said of an honest group or account "
        "| incidents | share | upper 95 % |\n|---|---:|---:|---:|---|---:|---:|---:|"
    )
    for part, cells in parts.items():
        judged = [g for c in cells for g in c["groups"] if g["link_q_value"] <= LINKED]
        accounts = sum(cell["accounts"] for cell in cells) / len(cells)
        head = f"| {part} | {len(cells)} | {accounts:,.0f} | {len(judged):,} "
        for level in (*LEVELS, LISTED):
            wrong = sum(any(is_false(g, level) for g in cell["groups"]) for cell in cells)
            yield f"{head}| distillation at q ≤ {level:g} {_share(wrong, len(cells))}"
        wrong = sum(cell["false"] > 0 for cell in cells)
        yield f"{head}| an account `fraudulent` {_share(wrong, len(cells))}"
        wrong = sum(cell["false_at_suspect"] > 0 for cell in cells)
        yield f"{head}| an account `suspect` {_share(wrong, len(cells))}"


def _share(part: int, whole: int) -> str:
    return f"| {part} | {part / whole:.4f} | {upper_share(part, whole):.4f} |"


def _roles(parts: dict[str, list[Cell]]) -> Iterator[str]:
    yield "| role | accounts | fraudulent | suspect | watch | permitted |"
    yield "|---|---:|---:|---:|---:|---:|"
    found: dict[str, Counter[str]] = {}
    for cells in parts.values():
        for cell in cells:
            for role, verdicts in cell["verdicts_by_role"].items():
                found.setdefault(role, Counter()).update(verdicts)
    for role, verdicts in sorted(found.items()):
        said = " | ".join(
            f"{verdicts[v]:,}" for v in ("fraudulent", "suspect", "watch", "permitted")
        )
        yield f"| {role} | {verdicts.total():,} | {said} |"


def _discoveries(cells: Sequence[Cell]) -> Iterator[str]:
    yield "Means over incidents of the false-discovery proportion, V / max(R, 1), each with its"
    yield "upper 95 % bound. Groups of permitted partners are in neither V nor R.\n"
    yield (
        "| scenario | scale | incidents | account recall | V, R of groups at q ≤ 0.05 "
        "| accounts `fraudulent` | upper | groups at q ≤ 0.01 | upper "
        "| groups at q ≤ 0.05 | upper |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for scenario, own in {**list_by(cells, "scenario"), "all": list(cells)}.items():
        if own:
            recall = float(np.mean([cell["account_recall"] or 0.0 for cell in own]))
            figures = [[cell["false"] / max(cell["called"], 1) for cell in own]]
            figures += [[_proportion(cell["groups"], level) for cell in own] for level in LEVELS]
            said = " | ".join(f"{np.mean(f):.4f} | {bound_mean(f):.4f}" for f in figures)
            counts = _count_groups(own, LEVELS[-1])
            scale = "-" if scenario == "all" else f"{own[0]['scale']:g}"
            yield f"| {scenario} | {scale} | {len(own)} | {recall:.3f} | {counts} | {said} |"


def _count_groups(cells: Sequence[Cell], level: float) -> str:
    groups = [g for cell in cells for g in cell["groups"] if is_called(g, level) and _counts(g)]
    return f"{sum(is_false(group, level) for group in groups)}, {len(groups)}"


def _proportion(groups: Sequence[Group], level: float) -> float:
    called = [g for g in groups if is_called(g, level) and _counts(g)]
    return sum(is_false(group, level) for group in called) / max(len(called), 1)


def _counts(group: Group) -> bool:
    """Say whether it is no permitted partner's."""
    return not (group["harvest_share"] >= 0.5 and group["kind"] != "fraud")


def _e_values(cells: Sequence[Cell]) -> Iterator[str]:
    yield "Means over incidents, with standard errors: at most 1 is promised.\n"
    yield "| e-value | traffic | incidents | mean | largest of an incident |"
    yield "|---|---|---:|---:|---:|"
    told: tuple[tuple[str, Callable[[Cell], float]], ...] = (
        ("linking, every seed of the search", lambda null: null["seeds"]),
        ("linking, holders of a value as they are", lambda null: null["combined"]),
    )
    for name in ("dealt", "strangers"):
        nulls = [cell["null"][name] for cell in cells if name in cell["null"]]
        for says, take in told if nulls else ():
            yield _e_row(says, name, [take(null) for null in nulls])
        families = sorted({family for null in nulls for family in null["unchosen"]})
        for family in families:
            values = [null["unchosen"][family] for null in nulls if family in null["unchosen"]]
            yield _e_row(f"the same, {family} alone", name, values)
    for part, own in list_by(cells, "part").items():
        honest = [_judged(cell["groups"]) for cell in own]
        values = [float(np.mean(each)) for each in honest if each]
        if values:
            yield _e_row("judging, honest tied groups", part, values)


def _judged(groups: Sequence[Group]) -> list[float]:
    return [g["e_value"] for g in groups if is_honest(g) and g["link_q_value"] <= LINKED]


def _e_row(says: str, traffic: str, values: Sequence[float]) -> str:
    return f"| {says} | {traffic} | {len(values)} | {average(values)} | {max(values):.3g} |"


def _list_honest(cells: Sequence[Cell], *, unseen: bool) -> list[Group]:
    told = (cell for cell in cells if (cell["part"] == UNSEEN) is unseen)
    return [group for cell in told for group in cell["groups"] if is_honest(group)]


def _kinds(groups: Sequence[Group]) -> Iterator[str]:
    yield "Judged groups alone (link q ≤ 0.01). Beside each count, what chance would give: to all"
    yield "kinds together; p is promised for honest groups as the lab mixes them, not kind by kind."
    yield "It is 1 up to the honest 95 % quantile.\n"
    heads = [f"p ≤ {p:g}" for p in P_LEVELS] + [f"harvest at q ≤ {q:g}" for q in (*LEVELS, LISTED)]
    yield f"| kind | groups | least p | {' | '.join(heads)} |\n|---|{'---:|' * (2 + len(heads))}"
    found: dict[str, list[Group]] = {}
    for group in groups:
        if group["link_q_value"] <= LINKED:
            found.setdefault(group["kind"], []).append(group)
    ordered = sorted(found.items(), key=lambda one: (_least_p(one[1]), one[0]))
    for kind, own in [*ordered, ("all", [g for each in found.values() for g in each])]:
        p = [group["p_value"] for group in own]
        counts = [f"{sum(one <= bar for one in p)} ({bar * len(p):.1f})" for bar in P_LEVELS]
        counts += [str(sum(is_called(g, q) for g in own)) for q in (*LEVELS, LISTED)]
        yield f"| {kind} | {len(own)} | {_least_p(own):.2g} | {' | '.join(counts)} |"


def _least_p(groups: Sequence[Group]) -> float:
    return min((float(group["p_value"]) for group in groups), default=1.0)


def _false_groups(cells: Sequence[Cell]) -> Iterator[str]:
    yield (
        "| traffic | seed | kind | share of it | accounts | exchanges | p | q "
        "| called fraudulent | witnesses, in standard deviations |"
    )
    yield "|---|---:|---|---:|---:|---:|---:|---:|---:|---|"
    for cell in cells:
        for group in cell["groups"]:
            if is_false(group, LEVELS[-1]):
                loud = sorted(group["witnesses"].items(), key=lambda one: -one[1][0])
                said = ", ".join(f"{name} {z:.1f}" for name, (z, _) in loud)
                yield (
                    f"| {cell['scenario']} | {cell['seed']} | {group['kind']} "
                    f"| {group['kind_share']:.2f} | {group['accounts']} | {group['exchanges']:,} "
                    f"| {group['p_value']:.2g} | {group['q_value']:.2g} | {group['fraudulent']} "
                    f"| {said} |"
                )
