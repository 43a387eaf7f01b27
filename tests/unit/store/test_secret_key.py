"""The pseudonym key: made once, kept from others, never shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from stillwatch.domain.errors import SecretKeyError
from stillwatch.store.secret_key import ephemeral_key, key_from_file, key_from_hex

_HEX = "000102030405060708090a0b0c0d0e0f"


def test_the_first_use_makes_a_key_that_its_owner_alone_can_read(tmp_path: Path) -> None:
    """The file has mode 0600 whatever the umask, its folder 0700, and later uses read it."""
    path = tmp_path / "made" / "pseudonym.key"
    before = os.umask(0)
    try:
        first = key_from_file(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert key_from_file(path) == first
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_key_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    """Any right of group or others is too much; the hint is the command that mends it."""
    path = tmp_path / "pseudonym.key"
    path.write_text(_HEX)
    path.chmod(mode)
    with pytest.raises(SecretKeyError, match="used by others") as refused:
        key_from_file(path)
    assert refused.value.hint == f"chmod 600 {path}"
    path.chmod(0o600)
    assert key_from_file(path) == key_from_hex(_HEX, source="here")


@pytest.mark.parametrize("text", ["", "00", _HEX + "00", "zz" * 16, "geheim"])
def test_a_malformed_key_is_refused_without_being_repeated(text: str) -> None:
    """Length and digits are checked, and the message does not hold what was given."""
    with pytest.raises(SecretKeyError, match="32 hexadecimal digits") as refused:
        key_from_hex(text, source="STILLWATCH_KEY")
    assert not text or text not in str(refused.value)


def test_a_key_file_that_cannot_be_made_is_one_typed_error(tmp_path: Path) -> None:
    """A file where the folder should be gives a SecretKeyError with a way out."""
    (tmp_path / "file").touch()
    with pytest.raises(SecretKeyError, match="cannot read or make"):
        key_from_file(tmp_path / "file" / "pseudonym.key")


def test_an_ephemeral_key_is_new_each_time() -> None:
    """Two of them differ."""
    assert ephemeral_key() != ephemeral_key()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to root")
def test_a_credential_of_systemd_is_let_in_and_nothing_like_it(tmp_path: Path) -> None:
    """Root's, readable by its group: an access list lets the service in. One right more isn't."""
    path = tmp_path / "pseudonym.key"
    path.write_text("00" * 16)
    for rights, is_let_in in ((0o440, True), (0o640, False), (0o444, False), (0o460, False)):
        path.chmod(rights)
        if is_let_in:
            key_from_file(path)
        else:
            with pytest.raises(SecretKeyError, match="can be used by others"):
                key_from_file(path)
    path.chmod(0o440)
    os.chown(path, 0, 12345)
    with pytest.raises(SecretKeyError, match="can be used by others"):
        key_from_file(path)
