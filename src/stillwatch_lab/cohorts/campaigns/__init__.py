"""Campaigns: a plan of knobs, and the accounts (heads) that carry it out."""

from stillwatch_lab.cohorts.campaigns.heads import draw_heads
from stillwatch_lab.cohorts.campaigns.plan import HEADS_MIN, Plan, expect_exchanges, scale_plan

__all__ = ["HEADS_MIN", "Plan", "draw_heads", "expect_exchanges", "scale_plan"]
