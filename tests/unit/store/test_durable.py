"""The moves that writing is made of."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from stillwatch.store.durable import append_line, create_file, held_alone, is_free, replace_file


def test_replacing_leaves_the_new_content_and_nothing_beside_it(tmp_path: Path) -> None:
    """There is one file afterwards, with the new bytes."""
    path = tmp_path / "table"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_creating_never_touches_what_is_there(tmp_path: Path) -> None:
    """The second creation fails, and the first one's content stays."""
    path = tmp_path / "manifest"
    create_file(path, b"first")
    with pytest.raises(FileExistsError):
        create_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_torn_last_line_is_ended_and_not_joined(tmp_path: Path) -> None:
    """What a crash has cut off stays a line of its own."""
    path = tmp_path / "log"
    path.write_bytes(b'{"a":1}\n{"b":')
    append_line(path, b'{"c":3}')
    assert path.read_bytes().splitlines() == [b'{"a":1}', b'{"b":', b'{"c":3}']


def test_who_holds_a_directory_may_ask_for_it_again(tmp_path: Path) -> None:
    """Holding it twice ends once: it stays held until the outer block ends."""
    with held_alone(tmp_path):
        with held_alone(tmp_path):
            pass
        assert not is_free(tmp_path)
    assert is_free(tmp_path)


def test_others_wait_for_a_held_directory(tmp_path: Path) -> None:
    """Two threads never hold it at once."""
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with held_alone(tmp_path):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    workers = [Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most == [1] * 8


def test_a_held_directory_is_not_free(tmp_path: Path) -> None:
    """It is free before and after."""
    assert is_free(tmp_path)
    with held_alone(tmp_path):
        assert not is_free(tmp_path)
    assert is_free(tmp_path)
