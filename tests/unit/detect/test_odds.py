"""From p-values to probabilities: an e-value under honesty, a power read off campaigns."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.detect.odds import fit_power, shows_hand, weigh_group, weigh_harvest
from stillwatch.detect.tails import P_MIN
from stillwatch.detect.witnesses import WITNESSES
from stillwatch.domain.settings import DetectSettings

SETTINGS = DetectSettings()
NAN = float("nan")
HANDS = [w.name for w in WITNESSES if w.shows_hand]
HIDES = [w.name for w in WITNESSES if w.hides_hand]


def z_of(**shown: float) -> np.ndarray:
    """Witnesses of a group: those of hands by name, silent if not named; all others far out."""
    named = {*HANDS, *HIDES}
    return np.array([shown.get(w.name, NAN) if w.name in named else 4.0 for w in WITNESSES])


def test_hands_are_shown_by_how_requests_come_and_never_by_what_is_asked() -> None:
    """Four witnesses, none of which reads content or a declaration; a fifth may hide what shows."""
    assert HANDS == ["volume_evenness", "handed_on", "moved_on", "dealt_out"]
    assert HIDES == ["own_days"]
    heard = {w.family for w in WITNESSES if w.shows_hand or w.hides_hand}
    assert heard == {"timing", "infrastructure"}


@pytest.mark.parametrize(
    ("shown", "does"),
    [
        ({}, False),
        ({"volume_evenness": 1.89}, True),
        ({"volume_evenness": 1.88}, False),
        ({"volume_evenness": 1.4, "dealt_out": 1.4}, True),
        ({"volume_evenness": 1.3, "dealt_out": 1.3}, False),
        ({"volume_evenness": -3.0, "dealt_out": 2.4}, True),
        ({"volume_evenness": 1.9, "handed_on": 0.01, "dealt_out": 0.01}, True),
        ({"volume_evenness": 0.3, "handed_on": 0.7, "moved_on": 2.4, "dealt_out": 0.0}, True),
        ({"volume_evenness": 0.3, "handed_on": 0.7, "moved_on": 0.5, "dealt_out": 0.3}, False),
        ({"volume_evenness": 2.5, "dealt_out": -0.7}, False),
        ({"volume_evenness": 2.5, "dealt_out": -0.6}, True),
        ({"volume_evenness": 0.5, "handed_on": 1.9, "dealt_out": -4.0}, False),
        ({"handed_on": 2.4, "moved_on": 2.4, "dealt_out": -1.0}, True),
        ({"handed_on": 0.8, "moved_on": 2.4, "dealt_out": -1.9}, False),
        ({"handed_on": 1.8, "moved_on": 2.4, "dealt_out": 1.7, "own_days": -0.8}, True),
        ({"handed_on": 1.8, "moved_on": 2.4, "dealt_out": 1.7, "own_days": -0.9}, False),
        ({"moved_on": 2.4, "dealt_out": -0.3, "own_days": -0.3}, False),
        ({"moved_on": 2.4, "dealt_out": -0.3, "own_days": -0.1}, True),
        ({"own_days": 4.0}, False),
        ({"volume_evenness": 1.8, "own_days": 4.0}, False),
    ],
)
def test_hands_show_where_their_witnesses_together_do(
    shown: dict[str, float], *, does: bool
) -> None:
    """The strongest few over the root of how many: what is not handed on takes nothing away.

    Hours of their own take from all others, for a clock on each device sends alike too; days of
    their own take from all, and give nothing.
    """
    assert shows_hand(z_of(**shown), settings=SETTINGS) is does


def test_without_a_hand_a_harvest_is_never_likelier_than_not() -> None:
    """The least p there is: nearly certain with a hand. What is unlikely stays so."""
    led = z_of(dealt_out=2.4)
    assert weigh_group(P_MIN, led, power=0.03, settings=SETTINGS) > 0.99
    assert weigh_group(P_MIN, z_of(dealt_out=0.0), power=0.03, settings=SETTINGS) < 0.5
    few = [weigh_group(0.5, z, power=0.03, settings=SETTINGS) for z in (led, z_of())]
    assert few[0] == few[1] == weigh_harvest(0.5, power=0.03, prior=SETTINGS.harvest_prior)


def test_a_small_p_value_is_a_high_probability_and_a_large_one_speaks_for_innocence() -> None:
    """Falling in p, level below the least one, and at p = 1 the prior's odds times the power."""
    found = [weigh_harvest(p, power=0.1, prior=0.1) for p in (1e-300, P_MIN, 1e-3, 0.01, 0.5, 1)]
    assert found == sorted(found, reverse=True)
    assert found[0] == found[1] < 1
    odds = 0.1 / 0.9 * 0.1 * 0.01**-0.9
    assert found[3] == pytest.approx(odds / (1 + odds))
    assert found[-1] == pytest.approx(0.1 / 9 / (1 + 0.1 / 9))


@pytest.mark.parametrize("power", [0.05, 0.1, 0.3, 1.0])
def test_the_likelihood_ratio_of_an_honest_group_is_at_most_one_on_average(power: float) -> None:
    """Integrated over uniform p-values: an e-value, whatever the power."""
    u = np.linspace(np.log(P_MIN) - 12, 0, 40_001)
    p = np.exp(u)
    odds = np.array([weigh_harvest(x, power=power, prior=0.5) for x in p])
    ratio = odds / (1 - odds)
    assert 0.4 <= float(np.trapezoid(ratio * p, u)) <= 1.001


def test_the_power_is_recovered_and_errs_towards_saying_less() -> None:
    """Of 200 campaigns, cut off at the least p-value, the upper limit lies above in 19 of 20."""
    rng = np.random.default_rng(3)
    for power in (0.05, 0.1, 0.3):
        fitted = [fit_power(np.maximum(rng.random(200) ** (1 / power), P_MIN)) for _ in range(400)]
        assert 0.92 <= np.mean([one >= power for one in fitted]) <= 0.98
        assert np.median(fitted) <= 1.35 * power


def test_of_no_campaign_nothing_can_be_said() -> None:
    """The power is then that of honest groups, under which no p-value says anything."""
    assert fit_power(np.array([])) == 1.0
    assert weigh_harvest(1e-6, power=1.0, prior=0.1) == pytest.approx(0.1)
