"""Accounts of one farm, from a register as an operator writes it to a tied group.

Sixty accounts among 1,500 strangers have one client stack and were opened within two days. Each has
a card and a mailbox of its own; what they share in the register is one thing at a time: a batch of
prepaid cards, the issuer of such batches, or the rule by which their names were made. Expected:
with any of these columns they are tied; without it they are not, or by less.
"""

from __future__ import annotations

import random
import runpy
import string
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from stillwatch.domain.channels.families import CHANNEL_OF
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.settings import LinkSettings
from stillwatch.domain.tables import TRAIT
from stillwatch.ingest.register import read_register
from stillwatch.ingest.sources.files import TrafficFiles
from stillwatch.link import link_accounts
from stillwatch.observe.traits import read_register_traits

Population: Any = runpy.run_path(
    str(Path(__file__).parents[1] / "unit" / "link" / "populations.py")
)["Population"]
KEY = PseudonymKey.from_bytes(bytes(range(16)))
FIRST = ("anna", "li", "mohammed", "jo", "christopher", "maria", "pawel", "ada", "kim", "sofia")
LAST = ("lindqvist", "wu", "garcia", "ng", "haddad", "kowalski", "tran", "berg", "silva", "roy")
TOLD = ("email_shape", "payment_batch", "payment_issuer")


def name_somebody(draw: random.Random) -> str:
    """Give a name as people write them: joined, cut or with a year, as they like."""
    first, last = draw.choice(FIRST), draw.choice(LAST)
    year = str(draw.randrange(1960, 2010))
    return draw.choice(
        [f"{first}.{last}", f"{first}{last}", f"{first[0]}{last}", f"{first}_{last}{year[2:]}",
         f"{first}{year}", f"{last}.{first[0]}", f"{first}-{last}", f"{last}{year[2:]}"]
    )  # fmt: skip


def write_account(name: str, draw: random.Random, *, shared: str) -> dict[str, str]:
    """Write one row of the register: a head's shares one thing, and is else anybody's."""
    minted = {
        "email_shape": {"email": "".join(draw.choices(string.ascii_lowercase, k=9)) + "4711"},
        "payment_batch": {"payment_batch": "441122-0329"},
        "payment_issuer": {"payment_issuer": "Quickmint"},
    }
    row = {
        "account_id": name,
        "email": name_somebody(draw),
        "payment_batch": f"{draw.randrange(400):03d}-{draw.randrange(24)}",
        "payment_issuer": f"bank {int(draw.paretovariate(1)) % 40}",
    }
    row |= minted[shared] if name.startswith("m") else {}
    return row | {"email": f"{row['email']}@mail-{draw.randrange(5)}.example"}


def tie(tmp_path: Path, shared: str, *, left_out: bool) -> float:
    """Give the largest share of the heads in one group that is tied at q <= 0.05."""
    crowd, draw = Population(1_500, seed=31), random.Random(5)
    members = crowd.add_group("m", 60, client=1, signup=48)
    rows = [write_account(name, draw, shared=shared) for name in sorted(crowd.signups)]
    path = tmp_path / "accounts.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    register = read_register(TrafficFiles(accounts=(path,)), key=KEY).register
    active = register.select("account_id", first_hour=pl.lit(0, pl.Int64))
    told = read_register_traits(register, active=active, key=KEY)
    own = told.filter(pl.col("channel").is_in([n for n in TOLD if not (left_out and n == shared)]))
    held = crowd.traits().filter(~pl.col("channel").is_in(["payment", "email_domain"]))
    traits = TRAIT.conform(pl.concat([held, own]))
    linked = link_accounts(traits, register=crowd.register(), settings=LinkSettings())
    tied = linked.groups.filter(pl.col("link_q_value") <= 0.05)
    inside = linked.members.join(tied, on="group_id").filter(pl.col("account_id").is_in(members))
    sizes = inside.group_by("group_id").len()["len"]
    return max(sizes.to_list(), default=0) / len(members)


@pytest.mark.parametrize("shared", TOLD)
def test_a_farm_is_tied_by_what_its_register_shares(shared: str, tmp_path: Path) -> None:
    """All of it, where the column is there."""
    assert CHANNEL_OF[shared].family == "identity"
    assert tie(tmp_path, shared, left_out=False) >= 0.95


@pytest.mark.parametrize("shared", TOLD)
def test_without_that_column_it_is_not(shared: str, tmp_path: Path) -> None:
    """Client and sign-up alone are two families, where a seed's and two others have to speak."""
    assert tie(tmp_path, shared, left_out=True) == 0
