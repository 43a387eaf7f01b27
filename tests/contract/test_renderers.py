"""Every renderer of the report stage, found by its name, through the same checks."""

from __future__ import annotations

import inspect
import runpy
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stillwatch import report

_BUILDER = runpy.run_path(
    str(Path(__file__).resolve().parents[1] / "unit" / "report" / "findings_by_hand.py")
)
RENDERERS = {
    name: getattr(report, name)
    for name in report.__all__
    if name.startswith(("render_", "summarise_"))
}
FRAMES = [field.name for field in fields(report.Findings) if field.name != "run"]
Renderer = Callable[[report.Findings], Any]


@pytest.fixture(scope="module")
def findings() -> report.Findings:
    """One campaign, a permitted partner and a few honest groups."""
    rows = _BUILDER["campaign_rows"]
    return _BUILDER["gather"](
        rows(1, heads=9, days=3),
        rows(2, heads=6, days=2, verdict="permitted"),
        _BUILDER["honest_rows"](4),
    )


@pytest.fixture(scope="module")
def nothing() -> report.Findings:
    """A run in which nobody sent anything, with an empty record."""
    empty = _BUILDER["gather"](run={})
    return replace(empty, **{name: getattr(empty, name).clear() for name in FRAMES})


def test_there_are_renderers() -> None:
    """Discovery finds the page, the ticket and the summary."""
    assert set(RENDERERS) == {"render_html", "render_markdown", "summarise_json"}


@pytest.fixture(params=sorted(RENDERERS))
def renderer(request: pytest.FixtureRequest) -> Renderer:
    """Each renderer in turn."""
    return RENDERERS[request.param]


def test_a_renderer_takes_findings_alone(renderer: Renderer) -> None:
    """No clock, path or setting reaches a renderer."""
    assert list(inspect.signature(renderer).parameters) == ["findings"]


def test_the_same_findings_give_the_same_bytes(
    renderer: Renderer, findings: report.Findings
) -> None:
    """Rendering is a pure function."""
    first = renderer(findings)
    assert first == renderer(findings)
    assert first


def test_the_order_of_rows_is_irrelevant(renderer: Renderer, findings: report.Findings) -> None:
    """Shuffled tables give the same result."""
    shuffled = replace(
        findings,
        **{
            name: getattr(findings, name).sample(fraction=1.0, shuffle=True, seed=7)
            for name in FRAMES
        },
    )
    assert renderer(shuffled) == renderer(findings)


def test_columns_that_are_added_later_do_no_harm(
    renderer: Renderer, findings: report.Findings
) -> None:
    """The contract lets tables grow; what a renderer doesn't know it leaves alone."""
    grown = replace(
        findings,
        **{name: getattr(findings, name).with_columns(later=pl.lit(1)) for name in FRAMES},
    )
    before, after = renderer(findings), renderer(grown)
    if isinstance(after, bytes):
        assert after == before
    else:
        assert {**after, "campaigns": None} == {**before, "campaigns": None}


def test_findings_are_left_as_they_were(renderer: Renderer, findings: report.Findings) -> None:
    """No renderer changes a table."""
    before = {name: getattr(findings, name).clone() for name in FRAMES}
    renderer(findings)
    for name in FRAMES:
        assert getattr(findings, name).equals(before[name])


def test_empty_tables_and_an_empty_record_render(
    renderer: Renderer, nothing: report.Findings
) -> None:
    """A run of nothing is reported too."""
    assert renderer(nothing)
