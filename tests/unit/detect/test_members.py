"""What members of a group send of it, and that who sends nothing of it is not called."""

from __future__ import annotations

import numpy as np
import polars as pl
from nulls_by_hand import draw_honest, fit, judged
from traffic_by_hand import Scene, member_rows

from stillwatch.detect.unmix.densities import Unmixed
from stillwatch.detect.unmix.members import hear_streams, weigh_members
from stillwatch.detect.verdicts import find_verdicts
from stillwatch.domain.settings import DetectSettings

HEADS = ["h0", "h1", "h2"]
SENT = 12
"""Exchanges of each."""


def play() -> Scene:
    """Three accounts of a dozen exchanges each."""
    scene = Scene()
    for head in HEADS:
        for _ in range(SENT):
            scene.send(head, [])
    return scene


def hear(membership: np.ndarray) -> pl.DataFrame:
    """Members with what they send, in the order of their names."""
    traffic = play().traffic()
    codes = traffic.codes_of(HEADS)
    stream = weigh_members(traffic, codes, Unmixed(membership, 0.01))
    return hear_streams(member_rows(x=HEADS), {"g-x": stream}, traffic).sort("account_id")


def test_members_say_how_many_of_their_exchanges_are_the_group_s() -> None:
    """From a membership of one half on; in bits it is content, where that heard less."""
    found = hear(np.repeat([0.9, 0.5, 0.4], SENT))
    assert found["sends"].to_list() == [SENT, SENT, 0]
    assert (found["content_bits"] >= 5.0).all()
    assert "stream_bits" not in found.columns


def test_of_a_group_without_a_stream_nothing_is_known_of_its_members() -> None:
    """Null, and not nought: a coincidence here and there holds nobody back."""
    few = np.full(len(HEADS) * SENT, 0.2)
    few[:3] = 0.9
    assert hear(few)["sends"].to_list() == [None] * 3


def call(sends: list[float | None]) -> pl.DataFrame:
    """Verdicts on a sure harvest of three."""
    members = member_rows(x=HEADS).with_columns(sends=pl.Series(sends, dtype=pl.Float64))
    return find_verdicts(
        [judged("x")],
        members,
        campaign_of={"g-x": ("c-1", "distillation")},
        null=fit(draw_honest(400, seed=1)),
        settings=DetectSettings(),
    ).sort("account_id")


def test_who_sends_nothing_of_what_is_harvested_is_not_called() -> None:
    """Country, client and a week of sign-up in common, and three requests of his own."""
    found = call([4.0, 0.0, None])
    assert found["verdict"].to_list() == ["fraudulent", "suspect", "fraudulent"]
    assert found["probability"][1] < 0.5 < found["probability"][0]
    held = ["held_back_sends_nothing" in reasons for reasons in found["reasons"]]
    assert held == [False, True, False]


def test_where_no_group_was_judged_members_stay_as_they_are() -> None:
    """No stream, no column."""
    rows = member_rows(x=HEADS)
    assert hear_streams(rows, {}, play().traffic()).equals(rows)
