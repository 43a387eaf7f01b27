"""Every figure that is told of a tied group, found by discovery, through the same checks."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from stillwatch.detect.rhythms import RHYTHMS, told
from stillwatch.domain.channels.families import CHANNEL_OF, FAMILIES
from stillwatch.domain.channels.told import P_VALUE, TOLD, phrase_told

MODULES = {
    name: importlib.import_module(f"{told.__name__}.{name}")
    for _, name, _ in pkgutil.iter_modules(told.__path__)
}
NAMES = [rhythm.name for rhythm in RHYTHMS]


def test_every_file_of_the_folder_is_heard_and_no_name_stands_twice() -> None:
    """The listing is the catalogue, and none bears the name of a channel that ties."""
    assert [r for module in MODULES.values() for r in module.RHYTHMS] == list(RHYTHMS)
    assert len(set(NAMES)) == len(NAMES) >= 13
    assert not set(NAMES) & set(CHANNEL_OF)


@pytest.mark.parametrize("name", sorted(MODULES))
@pytest.mark.parametrize("term", ["Null:", "Blind spot:", "Look-alike:", "Source:"])
def test_every_file_states_its_null_and_what_defeats_it(name: str, term: str) -> None:
    """Its docstring has all four, and something after each."""
    text = " ".join((MODULES[name].__doc__ or "").split())
    assert len(text.split(term)[1]) > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_a_family_and_a_phrase_and_so_has_its_p_value(name: str) -> None:
    """An analyst reads no bare code, whatever renders it."""
    assert next(r.family for r in RHYTHMS if r.name == name) in FAMILIES
    assert len(phrase_told(name)) > 60
    assert len(phrase_told(name + P_VALUE)) > 30


def test_no_phrase_is_of_a_figure_that_is_not_told() -> None:
    """Both lists are one; of other channels nothing is said here."""
    assert set(TOLD) == set(NAMES)
    assert phrase_told("payment") == phrase_told("payment_p_value") == ""
