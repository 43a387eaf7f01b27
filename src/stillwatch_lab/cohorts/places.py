"""Where people sit: countries, and the addresses of homes, clouds and offices.

Read by `people` and every other cohort. The one idea: an address is drawn from the network block
of a country's access provider, heavy-tailed, so that strangers share networks often, subnets
rarely and addresses almost never; but for those whom a carrier puts behind one address with many
others. Absent: any real allocation; octets are scattered numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from stillwatch_lab.text import mix

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

COUNTRIES: Final = (
    ("US", 0.24, (-5.0, -6.0, -8.0)),
    ("IN", 0.12, (5.5,)),
    ("DE", 0.08, (1.0,)),
    ("GB", 0.08, (0.0,)),
    ("BR", 0.07, (-3.0,)),
    ("FR", 0.06, (1.0,)),
    ("JP", 0.06, (9.0,)),
    ("CA", 0.05, (-5.0, -8.0)),
    ("KR", 0.04, (9.0,)),
    ("PL", 0.04, (1.0,)),
    ("ES", 0.04, (1.0,)),
    ("NG", 0.03, (1.0,)),
    ("ID", 0.03, (7.0,)),
    ("AU", 0.03, (10.0,)),
    ("ZA", 0.03, (2.0,)),
)
"""Code, share of the honest accounts (a guess), offsets from UTC in hours."""

_BLOCKS: Final = 48  # access providers' /16 blocks per country
_CLOUD_BLOCKS: Final = 36  # /16 blocks of all clouds
_CLOUD_SALT: Final = 1_000_003
_ZIPF: Final = 0.9  # exponent of the blocks' popularity
_CARRIED: Final = 0.3
"""Share of individuals behind a carrier's address translation, always or now and then (a guess). A
study of 2016 found it in nine of ten mobile networks and one of six that serve homes; so a sixth
at home, and as many again who work over a telephone's connection."""
_CARRIERS: Final = 3  # of each country, unlike in size
_GATEWAYS: Final = 2  # of each carrier: who lives near one uses it (a guess)
_GATEWAY_ADDRESSES: Final = 16  # that one of them lends out (a guess)
_CARRIER_SALT: Final = 2_000_003
_MET_MAX: Final = 12
"""Addresses at which one account appears, at most; two at least, and six on average (guesses)."""
_RESERVED: Final = (10, 127, 169, 172, 192, 198)


def _first_octets() -> Ints:
    return np.array([octet for octet in range(23, 221) if octet not in _RESERVED])


def _write_addresses(block: Ints, host: Ints) -> pl.Series:
    """Spell addresses: `block` gives the first two octets, `host` (0 to 65535) the last two."""
    scattered = mix(block)
    octets = _first_octets()
    first = octets[(scattered % np.uint64(len(octets))).astype(np.int64)]
    second = ((scattered >> np.uint64(20)) % np.uint64(256)).astype(np.int64)
    frame = pl.DataFrame({"a": first, "b": second, "c": host // 256, "d": host % 256})
    return frame.select(pl.concat_str("a", "b", "c", "d", separator=".")).to_series()


def _popular(rng: np.random.Generator, count: int, *, among: int) -> Ints:
    weights = 1.0 / np.arange(1, among + 1) ** _ZIPF
    return rng.choice(among, count, p=weights / weights.sum())


def draw_countries(rng: np.random.Generator, count: int) -> tuple[Ints, Floats]:
    """Draw a country's number and an offset from UTC in hours for each account."""
    shares = np.array([share for _, share, _ in COUNTRIES])
    country = rng.choice(len(COUNTRIES), count, p=shares / shares.sum())
    zones = [np.array(zone) for _, _, zone in COUNTRIES]
    return country, np.array([rng.choice(zones[at]) for at in country])


def draw_homes(rng: np.random.Generator, country: Ints) -> pl.Series:
    """Draw one address of a home, or of a mobile network, in each country."""
    block = country * _BLOCKS + _popular(rng, len(country), among=_BLOCKS)
    return _write_addresses(block, rng.integers(0, 65_536, len(country)))


def draw_servers(rng: np.random.Generator, count: int) -> pl.Series:
    """Draw one address in a cloud each."""
    block = _CLOUD_SALT + _popular(rng, count, among=_CLOUD_BLOCKS)
    return _write_addresses(block, rng.integers(0, 65_536, count))


def draw_subnet(rng: np.random.Generator, count: int, *, spread: int, cloud: bool) -> pl.Series:
    """Draw different addresses within one range of `spread` neighbours (256 = a /24)."""
    block = _CLOUD_SALT + int(rng.integers(_CLOUD_BLOCKS)) if cloud else int(rng.integers(600))
    base = int(rng.integers(0, 65_536 // spread)) * spread
    host = base + rng.choice(spread, count, replace=count > spread)
    return _write_addresses(np.full(count, block), host)


def lay_carriers(rng: np.random.Generator, people: pl.DataFrame) -> pl.DataFrame:
    """Put some of the individuals behind the shared addresses of their countries' carriers.

    Grain:   one row per account, as given; `phone_country` is read. Cost: linear in accounts.
    """
    numbers = {code: number for number, (code, _, _) in enumerate(COUNTRIES)}
    country = people["phone_country"].replace_strict(numbers, return_dtype=pl.Int64).to_numpy()
    rows = np.flatnonzero(rng.random(people.height) < _CARRIED)
    carrier = country[rows] * _CARRIERS + _popular(rng, len(rows), among=_CARRIERS)
    gateway = carrier * _GATEWAYS + rng.integers(0, _GATEWAYS, len(rows))
    met = np.repeat(np.arange(len(rows)), rng.integers(2, _MET_MAX, len(rows), endpoint=True))
    subnet = (mix(gateway + _CARRIER_SALT) % np.uint64(256)).astype(np.int64)[met]
    host = subnet * 256 + rng.integers(0, _GATEWAY_ADDRESSES, len(met))
    pool = pl.DataFrame(
        [pl.Series("row", rows[met]), _write_addresses(_CARRIER_SALT + carrier[met], host)]
    )
    lists = pool.group_by("row", maintain_order=True).agg(pl.last().alias("addresses"))
    share = np.zeros(people.height)
    share[rows] = rng.beta(2.0, 1.0, len(rows))
    own = people.drop("addresses", "address_share").with_row_index("row")
    laid = own.with_columns(pl.col("row").cast(pl.Int64), address_share=pl.Series(share))
    joined = laid.join(lists, on="row", how="left", maintain_order="left")
    return joined.select(people.columns)
