"""Backtests: a policy replayed over what was known, look by look, and what would have come of it.

`looks` is what goes in, `replay` decides at each look, `refused` says what of the traffic would
have been refused, `outcome` counts. Pure; where looks come from is the rim's business.
"""

from stillwatch.decide.backtest.looks import ANSWER, TRAFFIC, Look
from stillwatch.decide.backtest.outcome import Outcome, weigh_outcome
from stillwatch.decide.backtest.replay import replay_policy

__all__ = ["ANSWER", "TRAFFIC", "Look", "Outcome", "replay_policy", "weigh_outcome"]
