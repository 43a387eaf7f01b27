"""Requests that come again from another account are found, and no others."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from exchanges_by_hand import lazy, observed
from polars.testing import assert_frame_equal

from stillwatch.domain import limits
from stillwatch.domain.observations import ECHO, WATCHED
from stillwatch.domain.schema import check_frame
from stillwatch.observe.echoes import find_echoes

SECOND = 1 / 3600
ITEM = [101, 102, 103, 104]
CONTROL = 0
"""A record hash that makes an answered request a control."""


def request(account: str, at_s: float, **facts: Any) -> dict[str, Any]:  # noqa: ANN401  columns of several types
    """One request, answered unless said otherwise, and no control."""
    fields = {"status": 200, "prompt_hash": int(1e6 + at_s), "record_hash": 1, "sketch": ITEM}
    return {"account_id": account, "at": at_s * SECOND, **fields, **facts}


def find(*rows: dict[str, Any]) -> pl.DataFrame:
    """Echoes of some requests."""
    echoes = find_echoes(lazy(observed(*rows)))
    check_frame(echoes.watched, WATCHED)
    return check_frame(echoes.found, ECHO)


def test_a_refused_request_that_another_account_sends_moments_later_is_found() -> None:
    """With what they share, how rare it is, how soon it came and whether from elsewhere."""
    there = {"subnet_hash": 1, "client_hash": 1}
    (row,) = find(
        request("a", 0, status=429, **there),
        request("b", 9, prompt_hash=5, sketch=[*ITEM[:2], 900], subnet_hash=2, client_hash=3),
        request("c", 500),
    ).to_dicts()
    assert (row["account_id"], row["echo_account_id"], row["is_refused"]) == ("a", "b", True)
    assert (row["row"], row["echo_row"]) == (0, 1)
    assert row["lag_s"] == pytest.approx(9.0)
    assert (row["shared"], row["holders"]) == (2, 3)
    assert row["is_elsewhere"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"account": "a", "at_s": 9}),
        ({}, {"at_s": limits.ECHO_LAG_S_MAX + 1}),
        ({}, {"at_s": -5}),
        ({}, {"at_s": 9, "sketch": [7, 8], "gist": [9]}),
        ({"status": 400}, {"at_s": 9}),
        ({"status": None}, {"at_s": 9}),
        ({"prompt_hash": None, "sketch": None}, {"at_s": 9}),
    ],
    ids=["own account", "too late", "before", "other text", "malformed", "no status", "no prompt"],
)
def test_what_is_no_echo_gives_no_row(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Another refused request stands beside it, so that there is something to watch for."""
    second = {"account": "b", **second}
    rows = [
        request("a", 0, **{"status": 429, **first}),
        request(second.pop("account"), second.pop("at_s"), **second),
        request("z", 10_000, status=429, sketch=[77]),
    ]
    assert find(*rows).is_empty()


def test_a_passage_that_many_send_tells_nothing() -> None:
    """One holder more than the bound, and the passage is out of it."""

    def among(crowd: int) -> int:
        rows = [request(f"s{k}", 1_000 + 300 * k) for k in range(crowd)]
        return len(find(request("a", 0, status=503), request("b", 9), *rows))

    assert among(limits.ECHO_HOLDERS_MAX - 2) == 1
    assert among(limits.ECHO_HOLDERS_MAX - 1) == 0


def test_one_answered_request_in_sixteen_is_watched_as_a_control() -> None:
    """Its echo counts as one, so that chance is known; others are not watched."""
    rows = [
        request("a", 0, record_hash=CONTROL),
        request("b", 9),
        request("z", 10_000, status=429, sketch=[77]),
    ]
    assert find(*rows)["is_refused"].to_list() == [False]
    watched = find_echoes(lazy(observed(*rows))).watched
    assert watched.rows() == [("a", 0, 1, 1), ("b", 0, 0, 1), ("z", 1, 0, 1)]
    assert find(*[{**row, "record_hash": 1} for row in rows]).is_empty()


def test_equal_short_prompts_are_told_by_their_hash() -> None:
    """Too short for shingles: the whole prompt is one hash more."""
    short = {"sketch": None, "prompt_hash": 4}
    assert len(find(request("a", 0, status=529, **short), request("b", 3, **short))) == 1


def test_an_item_in_other_words_is_told_by_its_numbers() -> None:
    """No passage is the same: two numbers that follow one another are one hash."""
    first = request("a", 0, status=429, sketch=[7, 8], numbers_hash=5)
    assert len(find(first, request("b", 3, sketch=[9], numbers_hash=5))) == 1
    assert find(first, request("b", 3, sketch=[9], numbers_hash=6)).is_empty()


def test_of_several_repetitions_the_likest_is_kept_and_order_is_irrelevant() -> None:
    """More shared passages first, then the sooner one."""
    rows = [
        request("a", 0, status=429),
        request("b", 4, sketch=ITEM[:1]),
        request("c", 8),
        request("d", 12),
    ]
    found = find(*rows)
    assert found["echo_account_id"].to_list() == ["c"]
    frame = observed(*rows)
    again = find_echoes(lazy(frame.sample(fraction=1.0, shuffle=True, seed=3)))
    assert_frame_equal(again.found, found)


def test_what_comes_soon_is_kept_before_what_is_likelier_and_comes_late() -> None:
    """A late one is kept where nothing came within two minutes, up to the hour."""
    soon, late = limits.ECHO_SOON_S_MAX, limits.ECHO_LAG_S_MAX
    refused = request("a", 0, status=429)
    rows = [
        refused,
        request("b", soon, sketch=ITEM[:1]),
        request("c", soon + 1),
        request("d", late, sketch=ITEM[:2]),
    ]
    assert find(*rows)["echo_account_id"].to_list() == ["b"]
    assert find(refused, *rows[2:])["echo_account_id"].to_list() == ["c"]
    assert find(refused, rows[3])["lag_s"].to_list() == [pytest.approx(late)]


def test_a_log_without_refused_requests_watches_nothing() -> None:
    """Nobody is said to hand nothing on where nothing was refused."""
    echoes = find_echoes(lazy(observed(request("a", 0), request("b", 9))))
    assert echoes.found.is_empty()
    assert echoes.watched.is_empty()


def test_a_storm_of_refusals_is_sampled_and_what_is_said_stays_a_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond the bound one in so many is watched, and counted so: rates stay what they are."""
    monkeypatch.setattr(limits, "ECHO_WATCHED_MAX", 50)
    storm = [
        request("a", 300 * k, status=429, sketch=[10_000 + k, 20_000 + k], record_hash=k)
        for k in range(200)
    ]
    again = [
        {**row, "account_id": "b", "at": row["at"] + 5 * SECOND, "status": 200, "record_hash": 1}
        for row in storm
    ]
    echoes = find_echoes(lazy(observed(*storm, *again)))
    assert len(echoes.found) == 50
    assert echoes.watched.filter(account_id="a")["refused"].item() == 50
