"""Findings and their page, rendered once for all tests that only read it."""

from __future__ import annotations

import pytest
from findings_by_hand import incident, nothing
from page_parts import Page, read_page

from stillwatch.report import Findings, render_html


@pytest.fixture(scope="session")
def findings() -> Findings:
    """Three campaigns, a permitted partner and sixty honest groups."""
    return incident()


@pytest.fixture(scope="session")
def raw_page(findings: Findings) -> bytes:
    """The page of those findings, as bytes."""
    return render_html(findings)


@pytest.fixture(scope="session")
def page(raw_page: bytes) -> Page:
    """The page of those findings, parsed."""
    return read_page(raw_page)


@pytest.fixture(scope="session")
def empty_page() -> Page:
    """The page of a run that found nothing."""
    return read_page(render_html(nothing()))
