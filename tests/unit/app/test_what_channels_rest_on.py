"""`check` says of every channel what it rests on, by a field that its records have."""

from __future__ import annotations

import pytest

from stillwatch.app.look import _FOLDED, _field_of
from stillwatch.domain.channels.families import CHANNELS, QUEUE, Channel
from stillwatch.domain.tables import ARRIVAL, REGISTER

FIELDS = {
    "exchange": {_FOLDED.get(name, name) for name in ARRIVAL.columns},
    "register": {_FOLDED.get(name, name) for name in REGISTER.columns},
}


@pytest.mark.parametrize("channel", [*CHANNELS, QUEUE], ids=lambda channel: channel.name)
def test_a_channel_rests_on_a_field_of_its_own_records(channel: Channel) -> None:
    """Repertoires were said to want a date of sign-up in the exchange records."""
    assert _field_of(channel.name) in FIELDS[channel.source]


def test_a_channel_that_nobody_has_said_anything_of_is_refused() -> None:
    """No field stands for what is not known."""
    with pytest.raises(KeyError):
        _field_of("unheard_of")
