"""One customer's keys on one card: what they share, what they don't say, and how they differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stillwatch_lab.cohorts.groups import GroupOrder, draw_group
from stillwatch_lab.cohorts.institutions import draw_vpn_exits
from stillwatch_lab.cohorts.lookalikes.keys.card_keys import WORKS
from stillwatch_lab.cohorts.lookalikes.registry import LOOK_ALIKES, UNOWNED
from stillwatch_lab.cohorts.people import FREE_MAIL, Volume
from stillwatch_lab.scene import DAY_S, FORTNIGHT

EXITS = draw_vpn_exits(np.random.default_rng(1))
GROUPS = 120


@pytest.fixture(scope="module")
def customers() -> list[pl.DataFrame]:
    """A hundred and twenty customers of 3 to 40 keys."""
    sizes = np.random.default_rng(4).integers(3, 41, GROUPS)
    return [
        draw_group(
            np.random.default_rng(seed),
            FORTNIGHT,
            GroupOrder(0, "card-keys", int(size), 5.0),
            volume=Volume(40.0),
            exits=EXITS,
        )[0]
        for seed, size in enumerate(sizes)
    ]


def evenness(keys: pl.DataFrame) -> float:
    """Standard deviation of a customer's volumes over their mean."""
    volume = keys["volume"].to_numpy()
    return float(volume.std() / volume.mean())


def test_a_card_is_all_that_names_them(customers: list[pl.DataFrame]) -> None:
    """One card, one client and one set of parameters; no organisation, nothing verified."""
    for keys in customers:
        for shared in ("payment_fingerprint", "payment_country", "agent", "fingerprint", "path",
                       "temperature", "max_tokens", "tools", "job", "plan", "prefix"):  # fmt: skip
            assert keys[shared].n_unique() == 1, shared
        assert keys["payment_fingerprint"].null_count() == 0
        assert keys["org_id"].null_count() == keys["org_verified"].null_count() == keys.height
        assert not keys["verified"].any()
        assert set(keys["email_domain"]) <= set(FREE_MAIL)
        assert keys["email_hash"].n_unique() == keys.height
    cards = [keys["payment_fingerprint"][0] for keys in customers]
    assert len(set(cards)) == GROUPS
    assert "card-keys" in UNOWNED
    assert LOOK_ALIKES["card-keys"].grant is None


def test_customers_sign_up_on_a_day_or_over_months(customers: list[pl.DataFrame]) -> None:
    """From a third to a half in a day; as many took weeks or months; a few grow during the run."""
    spans = [keys["created_s"].max() - keys["created_s"].min() for keys in customers]
    quick = np.mean([span < DAY_S for span in spans])
    slow = np.mean([span > 30 * DAY_S for span in spans])
    assert 0.2 < quick < 0.55
    assert 0.25 < slow < 0.7
    assert any((keys["created_s"] > 0).any() for keys in customers)


def test_work_is_parted_evenly_by_some_and_unevenly_by_others(
    customers: list[pl.DataFrame],
) -> None:
    """A tenth at least within a tenth of the mean, a quarter beyond seven tenths of it."""
    even = np.array([evenness(keys) for keys in customers])
    assert (even < 0.1).mean() > 0.1
    assert (even > 0.7).mean() > 0.25
    assert ((even >= 0.1) & (even <= 0.7)).mean() > 0.2


def test_some_gateways_fall_back_and_keys_of_end_customers_never_do(
    customers: list[pl.DataFrame],
) -> None:
    """One gateway for all keys or none; only where one clock drives them all."""
    falls = [keys["gateway"].null_count() == 0 for keys in customers]
    assert 0.15 < np.mean(falls) < 0.5
    for keys, gateway in zip(customers, falls, strict=True):
        assert keys["gateway"].n_unique() == 1
        if gateway:
            assert keys["clock"].n_unique() == 1
            assert keys["clock"].null_count() == 0


def test_customers_do_every_kind_of_work_from_every_kind_of_place(
    customers: list[pl.DataFrame],
) -> None:
    """All works; one address to many; answers from a word to pages; aliases and mailboxes."""
    assert {keys["job"][0] for keys in customers} == {work.job for work in WORKS}
    addresses = [len(keys["addresses"][0]) for keys in customers]
    assert min(addresses) == 1
    assert max(addresses) > 20
    answers = [keys["answer_tokens"][0] for keys in customers]
    assert min(answers) < 30
    assert max(answers) > 900
    mails = [keys["email_domain"].n_unique() for keys in customers if keys.height > 10]
    assert 0.3 < np.mean([found == 1 for found in mails]) < 0.7


def test_nobody_exceeds_the_cap() -> None:
    """Three keys that carry a product in a small scenario stay below it."""
    volume = Volume(40.0, sigma=2.35, cap=300.0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        order = GroupOrder(0, "card-keys", 3, 34.0)
        keys = draw_group(rng, FORTNIGHT, order, volume=volume, exits=EXITS)[0]
        assert keys["volume"].max() <= 300.0


def test_the_page_of_look_alikes_lists_them_all() -> None:
    """Name, role and number of each, as the registry has them, and no other."""
    page = Path(__file__).parents[3] / "docs" / "lab" / "look-alikes.md"
    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| `")]
    told = {row[0].strip("| `"): (row[1].strip("`"), int(row[2])) for row in rows}
    assert told == {like.name: (like.role, like.groups) for like in LOOK_ALIKES.values()}
