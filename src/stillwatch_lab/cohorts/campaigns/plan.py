"""A campaign's plan: every knob, with its unit and the family of evidence that it changes.

Read by the other modules of this package, which draw heads by it, and by `traffic.harvests`, which
draws their work. The one idea: a knob belongs to one family of evidence (DESIGN.md, section 2), so
an evasion is a change of knobs of one family; the defaults evade nothing but by payment and
network. Low-and-slow is a small `per_day` over many days, with `rests`. Absent: the sizes of any
campaign (`plans`, `presets`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from stillwatch_lab.scene import DAY_S, NEW_MODEL, Scene

HEADS_MIN: Final = 60
"""CONTRACT.md: no campaign falls under 60 heads at any scale."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One campaign, knob by knob; the family of evidence stands in brackets."""

    name: str
    heads: int
    """Accounts at scale 1, successors of banned ones apart."""
    per_day: float
    """Harvest exchanges of a head and day, on average over the days that it works. [timing]"""
    work: str
    """Kind of item (`text.items`). [content]"""
    also: tuple[str, ...] = ()
    """Further kinds of items, as often as the first. [content]"""
    specialities: int = 1
    """Groups of heads over which the kinds are divided; 1 = every head does all. [content]"""
    wordings: tuple[int, ...] = (0,)
    """Which wordings of the template it uses. [content]"""
    paraphrase: float = 0.0
    """0 = the wording as it stands; below 1 = share of swapped words, and of prompts whose clauses
    change places; 1 = a template written afresh. [content]"""
    paraphrase_by: Literal["prompt", "head"] = "prompt"
    """Every prompt has a paraphrase of its own, or every head one that it keeps. [content]"""
    pool: int | None = None
    """Different items that there are; None = as many as exchanges. [content]"""
    has_replacement: bool = False
    """Items are drawn from the pool by chance; else it is worked through, and again. [content]"""
    pool_name: str = ""
    """Campaigns with one name draw the same items; empty = this campaign's own. [content]"""
    hands_out: Literal["items", "stretches"] = "items"
    """A common queue, or each head a stretch of its own. [timing]"""
    shuffle: float = 0.0
    """Within which share of the pool the order is shuffled; 1 = there is no order. [timing]"""
    passes_on: bool = True
    """A refused request is sent again by another head, not by the same. [timing]"""
    mixing: float = 0.0
    """Share of a head's traffic that is no harvest, 0 to 0.95. [content]"""
    unrelated: Literal["customers", "own_life"] = "customers"
    """Whose that traffic is: hundreds of customers', or one person's. [content]"""
    sigma: float = 0.0
    """Spread of the heads' volumes on the logarithmic scale; 0 = all alike. [timing]"""
    payment: Literal["shared", "batch", "own"] = "own"
    """[identity]"""
    instruments: int = 1
    """Shared: how many instruments; batch: accounts on one instrument. [identity]"""
    program: str | None = None
    """Programme through which the accounts came in. [identity]"""
    network: Literal["proxy", "pool", "subnet", "own"] = "own"
    """One address, a pool, one each among neighbours, or a residential one each.
    [infrastructure]"""
    addresses: int = 1
    """Pool: how many addresses, of a large one a few dozen a head; subnet: how many neighbours it
    spans. [infrastructure]"""
    proxies: tuple[str, ...] = ()
    """Names of the proxies over which the heads are spread in turn; each has its own addresses and
    client stacks, the same for every campaign that names it; empty = nobody else's.
    [infrastructure]"""
    vpn_share: float = 0.0
    """Share of the heads that also appear at the consumer VPN. [infrastructure]"""
    paths: tuple[str, ...] = ()
    """Access paths over which the heads are spread; empty = one, or own ones. [infrastructure]"""
    clients: int = 0
    """How many client stacks they share; 0 = own ones; -1 = one that nobody else has. [client]"""
    has_one_setting: bool = True
    """All heads send the same parameters. [client]"""
    signup: Literal["bursts", "regular", "weeks", "aged"] = "aged"
    """[lifecycle]"""
    signup_days: float = 21.0
    """Over how many days the accounts were opened. [lifecycle]"""
    signup_before: float = 2.0
    """How many days before the run the last of them was opened; below 0: during the run.
    [lifecycle]"""
    banned: float = 0.0
    """Share of the heads that are banned during the run. [lifecycle]"""
    ban_day: float = 3.5
    """[lifecycle]"""
    replaced: float = 1.0
    """Share of the banned heads whose place another account takes within hours. [lifecycle]"""
    schedule: Literal["round_robin", "queue", "human", "lockstep"] = "queue"
    """Who sends the next item: heads in rotation, in an order that changes each round, whoever is
    awake, or all of them within a minute. [timing]"""
    begins: float = 0.0
    """Day of the run on which the work begins. [timing]"""
    lasts: float | None = None
    """Days that it goes on; None = to the end of the run. [timing]"""
    ramp_days: float = 0.0
    """Days over which it grows evenly to its full rate; the total stays. [timing]"""
    rests: float = 0.0
    """Share of its days on which a head does nothing; it does more on the others. [timing]"""
    pivot_share: float = 0.0
    """Share of the heads that turn to the new model within hours of its release. [timing]"""

    def __post_init__(self) -> None:
        """Refuse what the knobs can't mean together.

        Raises:
            ValueError: uneven heads would need stretches of lengths that nobody knows beforehand.
        """
        if self.hands_out == "stretches" and self.sigma > 0 and self.schedule != "human":
            message = f"{self.name}: stretches for uneven heads need schedule='human'"
            raise ValueError(message)

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds of items; kind k falls to speciality k modulo their number."""
        return (self.work, *self.also)

    def days_at_work(self, days: int) -> tuple[float, float]:
        """Give the first and the last moment of its work in a run, in days."""
        lasts = days if self.lasts is None else self.lasts
        return self.begins, min(self.begins + lasts, float(days))

    def harvest_per_head(self, days: int) -> float:
        """Give the harvest exchanges of a head in a run."""
        begin, end = self.days_at_work(days)
        return self.per_day * (end - begin)

    def released_model(self, scene: Scene) -> str | None:
        """Give the release to which it turns, where there is one in the run."""
        from_day, to_day = self.days_at_work(scene.days)
        in_time = from_day <= scene.release_s / DAY_S < to_day
        return NEW_MODEL if self.pivot_share > 0 and in_time else None


def scale_plan(plan: Plan, scale: float) -> int:
    """Give the heads of a plan at a scale."""
    return max(HEADS_MIN, round(plan.heads * scale))


def expect_exchanges(plan: Plan, count: int, *, days: int) -> float:
    """Give the exchanges that a plan's heads send in a run, unrelated ones included."""
    return count * plan.harvest_per_head(days) / (1.0 - plan.mixing)
