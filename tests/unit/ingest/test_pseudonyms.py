"""Instants, addresses and pseudonyms: what is kept of a name, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from stillwatch.domain.keyed import PseudonymKey, hash_strings
from stillwatch.domain.tables import ARRIVAL, EXCHANGE
from stillwatch.ingest.addresses import place_addresses
from stillwatch.ingest.pseudonymise import Name, pseudonymise_exchanges
from stillwatch.ingest.times import read_instant, read_instants

KEY = PseudonymKey.from_bytes(bytes(range(16)))
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T00:00:00Z", MARCH),
        ("2026-03-01t00:00:00z", MARCH),
        ("2026-03-01 00:00:00", MARCH),
        ("2026-03-01", MARCH),
        ("2026-03-01T02:00:00+02:00", MARCH),
        ("2026-03-01 02:00:00+02", MARCH),
        ("2026-03-01T00:00:00.123456789Z", MARCH.replace(microsecond=123456)),
        ("2026-03-01T00:00:00.5", MARCH.replace(microsecond=500000)),
        ("1772323200", MARCH),
        ("1772323200.25", MARCH.replace(microsecond=250000)),
        ("1772323200123", MARCH.replace(microsecond=123000)),
        ("1772323200123456", MARCH.replace(microsecond=123456)),
        ("1772323200123456789", MARCH.replace(microsecond=123456)),
        ("1.7723232e9", MARCH),
        ("yesterday", None),
        ("", None),
        ("true", None),
        ("2026-13-01T00:00:00Z", None),
        ("+12026-03-01T00:00:00Z", None),
        (None, None),
    ],
)
def test_an_instant_is_read_in_every_form_of_the_contract(
    text: str | None, instant: datetime | None
) -> None:
    """RFC 3339 and an epoch in any of four units; alone, and beside another form."""
    assert read_instants(pl.Series([text], dtype=pl.String)).to_list() == [instant]
    beside = read_instants(pl.Series(["2026-03-01T00:00:00Z", text, "1772323200"]))
    assert beside.to_list() == [MARCH, instant, MARCH]


def test_a_reader_may_read_one_instant() -> None:
    """Seconds since 1970, whatever the form; None where it can't be read."""
    values = [1772323200.5, "2026-03-01T00:00:00.5Z", None, {"a": 1}]
    assert [read_instant(v) for v in values] == [1772323200.5, 1772323200.5, None, None]


@pytest.mark.parametrize(
    ("text", "address", "subnet", "network"),
    [
        ("198.51.100.7", "198.51.100.7", "198.51.100.", "198.51."),
        ("198.51.100.7:443", "198.51.100.7", "198.51.100.", "198.51."),
        (" 198.51.100.7, 10.0.0.1", "198.51.100.7", "198.51.100.", "198.51."),
        ("::ffff:198.51.100.7", "198.51.100.7", "198.51.100.", "198.51."),
        ("2001:DB8:1:2::7", "2001:db8:1:2::7", "2001:db8:1::/48", "2001:db8::/32"),
        ("[2001:db8:1:2::7]:443", "2001:db8:1:2::7", "2001:db8:1::/48", "2001:db8::/32"),
        ("fe80::1%eth0", "fe80::1", "fe80::/48", "fe80::/32"),
        ("198.51.100.256", None, None, None),
        ("198.51.100", None, None, None),
        ("unknown", None, None, None),
        (None, None, None, None),
    ],
)
def test_an_address_is_placed(
    text: str | None, address: str | None, subnet: str | None, network: str | None
) -> None:
    """One form of one address, its subnet and network; alone, and beside plain ones."""
    for before in ([], ["203.0.113.5"]):
        ips = pl.Series("ip", [*before, text], dtype=pl.String)
        assert place_addresses(ips).row(-1) == (address, subnet, network)


