"""What was fitted: the figures of honest traffic, as they ship with the package.

Written by `tools/fit_traffic.py` to `honest_traffic.json`, read by the draws. The one idea: a
client is a point in a table of habits (quantiles of each habit, and one matrix of how they go
together), beside a few shapes that all share. Deliberately absent: the traces, any row of them,
and any client of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HABITS: Final = (
    "volume_log",
    "active_days",
    "day_share",
    "bout_windows",
    "break_share",
    "rate_sigma",
    "day_sigma",
    "weekend_log",
    "cv_log",
    "cv_sigma",
    "input_log",
    "input_sigma",
    "output_log",
    "output_sigma",
)
"""Habits of a client, in the order of the matrix; `docs/lab/fit.md` says what each means."""

LEVELS: Final = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Shares of clients at which a habit's quantiles are kept."""


@dataclass(frozen=True, slots=True)
class HonestTraffic:
    """Figures fitted on half of the real clients; every draw of the lab starts from them.

    Grain:   one value per habit and level, habit and habit, or component and hour.
    Units:   logarithms are natural; `volume` is requests per client over a day.
    Source:  `docs/lab/fit.md`; the other half of the clients was compared with, never fitted.
    """

    volume: tuple[float, float]
    """Mean and spread of the logarithm of requests per day."""
    quantiles: dict[str, tuple[float, ...]]
    """Each habit of `HABITS` but the volume, at `LEVELS`."""
    correlation: tuple[tuple[float, ...], ...]
    """Of the habits' normal scores, in the order of `HABITS`."""
    mean_day: tuple[float, ...]
    """Logarithm of the relative rate in each local hour of the mean client."""
    day_components: tuple[tuple[float, ...], ...]
    """Ways to depart from it, each to be multiplied by a client's standard normal score."""
    day_amplitudes: tuple[float, ...]
    """How pronounced a client's departures from a flat day are, at equal parts of the clients."""
    token_levels: tuple[float, ...]
    """Shares of a client's requests at which the token shapes are kept."""
    input_shape: tuple[float, ...]
    """Standardised logarithm of input tokens: 0 is the client's median, 1 its spread."""
    output_shape: tuple[float, ...]
    """The same for output tokens."""
    token_correlation: float
    """Of input and output within a client's requests, on normal scores."""
    token_max: tuple[float, float]
    """The longest input and output seen."""
    gap_law: str
    """`weibull` or another law of `bursts.LAWS`: how the gaps within a bout are spread."""

    def to_json(self) -> str:
        """Write the figures, a line each, in an order of their own."""
        rows = (f'  "{k}": {json.dumps(_rounded(v))}' for k, v in sorted(asdict(self).items()))
        return "{\n" + ",\n".join(rows) + "\n}\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> HonestTraffic:
        """Read what `to_json` wrote."""
        fields = {name: _frozen(value) for name, value in json.loads(text).items()}
        return cls(**fields)


_DIGITS: Final = 5  # significant: the source has five


def _rounded(value: Any) -> Any:  # noqa: ANN401  a tree of figures, as JSON has it
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list | tuple) else value


def _frozen(value: Any) -> Any:  # noqa: ANN401  the same tree, read
    if isinstance(value, dict):
        return {name: _frozen(part) for name, part in value.items()}
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


@cache
def load_honest_traffic() -> HonestTraffic:
    """Read the figures that ship with the package; the same object each time.

    Grain:   one.
    Cost:    a millisecond once.
    """
    shipped = resources.files("stillwatch_lab.fit").joinpath("honest_traffic.json")
    return HonestTraffic.from_json(shipped.read_bytes())
