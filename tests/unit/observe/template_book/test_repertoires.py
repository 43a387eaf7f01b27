"""Repertoires: the templates of a few who send them together, whatever else they send."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from stillwatch.observe.template_book.repertoires import find_repertoires

STRANGERS, HEADS, TEMPLATES = 600, 60, 24
HARVEST = 10**6
"""Number of the first template that heads alone send."""


def send(seed: int, *, each: int = 8, life: int = 30) -> list[tuple[str, int]]:
    """Strangers send what is popular; heads do, too, and some of the harvest's templates."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(STRANGERS + HEADS):
        name = f"{'h' if k < HEADS else 's'}{k:04d}"
        rows += [(name, int(v)) for v in set(rng.zipf(1.2, life) % 4_000)]
        if k < HEADS:
            rows += [(name, HARVEST + int(v)) for v in rng.choice(TEMPLATES, each, replace=False)]
    return rows


def find(rows: list[tuple[str, int]]) -> pl.DataFrame:
    """Find the repertoires of (account, template)."""
    frame = pl.DataFrame(rows, schema={"account_id": pl.String, "value": pl.Int64}, orient="row")
    ids = frame["account_id"].unique().sort()
    accounts = ids.cast(pl.Enum(ids))
    numbered = frame.with_columns(pl.col("account_id").cast(accounts.dtype))
    found = find_repertoires(numbered, accounts=accounts)
    return found.with_columns(pl.col("account_id").cast(pl.String))


def of_heads(found: pl.DataFrame) -> pl.DataFrame:
    """The value that most heads have, and who has it."""
    heads = found.filter(pl.col("account_id").str.starts_with("h"))
    value = heads["value"].mode().min()
    return found.filter(pl.col("value") == value)


@pytest.mark.parametrize("seed", range(4))
def test_heads_that_send_a_third_of_the_templates_each_have_one_repertoire(seed: int) -> None:
    """No two send the same, and a quarter of what each sends is harvest: nearly all are found."""
    having = of_heads(find(send(seed)))["account_id"]
    assert having.str.starts_with("h").sum() >= 0.95 * HEADS
    assert having.str.starts_with("s").sum() <= 1


def test_who_has_none_has_a_value_of_its_own_and_who_sends_too_little_no_row() -> None:
    """To have none is said, and to say nothing is not to have none."""
    rows = [*send(1), ("quiet", 1), ("quiet", 2)]
    found = find(rows)
    assert "quiet" not in set(found["account_id"])
    enough = {n for n in {n for n, _ in rows} if sum(n == m for m, _ in rows) >= 3}
    assert set(found["account_id"]) == enough
    counts = found.group_by("value").agg(pl.len(), pl.col("account_id").n_unique().alias("n"))
    assert counts.filter(pl.col("len") == 1).height > STRANGERS / 2
    assert counts.filter(pl.col("len").is_between(2, 4)).is_empty()


def test_every_share_is_whole_and_no_account_has_a_value_twice() -> None:
    """A row an account and repertoire, however many an account has."""
    found = find(send(2))
    assert set(found["share"]) == {1.0}
    assert not found.select("account_id", "value").is_duplicated().any()


def test_the_order_of_rows_is_irrelevant() -> None:
    """Whichever comes first: the same accounts, and the same names."""
    rows = send(3)
    shuffled = [rows[k] for k in np.random.default_rng(0).permutation(len(rows))]
    assert find(rows).equals(find(shuffled))


def test_an_account_may_have_several() -> None:
    """A head whose customers share a trade has both: its own life doesn't hide the harvest."""
    rows = send(4)
    trade = [f"h{k:04d}" for k in range(0, HEADS, 4)] + [f"s{k:04d}" for k in range(100, 160)]
    rng = np.random.default_rng(4)
    rows += [(n, 5_000_000 + int(v)) for n in trade for v in rng.choice(20, 9, replace=False)]
    found = find(rows)
    having = of_heads(found)["account_id"]
    assert having.str.starts_with("h").sum() >= 0.95 * HEADS
    both = found.filter(pl.col("account_id") == "h0000")
    assert both.height == 2
    assert having.str.starts_with("s").sum() <= 1


def test_two_templates_make_no_repertoire_and_four_accounts_have_none() -> None:
    """Two are met by chance, and four can't be told from it."""
    few = [(f"h{k:04d}", HARVEST + v) for k in range(60) for v in range(2)]
    four = [(f"f{k}", HARVEST + 100 + v) for k in range(4) for v in range(9)]
    rest = [(f"s{k:04d}", int(v)) for k in range(300) for v in range(k, k + 5)]
    found = find([*few, *four, *rest])
    assert not found["account_id"].str.starts_with("h").any()
    assert found.filter(pl.col("account_id").str.starts_with("f"))["value"].is_unique().all()


def test_what_everybody_sends_starts_none() -> None:
    """Three templates of all accounts are nobody's repertoire."""
    found = find([(f"s{k:04d}", v) for k in range(400) for v in range(3)])
    assert found["value"].is_unique().all()


def test_of_one_that_everybody_could_join_only_those_who_send_enough_have_it() -> None:
    """Whoever sends three turns of speech of a large repertoire is none of its own."""
    rng = np.random.default_rng(6)
    rows = [
        (f"h{k:04d}", HARVEST + int(v))
        for k in range(HEADS)
        for v in rng.choice(60, 30, replace=False)
    ]
    visitors = [f"s{k:04d}" for k in range(12)]
    rows += [(n, HARVEST + int(v)) for n in visitors for v in rng.choice(60, 3, replace=False)]
    rows += [(f"s{k:04d}", int(v)) for k in range(600) for v in rng.choice(3_000, 20)]
    having = set(of_heads(find(sorted(set(rows))))["account_id"])
    assert having == {f"h{k:04d}" for k in range(HEADS)}


def test_nobody_sends_nothing() -> None:
    """No rows, no repertoires."""
    assert find([]).is_empty()