def exchange(**fields: object) -> pl.DataFrame:
    """Give one exchange with its instant read."""
    row = {"account_id": "a", "source_file": 0, "source_line": 1, **fields}
    frame = pl.DataFrame([row], schema_overrides={"ip": pl.String, "temperature": pl.Float64})
    empty = {n: c.dtype for n, c in EXCHANGE.columns.items() if n not in frame.columns}
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in empty.items()]
    return frame.with_columns(missing).with_columns(time=pl.lit(MARCH))


def arrive(**fields: object) -> dict[str, object]:
    """Pseudonymise one exchange."""
    return pseudonymise_exchanges(exchange(**fields), key=KEY).row(0, named=True)


def test_each_kind_of_name_is_hashed_in_a_domain_of_its_own() -> None:
    """Equal texts of two kinds never meet, and each is the keyed hash of its text."""
    fields = {"api_key_id": "n", "end_user_id": "n", "device_id": "n", "conversation_id": "n"}
    row = arrive(**fields, reasoning_block_hash="n")
    names = ("api_key", "end_user", "device", "conversation", "reasoning_block")
    hashes = [row[f"{name}_hash"] for name in names]
    assert len(set(hashes)) == len(names)
    expected = hash_strings(pl.Series(["n"]).to_arrow(), key=KEY, domain=int(Name.END_USER))
    assert row["end_user_hash"] == expected[0].as_py()


def test_two_addresses_of_a_subnet_share_it_and_nothing_nearer() -> None:
    """Subnet and network are traits of their own."""
    one, two, far = (arrive(ip=ip) for ip in ("198.51.100.7", "198.51.100.8", "198.51.7.7"))
    assert one["address_hash"] != two["address_hash"]
    assert one["subnet_hash"] == two["subnet_hash"] != far["subnet_hash"]
    assert one["network_hash"] == far["network_hash"]


@pytest.mark.parametrize(
    ("column", "fields"),
    [
        ("client_hash", ("user_agent", "tls_fingerprint")),
        ("parameters_hash", ("temperature", "max_tokens", "tools", "thinking", "logprobs")),
    ],
)
def test_a_combined_hash_is_null_only_without_any_part(
    column: str, fields: tuple[str, ...]
) -> None:
    """Every part tells; nothing known is null."""
    values = {"temperature": 0.5, "thinking": True, "logprobs": True, "max_tokens": 1, "tools": 1}
    alone = [arrive(**{name: values.get(name, "x")})[column] for name in fields]
    assert None not in alone
    assert len(set(alone)) == len(fields)
    assert arrive()[column] is None


def test_an_empty_name_is_no_name() -> None:
    """An empty text would tie everybody who lacks one."""
    names = ("api_key_id", "end_user_id", "device_id", "ip", "user_agent", "org_id")
    assert arrive(**dict.fromkeys(names, "")) == arrive()


def test_the_record_hash_tells_any_two_records_apart() -> None:
    """Each column changes it; key order, and where the record stood, do not."""
    base = arrive()
    changes: dict[str, object] = {
        "prompt": "hi",
        "response": "hi",
        "system": "hi",
        "model": "m",
        "status": 200,
        "ip": "1.2.3.4",
        "temperature": 0.0,
        "exchange_id": "e",
        "turn": 0,
    }
    hashes = {arrive(**{name: value})["record_hash"] for name, value in changes.items()}
    assert len(hashes | {base["record_hash"]}) == len(changes) + 1
    assert arrive(source_line=9)["record_hash"] == base["record_hash"]


def test_a_missing_id_is_derived_from_the_record() -> None:
    """Equal records have equal ids, which the key alone can make."""
    one, same, other = arrive(prompt="hi"), arrive(prompt="hi", source_line=2), arrive(prompt="ho")
    assert one["exchange_id"] == same["exchange_id"] != other["exchange_id"]
    assert str(one["exchange_id"]).startswith("x-")
    assert len(str(one["exchange_id"])) == len("x-") + 16


def test_an_arrival_is_of_its_table() -> None:
    """Names, types and order are those of the table."""
    assert pseudonymise_exchanges(exchange(), key=KEY).schema == ARRIVAL.schema
