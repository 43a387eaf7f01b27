"""Every look-alike by name: who draws it, how many there are, how large, what is permitted.

Read by `cohorts.groups`, which orders from it, and by `scenarios`. Numbers are those of scale 1,
which is 500,000 honest accounts; none is measured, each is argued in its line. The one idea: what
the null of judging has to know and what `innocent` has to hold is this table and nothing else.
"""

from __future__ import annotations

from typing import Final

from stillwatch_lab.cohorts import institutions, teams
from stillwatch_lab.cohorts.lookalikes import (
    busy_accounts,
    campus,
    claimed_organisation,
    hackathon,
    robots,
    viral_prompt,
)
from stillwatch_lab.cohorts.lookalikes.applications import (
    by_the_clock,
    crowd_work,
    framework,
    own_keys,
)
from stillwatch_lab.cohorts.lookalikes.keys import card_keys, fleets, resale, stolen_key
from stillwatch_lab.cohorts.lookalikes.look_alike import LookAlike

_WITHIN: Final = 2.0
"""A permitted partner's budget over what it is expected to send: it is not exceeded."""
_BEYOND: Final = 0.4
"""The same where it is exceeded."""


_TABLE: Final = (
    LookAlike(
        "office", "benign-office", teams.draw_office, 120, (5, 400),
        "two accounts in a hundred belong to a workplace that registers its organisation",
    ),
    LookAlike(
        "firm", "benign-firm", teams.draw_firm, 500, (5, 25),
        "small firms are the commonest employers, and most never fill in an organisation",
    ),
    LookAlike(
        "class", "benign-class", institutions.draw_class, 40, (15, 300),
        "a hundred schools and courses, two in five with an exercise in this fortnight",
    ),
    LookAlike(
        "evaluation", "benign-evaluation", institutions.draw_evaluation, 60, (3, 12),
        "laboratories and vendors that benchmark a provider in any fortnight",
    ),
    LookAlike(
        "accelerator", "benign-startup", institutions.draw_startups, 40, (10, 80),
        "start-up programmes take cohorts of ten to eighty; a provider knows some dozens",
    ),
    LookAlike(
        "load-balanced", "benign-load-balanced", teams.draw_load_balanced, 100, (5, 40),
        "one verified customer in some hundreds spreads its keys to raise its rate",
        is_product=True),
    LookAlike(
        "partner", "benign-partner", teams.draw_partner, 6, (10, 60),
        "a provider signs few distillation contracts", is_product=True,
        grant=teams.permit("distillation", _WITHIN),
    ),
    LookAlike(
        "open-keys", "benign-load-balanced", teams.draw_open_keys, 40, (5, 40),
        "as load-balanced, for the smaller half whom nobody has verified", is_product=True,
    ),
    LookAlike(
        "resale", "benign-resale", teams.draw_resale_pool, 15, (5, 100),
        "resale without a contract is seen, and is rarer than resale with one", is_product=True,
    ),
    LookAlike(
        "partner-over-budget", "benign-partner", teams.draw_partner, 2, (10, 60),
        "one contract in four runs over", is_product=True,
        grant=teams.permit("distillation", _BEYOND),
    ),
    LookAlike(
        "evaluation-permitted", "benign-evaluation", institutions.draw_evaluation, 20, (3, 12),
        "a quarter of the laboratories ask beforehand", grant=teams.permit("evaluation")),
    LookAlike(
        "campus", "benign-campus", campus.draw_campus, 12, (800, 2_500),
        "a dozen universities whose members call through one NAT, one or two thousand each",
        least=20, times=0.8,
    ),
    LookAlike(
        "ci-robots", "benign-ci", robots.draw_robots, 80, (3, 60),
        "one software house in some has builds that ask a model; a project each", times=10.0,
    ),
    LookAlike(
        "relay", "benign-relay", resale.draw_relay, 20, (3, 40),
        "marketplaces with a contract: some tens, thousands of end users behind each key",
        is_product=True, grant=teams.permit("resale"),
    ),
    LookAlike(
        "program-reseller", "benign-reseller", resale.draw_reseller, 20, (20, 300),
        "resellers with a contract that open an account for each customer",
        grant=teams.permit("resale"),
    ),
    LookAlike(
        "hackathon", "benign-hackathon", hackathon.draw_hackathon, 20, (30, 300),
        "ten a weekend worldwide, of a hall's size", least=8, times=2.0,
    ),
    LookAlike(
        "viral-prompt", "benign-viral", viral_prompt.draw_viral, 4, (2_500, 4_500),
        "two a week that a hundredth of all accounts take part in", least=20, times=0.4,
    ),
    LookAlike(
        "claimed-organisation", "benign-claimed-organisation", claimed_organisation.draw_claimed,
        60, (5, 60), "one verified organisation in some tens has its name typed by others",
    ),
    LookAlike(
        "tool-launch", "benign-launch", framework.draw_launch, 16, (20, 600),
        "a tool a week, of those that ask for a key of one's own, finds some hundred users at once",
        least=8,
    ),
    LookAlike(
        "key-pool", "benign-key-pool", resale.draw_key_pool, 12, (5, 60),
        "a community in some lends its members' keys to a gateway of its own", times=3.0,
    ),
    LookAlike(
        "framework", "benign-framework", framework.draw_framework, 8, (7_000, 17_000),
        "a fifth of all accounts call through one of a few agent frameworks",
        shape="crowd", least=30,
    ),
    LookAlike(
        "vpn", "benign-vpn", institutions.draw_vpn_users, 3, (4_000, 8_000),
        "three in a hundred are behind a consumer VPN; attackers use the first of three",
        shape="crowd", least=10,
    ),
    LookAlike(
        "batch", "benign-batch", busy_accounts.draw_batch, 24, (1, 1),
        "customers of the batch kind are few and send a tenth of all traffic",
        shape="single", least=1, times=2_200.0),
    LookAlike(
        "fine-tuner", "benign-fine-tuner", busy_accounts.draw_fine_tuner, 120, (1, 1),
        "one account in four thousand makes data for a small model of its own",
        shape="single", least=1, times=75.0,
    ),
    LookAlike(
        "stolen-key", "benign-stolen-key", stolen_key.draw_stolen_key, 100, (1, 1),
        "one key in five thousand lies in public code", shape="single", least=1, times=10.0,
    ),
    LookAlike(
        "card-keys", "benign-card-keys", card_keys.draw_card_keys, 120, (3, 40),
        "as many customers as spread keys under an organisation's name do it under none",
        least=3, is_product=True, is_bounded=True,
    ),
    LookAlike(
        "fleet", "benign-fleet", fleets.draw_fleet, 30, (5, 40),
        "of the customers with several keys, those whose workers stand at several sites",
        least=4, is_product=True, is_bounded=True,
    ),
    LookAlike(
        "card-fleet", "benign-card-fleet", fleets.draw_card_fleet, 20, (4, 40),
        "the same of those who declare nothing and pay with one card",
        least=4, is_product=True, is_bounded=True,
    ),
    LookAlike(
        "own-keys", "benign-own-keys", own_keys.draw_own_keys, 80, (5, 400),
        "tutors, editors, agents, graders: one account in a hundred is the key of an application",
        is_asked_for=True,
    ),
    LookAlike(
        "by-the-clock", "benign-by-the-clock", by_the_clock.draw_by_the_clock, 30, (5, 400),
        "briefings, digests, agents' rounds, shared tasks: one account in two hundred is a clock's",
        times=5.0, is_asked_for=True,
    ),
    LookAlike(
        "crowd-work", "benign-crowd-work", crowd_work.draw_crowd_work, 20, (5, 400),
        "annotators, graders, translators of a marketplace: one account in three hundred is one's",
        times=4.0, is_asked_for=True,
    ),
)  # fmt: skip

LOOK_ALIKES: Final = {like.name: like for like in _TABLE}
"""By name; tied kinds take turns in this order."""
USUAL: Final = tuple(like.name for like in _TABLE if not like.is_asked_for)
"""Those that are there without anybody asking for them."""
TIED: Final = tuple(name for name in USUAL if LOOK_ALIKES[name].shape == "group")
UNOWNED: Final = (
    "class", "accelerator", "hackathon", "tool-launch", "key-pool", "card-keys", "card-fleet",
)  # fmt: skip
"""Tied kinds of which most accounts declare no common owner: none is there, or none is named."""
PAID: Final = ("card-keys",)
"""Tied kinds that declare nobody and are one customer's all the same: one card pays."""
TRIAL_KINDS: Final = TIED[:9]
"""Those of the scenario `trial`, which stays as it was first measured."""
