"""DESIGN.md, section 6, items 2 to 5, in plain Python over dictionaries: slow, and easy to check.

It reads TRAIT rows, knows nothing of sparse arrays, and looks at everybody in every round. What
the kernels of linking give is held against it.
"""

from __future__ import annotations

from collections import defaultdict
from math import log2

import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNEL_OF, FAMILIES
from stillwatch.domain.settings import LinkSettings

LEAST = 1e-3
"""Least share on values that the group does not hold (the kernels' own bound)."""
SUPPORT = 0.1
"""Share of the other members that one lifted value must join an actor to (the kernels' own)."""


class SlowLink:
    """A population of traits, and the weights that DESIGN.md gives its accounts for a group."""

    def __init__(self, traits: pl.DataFrame, settings: LinkSettings, *, hidden: str = "") -> None:
        self.settings = settings
        self.bar = settings.hidden_bar_bits if hidden else settings.member_bar_bits
        self.hidden = hidden
        self.held: dict[str, dict[str, dict[int, float]]] = defaultdict(dict)
        for account, channel, value, share in traits.iter_rows():
            self.held[channel].setdefault(account, {})[value] = share
        self.accounts = sorted(set(traits["account_id"]))

    def mass(self, channel: str, value: int, among: list[str]) -> float:
        """Sum of the shares of some accounts on a value."""
        return sum(self.held[channel].get(a, {}).get(value, 0.0) for a in among)

    def unheld_bits(self, channel: str, group: list[str], value: int, account: str) -> float:
        """Item 3: members on values that nobody else in the group holds, over such non-members.

        Non-members who hold `value` are such to a member who holds it alone, and he counts for
        nothing then.
        """
        held = self.held[channel]
        members = [a for a in group if a in held]
        outside = [a for a in held if a not in set(group)]
        if len(members) < 2 or not outside:
            return 0.0
        holders: dict[int, int] = defaultdict(int)
        for a in members:
            for v in held[a]:
                holders[v] += 1
        lone = sum(s for a in members for v, s in held[a].items() if holders[v] == 1)
        free = sum(s for a in outside for v, s in held[a].items() if v not in holders or v == value)
        there = max(free / len(outside), LEAST)
        shrink = self.settings.shrink_members
        left_out = account in members and any(value in held[a] for a in outside)
        lone -= held[account][value] if left_out else 0.0
        here = (lone + shrink * there) / (len(members) - left_out + shrink)
        return log2(max(here, LEAST) / there)

    def once_bits(self, channel: str, group: list[str]) -> float:
        """What a value met once loses: of the mass met so, what values met twice let expect."""
        counts: dict[int, list[float]] = defaultdict(list)
        for a in group:
            for value, share in self.held[channel].get(a, {}).items():
                counts[value].append(share)
        once, twice = (sum(sum(s) for s in counts.values() if len(s) == n) for n in (1, 2))
        return min(log2((twice + 1) / (once + 1)), 0.0)

    def channel_bits(
        self, channel: str, account: str, group: list[str], skip: object, wide: float
    ) -> tuple[float, float]:
        """Items 2 and 4: leave-one-out log ratios, each weighed by the account's share.

        The second figure is what values that fewer than `wide` of the others hold bring of it.
        """
        held = self.held[channel]
        others = [a for a in group if a in held and a != account]
        if account not in held or len(others) < 2:
            return 0.0, 0.0
        total = narrow = wide_best = 0.0
        is_whole = CHANNEL_OF[channel].is_whole
        for value, share in held[account].items():
            if (channel, value) == skip:
                continue
            if not any(value in held[a] for a in others):
                told = share * self.unheld_bits(channel, group, value, account)
                lone = len([a for a in held if value in held[a]]) == 1
                total = max(total, told) if is_whole and not lone else total + told
                wide_best = max(wide_best, told)
                continue
            everybody = list(held)
            p = max((self.mass(channel, value, everybody) - share) / (len(everybody) - 1), 1e-9)
            shrink = self.settings.shrink_members
            q = (self.mass(channel, value, others) + shrink * p) / (len(others) + shrink)
            lift = log2(max(q, 1e-9) / p)
            if sum(value in held[a] for a in others) == 1:
                lift = max(lift + self.once_bits(channel, group), min(lift, 0.0))
            total = max(total, share * lift) if is_whole else total + share * lift
            if lift > 0 and sum(value in held[a] for a in others) / len(others) < wide:
                narrow += share * lift
            else:
                wide_best = max(wide_best, share * lift)
        return total, max(total, 0.0) - wide_best if is_whole else narrow

    def family_bits(
        self, account: str, group: list[str], skip: object = None, wide: float = SUPPORT
    ) -> dict[str, float]:
        """Item 5: a family's best and worst channel together, within the cap.

        What few of the others hold counts in one family: the one where it brings most.
        """
        cap = self.settings.family_cap_bits
        bits: dict[str, list[tuple[float, float]]] = {family: [(0.0, 0.0)] for family in FAMILIES}
        for channel in list(self.held):
            if CHANNEL_OF[channel].family != self.hidden:
                found = self.channel_bits(channel, account, group, skip, wide)
                bits[CHANNEL_OF[channel].family].append(found)
        plain, full = {}, {}
        for family, found in bits.items():
            low = min(total for total, _ in found)
            for into, high in (
                (plain, max(total - narrow for total, narrow in found)),
                (full, max(total for total, _ in found)),
            ):
                into[family] = min(max(max(high, 0.0) + low, -cap), cap)
        best = max(FAMILIES, key=lambda f: full[f] - plain[f])
        return {**plain, best: full[best]}

    def support(self, account: str, group: list[str]) -> float:
        """Largest share of the other members to whom one lifted value joins an actor."""
        lifted = min(self.settings.lift_bits, log2(len(self.accounts) / len(group)) - 1)
        best = 0.0
        for channel, held in self.held.items():
            others = [a for a in group if a in held and a != account]
            if account not in held or len(others) < 2 or CHANNEL_OF[channel].family == self.hidden:
                continue
            for value, share in held[account].items():
                holders = sum(value in held[a] for a in others)
                p = max((self.mass(channel, value, list(held)) - share) / (len(held) - 1), 1e-9)
                shrink = self.settings.shrink_members
                q = (self.mass(channel, value, others) + shrink * p) / (len(others) + shrink)
                if holders and log2(max(q, 1e-9) / p) >= lifted:
                    best = max(best, holders / len(others))
        return best

    def clears(self, account: str, group: list[str], seed: tuple[str, int] | None) -> bool:
        """Item 5: the bar after the prior, by the population or by the seed's holders."""
        bits = self.family_bits(account, group)
        speaking = {f for f, b in bits.items() if b >= self.settings.family_bar_bits}
        prior = log2(len(group) / len(self.accounts))
        if self.support(account, group) < SUPPORT:
            return False
        if sum(bits.values()) + prior >= self.bar and len(speaking) >= 2:
            return True
        if seed is None or seed[1] not in self.held[seed[0]].get(account, {}):
            return False
        holders = [a for a in self.accounts if seed[1] in self.held[seed[0]].get(a, {})]
        prior = log2(max(len(set(holders) & set(group)), 1) / len(holders))
        without = self.family_bits(account, group, skip=seed)
        own = CHANNEL_OF[seed[0]].family
        spoke = {f for f, b in without.items() if b >= self.settings.family_bar_bits}
        spoke |= speaking & {own}
        return sum(without.values()) + prior >= self.bar and len(spoke) >= 2

    def gather(self, group: list[str], seed: tuple[str, int] | None = None) -> set[str]:
        """One round of growth: everybody is looked at."""
        return {a for a in self.accounts if self.clears(a, group, seed)}

    def best_quarter(self, channel: str, value: int) -> tuple[float, set[str]]:
        """Item 1: a seed's holders by what the other families say, and the mean of the best."""
        holders = [a for a in self.accounts if value in self.held[channel].get(a, {})]
        own = CHANNEL_OF[channel].family
        bits = {}
        for account in holders:
            families = self.family_bits(account, holders, skip=(channel, value), wide=0.0)
            bits[account] = sum(b for f, b in families.items() if f != own)
        least = sorted(bits.values(), reverse=True)[max(len(holders) // 4, limits.ACTORS_MIN) - 1]
        best = {a for a, b in bits.items() if b >= least - 1e-6}
        return sum(bits[a] for a in best) / len(best), best
