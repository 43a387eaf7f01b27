"""What people call the API with: user agents and the TLS fingerprints that go with them.

Read by `people` and by the campaigns. The one idea: a few stacks are held by hundreds of strangers
and many by a handful, so that a shared stack says something only where it is rare. The product
whose SDK this is has no existence outside the lab; general HTTP tools keep their names.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from stillwatch_lab.text import mix

Ints = npt.NDArray[np.int64]

_SYSTEMS: Final = ("linux", "macos", "windows", "alpine")
_STACKS: Final = (
    ("tern-python/1.{m}.{p} (cpython 3.{r}; {s})", 0.34),
    ("tern-node/2.{m}.{p} (node 2{r}; {s})", 0.22),
    ("tern-go/0.{m}.{p} (go1.2{r}; {s})", 0.07),
    ("tern-java/3.{m}.{p} (jdk {r}; {s})", 0.06),
    ("python-httpx/0.2{m}.{p}", 0.06),
    ("axios/1.{m}.{p}", 0.05),
    ("curl/8.{m}.{p}", 0.04),
    ("Mozilla/5.0 ({s}; rv:1{r}{m}.0) Gecko/20100101 Firefox/1{r}{m}.0", 0.16),
)
_VERSIONS: Final = 24  # combinations of minor version, patch, runtime and system for each stack
_STACK_OF: Final = np.repeat(np.arange(len(_STACKS)), _VERSIONS)
UNUSUAL: Final = ("okhttp/3.12.1 tern-compat/0.9", "t12d190800_5b1c70ad2f64_9e0d3a77c215")
"""A stack that nobody else has: for the campaign that runs a relay of its own."""


def _spell(number: int) -> tuple[str, str]:
    stack, version = divmod(number, _VERSIONS)
    system = _SYSTEMS[version % 4]
    agent = _STACKS[stack][0].format(m=version // 4 + 2, p=version * 5 % 7, r=version % 3, s=system)
    hashed = int(mix(np.array([stack * 8 + version % 4]))[0])
    kind = "t13d" if stack % 5 else "t13i"
    return agent, f"{kind}{hashed % 9 + 12}{hashed % 7 + 10}h2_{hashed:016x}"[:36]


CLIENTS: Final = tuple(_spell(number) for number in range(len(_STACK_OF)))
"""Pairs of user agent and TLS fingerprint; the position is the client's number."""
AGENTS: Final = np.array([agent for agent, _ in CLIENTS])
FINGERPRINTS: Final = np.array([print_ for _, print_ in CLIENTS])


def draw_clients(rng: np.random.Generator, count: int) -> Ints:
    """Draw a client's number for each account: stack by share, version by recency."""
    shares = np.array([share for _, share in _STACKS])
    stack = rng.choice(len(_STACKS), count, p=shares / shares.sum())
    version = (_VERSIONS * rng.random(count) ** 1.8).astype(np.int64)
    return stack * _VERSIONS + version
