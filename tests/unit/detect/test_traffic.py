"""A run's exchanges arranged: all of them where there are few, tied ones and a sample of many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from traffic_by_hand import STREAM, Scene, gather

from stillwatch.detect.campaign_templates import list_templates
from stillwatch.detect.measure import measure_usual
from stillwatch.detect.traffic import Traffic, arrange_traffic
from stillwatch.detect.unmix.membership import weigh_exchanges
from stillwatch.domain import limits


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Three hundred strangers, and twelve heads of one queue."""
    scene = Scene(seed=11)
    scene.add_strangers(300)
    scene.add_heads("h", 12, harvest=20, unrelated=20)
    return scene


HEADS = {f"h{k:03d}" for k in range(12)}


def arrange(scene: Scene) -> Traffic:
    """Arranged, the heads tied."""
    return arrange_traffic(scene.exchanges().lazy(), passages=scene.carried(), tied=HEADS)


@pytest.fixture
def whole(scene: Scene) -> Traffic:
    """All of it held."""
    return arrange(scene)


@pytest.fixture
def sampled(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Traffic:
    """A fifth of it or so held, besides what the heads send."""
    monkeypatch.setattr(limits, "RESIDENT_EXCHANGES_MAX", len(scene.rows) // 5)
    return arrange(scene)


def test_of_a_large_run_tied_accounts_are_held_whole_and_others_by_a_sample(
    whole: Traffic, sampled: Traffic
) -> None:
    """A sample in which heads are a fifth, as strangers are; every row is one of the whole's."""
    codes = whole.codes_of(sorted(HEADS))
    assert np.array_equal(codes, sampled.codes_of(sorted(HEADS)))
    assert np.array_equal(whole.rows[whole.rows_of(codes)], sampled.rows[sampled.rows_of(codes)])
    assert whole.is_sampled.all()
    assert set(sampled.rows) < set(whole.rows)
    is_head = sampled.exchanges["account_id"].is_in(sorted(HEADS)).to_numpy()
    assert sampled.is_sampled[~is_head].all()
    assert 0.1 < sampled.is_sampled[is_head].mean() < 0.3
    assert 0.1 < (~is_head).sum() / (whole.is_sampled.sum() - is_head.sum()) < 0.3


def test_what_is_said_of_the_population_is_said_of_all_of_it(
    whole: Traffic, sampled: Traffic
) -> None:
    """Who holds a passage and how much of it, what is usual, who is there: the same to the bit."""
    assert sampled.accounts == whole.accounts
    assert np.array_equal(sampled.holders, whole.holders)
    assert np.array_equal(sampled.mass, whole.mass)
    for name in ("held_start", "held", "held_share"):
        assert np.array_equal(getattr(sampled, name), getattr(whole, name))
    assert measure_usual(sampled.population) == measure_usual(whole.population)
    of_whole = dict(zip(_spell(whole), whole.own_share, strict=True))
    assert all(
        of_whole[key] == own for key, own in zip(_spell(sampled), sampled.own_share, strict=True)
    )


def _spell(traffic: Traffic) -> list[tuple[int, int]]:
    """Rows of (exchange, passage) by the run's numbers."""
    at = np.repeat(traffic.rows, np.diff(traffic.passage_start))
    return list(zip(at.tolist(), traffic.passage.tolist(), strict=True))


def test_the_order_in_which_passages_come_is_irrelevant(scene: Scene, whole: Traffic) -> None:
    """Nor do exchanges that nobody is known to have sent count."""
    given = scene.carried()
    strange = pl.DataFrame({"row": [10**6], "passage": [0]}, schema=given.carried.schema)
    shuffled = pl.concat([given.carried.sample(fraction=1.0, shuffle=True, seed=1), strange])
    passages = replace(given, carried=shuffled)
    again = arrange_traffic(scene.exchanges().lazy(), passages=passages, tied=HEADS)
    columns = "passage_start passage own_share held held_share held_start holders mass"
    for name in columns.split():
        assert np.array_equal(getattr(again, name), getattr(whole, name)), name


def test_blocks_of_accounts_give_what_one_block_gives(
    scene: Scene, whole: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small: an account with more rows than a block is a block of its own."""
    columns = "passage_start passage own_share held held_share held_start holders mass"
    for rows in (1, 50, 1_000):
        monkeypatch.setattr(limits, "PASSAGE_BLOCK_ROWS", rows)
        parted = arrange(scene)
        for name in columns.split():
            assert np.array_equal(getattr(parted, name), getattr(whole, name)), name


def test_who_holds_what_is_what_counting_rows_says(scene: Scene, whole: Traffic) -> None:
    """A tied account's distinct passages, ascending, each with its share of the exchanges."""
    sent = scene.exchanges().select("row", "account_id").cast({"row": pl.UInt32})
    rows = scene.carried().carried.join(sent, on="row")
    sizes = sent.group_by("account_id").len("sent")
    count = rows.group_by("account_id", "passage").len("times").join(sizes, on="account_id")
    tied = count.filter(pl.col("account_id").is_in(sorted(HEADS))).sort("account_id", "passage")
    assert whole.held.tolist() == tied["passage"].to_list()
    assert whole.held_share == pytest.approx((tied["times"] / tied["sent"]).to_numpy())
    owner = np.repeat(np.arange(len(whole.accounts)), np.diff(whole.held_start))
    assert [whole.accounts[a] for a in owner] == tied["account_id"].to_list()
    everywhere = count.group_by("passage").agg(pl.len(), (pl.col("times") / pl.col("sent")).sum())
    everywhere = everywhere.sort("passage")
    assert whole.holders.tolist() == everywhere["len"].to_list()
    assert whole.mass == pytest.approx(everywhere["times"].to_numpy())


def test_exchanges_of_one_account_and_instant_stand_by_their_ids() -> None:
    """Whatever the order in which they come."""
    scene = Scene(seed=3)
    scene.add_strangers(20)
    frame = scene.exchanges().with_columns(time=pl.col("time").dt.truncate("1d"))
    by_name = frame.sort("account_id", "time", "exchange_id")["exchange_id"]
    for seed in (0, 1):
        shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
        traffic = arrange_traffic(shuffled.lazy(), passages=scene.carried(), tied=set())
        assert traffic.exchanges["exchange_id"].to_list() == by_name.to_list()


def test_a_share_is_that_of_all_that_an_account_sends() -> None:
    """Two of three exchanges carry it; an account that is not held whole is counted whole."""
    scene = Scene()
    for carried in ([7], [7], []):
        scene.send("a", carried)
    scene.send("b", [7])
    traffic = arrange_traffic(
        scene.exchanges().lazy(), passages=scene.carried(accounts=1), tied={"a"}
    )
    assert traffic.held_share == pytest.approx([2 / 3])
    assert traffic.holders.tolist() == [2]
    assert traffic.mass == pytest.approx([2 / 3 + 1])
    assert traffic.own_share == pytest.approx([2 / 3, 2 / 3, 1.0])


def test_unmixing_and_templates_are_the_same_beside_a_sample(
    scene: Scene, whole: Traffic, sampled: Traffic
) -> None:
    """The background is another draw of the same traffic; what a template is counted over, all."""
    found = []
    for traffic in (whole, sampled):
        codes = traffic.codes_of(sorted(HEADS))
        none = np.zeros(0, np.int64)
        unmixed = weigh_exchanges(traffic, codes, known=none, seed=0, unrelated_max=0.98)
        listed = list_templates(traffic, codes, passages=scene.carried())
        found.append((unmixed.membership >= 0.5, listed))
    assert np.mean(found[0][0] == found[1][0]) > 0.95
    assert found[0][1].equals(found[1][1])
    assert STREAM[0] in set(found[0][1]["template"])


def test_a_template_is_counted_once_an_account_and_once_an_exchange(
    scene: Scene, whole: Traffic
) -> None:
    """However many of its passages an exchange carries; its tactic is the most frequent."""
    codes = whole.codes_of(sorted(HEADS))
    listed = list_templates(whole, codes, passages=scene.carried())
    sent = scene.exchanges().select(pl.col("row").cast(pl.UInt32), "account_id", "tactic")
    given = scene.carried()
    rows = given.carried.join(given.listed, on="passage").join(sent, on="row")
    rows = rows.filter(pl.col("account_id").is_in(sorted(HEADS)))
    assert len(listed)
    for template, place, accounts, exchanges, tactic in listed.select(
        "template", "place", "accounts", "exchanges", "tactic"
    ).iter_rows():
        own = rows.filter(template=template, place=place)
        assert (accounts, exchanges) == (own["account_id"].n_unique(), own["row"].n_unique())
        often = own.drop_nulls("tactic").group_by("tactic").len()
        most = often.sort("len", "tactic", descending=[True, False])["tactic"].to_list()
        assert tactic == (most[0] if most else None)


def test_templates_are_the_same_counted_an_account_at_a_time(
    scene: Scene, whole: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account is counted whole, however few exchanges may be looked at."""
    codes = whole.codes_of(sorted(HEADS))
    at_once = list_templates(whole, codes, passages=scene.carried())
    monkeypatch.setattr(limits, "BLOCK_EXCHANGES", 1)
    assert list_templates(whole, codes, passages=scene.carried()).equals(at_once)


def test_exchanges_without_a_hash_are_in_no_sample(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They count in every figure of the population all the same."""
    monkeypatch.setattr(limits, "RESIDENT_EXCHANGES_MAX", 10)
    frame = scene.exchanges().with_columns(record_hash=pl.lit(None, pl.Int64))
    traffic = arrange_traffic(frame.lazy(), passages=scene.carried(), tied=HEADS)
    assert set(traffic.exchanges["account_id"]) == HEADS
    assert not traffic.is_sampled.any()
    assert int(traffic.population.sizes.sum()) == len(frame)


def test_no_exchanges_are_no_traffic(scene: Scene) -> None:
    """Empty arrays; the first and the last instant are unknown."""
    nothing = scene.exchanges().clear().lazy()
    traffic = arrange_traffic(nothing, passages=gather(scene.passage_rows().clear()), tied=set())
    assert traffic.accounts == []
    assert len(traffic.exchanges) == len(traffic.rows) == 0
    assert traffic.population.ends is None


@pytest.fixture
def small() -> Scene:
    """Three accounts; passage 7 in two exchanges of a and one of b."""
    three = Scene(seed=1)
    three.send("b", [7])
    three.send("a", [7, 8])
    three.send("c", [])
    three.send("a", [7])
    return three


def test_exchanges_stand_account_after_account(small: Scene) -> None:
    """Sorted by account; the rows of accounts are consecutive; who sent nothing is left out."""
    arranged = small.traffic(accounts=1)
    assert arranged.accounts == ["a", "b", "c"]
    assert arranged.account_start.tolist() == [0, 2, 3, 4]
    codes = arranged.codes_of(["c", "a", "nobody"])
    assert codes.tolist() == [0, 2]
    ids = arranged.exchanges[arranged.rows_of(codes)]["account_id"].to_list()
    assert ids == ["a", "a", "c"]
    assert len(arranged.rows_of(np.zeros(0, np.int32))) == 0


def test_passages_know_who_holds_them_and_how_much(small: Scene) -> None:
    """Passage 7: all of a's and b's exchanges; passage 8: half of a's."""
    arranged = small.traffic(accounts=1)
    assert arranged.holders.tolist() == [2, 1]
    assert arranged.mass.tolist() == pytest.approx([2.0, 0.5])
    assert sorted(np.diff(arranged.passage_start).tolist()) == [0, 1, 1, 2]


def test_embeddings_are_read_and_absent_ones_are_zero(small: Scene) -> None:
    """Thirty-two signed bytes a row, in the order of the exchanges."""
    small.rows[0]["embedding"] = None
    embeddings = small.traffic().embeddings
    assert embeddings.shape == (4, 32)
    assert (np.abs(embeddings).sum(axis=1) == 0).tolist() == [False, False, True, False]
