"""Looks beside a service go by its ledger, and by no other that this process was told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillwatch.app.service.ingestion.part import IngestionSettings, _commands, _environment


def test_the_ledger_is_told_by_the_environment_and_never_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its address may hold a password, which a list of processes would show."""
    monkeypatch.setenv("STILLWATCH_LEDGER", "another.db")
    where = "postgresql://one:secret@db.example/stillwatch"
    places = (Path("journal"), Path("lake"), Path("results"))
    told, untold = IngestionSettings(*places, ledger=where), IngestionSettings(*places)
    assert _environment(told)["STILLWATCH_LEDGER"] == where
    assert "STILLWATCH_LEDGER" not in _environment(untold)
    assert "secret" not in str(_commands(told))
