"""Account-day profiles, worked out by hand."""

from __future__ import annotations

from exchanges_by_hand import FIRST_HOUR, collected, lazy, observed

from stillwatch.observe.profiles import measure_profiles


def test_a_day_of_an_account_adds_up_by_hand() -> None:
    """Four exchanges over two days: counts, tokens, follow-ups, failures, expected harvest."""
    rows = observed(
        {"account_id": "a", "at": 1, "output_tokens": 10, "input_tokens": 1, "turn": 1,
         "status": 200, "tactic_probability": 0.25},
        {"account_id": "a", "at": 5, "output_tokens": 20, "turn": 2, "status": 429},
        {"account_id": "a", "at": 23, "input_tokens": 7, "tactic_probability": 0.5},
        {"account_id": "a", "at": 24, "output_tokens": 5, "turn": 3, "status": 400},
        {"account_id": "b", "at": 2},
    )  # fmt: skip
    days = collected(measure_profiles(lazy(rows))).sort("account_id", "day")
    first, second, other = days.iter_rows(named=True)
    assert first == {
        "account_id": "a", "day": FIRST_HOUR // 24, "exchanges": 3, "output_tokens": 30,
        "input_tokens": 8, "follow_ups": 1, "with_turn": 2, "failed": 1, "harvest_like": 0.75,
        "first_hour": FIRST_HOUR + 1, "last_hour": FIRST_HOUR + 23,
    }  # fmt: skip
    assert (second["day"], second["follow_ups"], second["failed"]) == (FIRST_HOUR // 24 + 1, 1, 1)
    assert (other["exchanges"], other["with_turn"], other["output_tokens"]) == (1, 0, 0)


def test_a_success_and_an_unknown_status_are_no_failure() -> None:
    """From 400 on a request has failed; null says nothing."""
    rows = observed(*[{"account_id": "a", "status": s} for s in (200, 399, None, 400, 503)])
    assert collected(measure_profiles(lazy(rows)))["failed"].to_list() == [2]
