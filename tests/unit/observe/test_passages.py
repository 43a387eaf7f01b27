"""Passages: the frequent shingles of prompts, and system texts that several accounts send."""

from __future__ import annotations

import polars as pl
from exchanges_by_hand import lazy, observed

from stillwatch.domain import limits
from stillwatch.domain.observations import Passages
from stillwatch.domain.tables import SYSTEM
from stillwatch.observe.passages import SentPassages, count_templates, list_passages


def traffic() -> pl.DataFrame:
    """Six accounts with one template, the first of them twice; a system text of five accounts."""
    rows = [{"account_id": f"a{k}", "sketch": [11, 12, 1_000 + k]} for k in range(6)]
    rows += [{"account_id": "a0", "sketch": [11, 12]}, {"account_id": "lone", "sketch": [5]}]
    rows += [{"account_id": f"b{k}", "system_hash": 77} for k in range(5)]
    rows += [{"account_id": f"c{k % 4}", "system_hash": 88} for k in range(8)]
    return observed(*rows)


def senders(sent: SentPassages) -> pl.DataFrame:
    """Who sent what, by the numbers that passages are told by."""
    rows = pl.int_range(len(sent.account), dtype=pl.UInt32, eager=True)
    return pl.DataFrame({"row": rows, "account_id": sent.accounts.gather(sent.account)})


def test_prompts_carry_their_templates_and_system_texts_are_passages_of_their_own() -> None:
    """Each with its place; the system text of four accounts is nobody's business."""
    sent = list_passages(lazy(traffic()), systems=SYSTEM.empty())
    passages = sent.passages.spell_out().join(senders(sent), on="row")
    prompts, systems = (passages.filter(place=p) for p in ("prompt", "system"))
    assert set(prompts["hash"]) == {11, 12}
    assert set(prompts["template"]) == {11}
    assert len(prompts) == 14
    assert set(systems["hash"]) == {77}
    assert systems["template"].to_list() == systems["hash"].to_list()
    assert systems["account_id"].n_unique() == limits.TEMPLATE_ACCOUNTS_MIN


def test_a_passage_s_number_is_its_place_in_the_list_by_hash() -> None:
    """Numbers without a gap; what nobody carries is not listed; spelt out they are the same."""
    listed = pl.DataFrame(
        {"hash": [30, 10, 20, 40], "template": [10, 10, 20, 40], "place": "prompt"}
    )
    carried = pl.DataFrame({"row": [5, 5, 9], "passage": [0, 1, 3]})
    found = Passages.number(carried, listed)
    assert found.listed["hash"].to_list() == [10, 30, 40]
    assert found.listed["passage"].to_list() == [0, 1, 2]
    assert found.carried.rows() == [(5, 1), (5, 0), (9, 2)]
    assert sorted(found.spell_out().select("row", "hash").rows()) == [(5, 10), (5, 30), (9, 40)]


def test_an_exchange_with_nothing_that_others_send_has_no_row() -> None:
    """Its own words are its own."""
    sent = list_passages(lazy(traffic()), systems=SYSTEM.empty())
    assert "lone" in set(sent.accounts)
    assert "lone" not in set(sent.passages.carried.join(senders(sent), on="row")["account_id"])


def test_templates_are_counted_by_exchange_and_not_by_shingle() -> None:
    """Two shingles of one template in one prompt are one exchange; system texts stay out."""
    counts = count_templates(
        list_passages(lazy(traffic()), systems=SYSTEM.empty()), place="prompt"
    ).sort("account_id")
    assert counts.filter(account_id="a0")["exchanges"].to_list() == [2]
    assert counts.filter(account_id="a5")["exchanges"].to_list() == [1]
    assert set(counts["value"]) == {11}


def test_traffic_without_prompts_has_no_passages() -> None:
    """Logs without bodies stand aside."""
    passages = list_passages(
        lazy(observed({"account_id": "a"}, {"account_id": "b"})), systems=SYSTEM.empty()
    )
    assert len(passages.passages.carried) == len(passages.passages.listed) == 0
    assert len(count_templates(passages, place="prompt")) == 0
