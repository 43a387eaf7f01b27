"""All traits of all accounts, and the channels that stood aside."""

from __future__ import annotations

import pytest
from exchanges_by_hand import KEY, launched, lazy, observed, registered

from stillwatch.domain.channels.families import CHANNELS
from stillwatch.domain.schema import check_frame
from stillwatch.domain.tables import LAUNCH, REGISTER, SYSTEM, TRAIT
from stillwatch.observe import count_traits, list_passages
from stillwatch.observe.account_traits import Observed


@pytest.fixture(scope="module")
def everything() -> Observed:
    """Six accounts of whom every channel is known."""
    rows = []
    for k in range(6):
        full = {
            "account_id": f"a{k}", "system_hash": 1, "prompt_hash": 2, "sketch": [11, 12],
            "address_hash": 3, "subnet_hash": 4, "network_hash": 5, "access_path": "api",
            "client_hash": 6, "device_hash": 7, "parameters_hash": 8, "reasoning_block_hash": 9,
            "end_user_hash": 10, "model": "m",
        }  # fmt: skip
        rows += [full | {"at": 0, "model": "old"}, full | {"at": 20 + k}]
        rows += [full | {"at": 0, "model": "old", "sketch": [n, n + 1]} for n in (21, 31)]
    exchanges = observed(*rows)
    register = registered(
        *[
            {"account_id": f"a{k}", "created": 1, "payment_hash": 1, "email_domain_hash": 2,
             "email_hash": 3, "email_shape_hash": 5, "payment_issuer_hash": 6,
             "payment_batch_hash": 7, "phone_country": "AA", "payment_country": "BB",
             "program": "research", "referrer_hash": 4}
            for k in range(6)
        ]
    )  # fmt: skip
    return count_traits(
        lazy(exchanges),
        passages=list_passages(lazy(exchanges), systems=SYSTEM.empty()),
        register=register,
        launches=launched(m=12),
        key=KEY,
    )


def test_every_channel_that_has_data_has_rows(everything: Observed) -> None:
    """All of families.py, and nothing else; none stands aside."""
    assert set(check_frame(everything.traits, TRAIT)["channel"]) == {c.name for c in CHANNELS}
    assert everything.silent == ()


def test_an_account_holds_a_value_once_and_in_a_share_between_nought_and_one(
    everything: Observed,
) -> None:
    """One row per account, channel and value."""
    assert not everything.traits.select("account_id", "channel", "value").is_duplicated().any()
    assert everything.traits["share"].is_between(0, 1, closed="right").all()


def test_channels_without_data_are_named_and_have_no_rows() -> None:
    """Logs alone: everything of the register stands aside, and what the logs leave out."""
    exchanges = observed({"account_id": "a", "client_hash": 1}, {"account_id": "b"})
    seen = count_traits(
        lazy(exchanges),
        passages=list_passages(lazy(exchanges), systems=SYSTEM.empty()),
        register=REGISTER.empty(),
        launches=LAUNCH.empty(),
        key=KEY,
    )
    assert set(seen.traits["channel"]) == {"client", "active_hour"}
    assert set(seen.silent) == {c.name for c in CHANNELS} - {"client", "active_hour"}
