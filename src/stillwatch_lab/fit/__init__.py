"""Honest traffic as it is: fitted on half of the real traces, compared with the other half.

The simulator draws from here; `tools/fit_traffic.py` fits and writes `docs/lab/fit.md`.
"""

from stillwatch_lab.fit.arrivals import draw_arrival_times
from stillwatch_lab.fit.clients import draw_clients
from stillwatch_lab.fit.honest import load_honest_traffic
from stillwatch_lab.fit.lengths import draw_lengths
from stillwatch_lab.fit.rates import scale_rates

__all__ = [
    "draw_arrival_times",
    "draw_clients",
    "draw_lengths",
    "load_honest_traffic",
    "scale_rates",
]
