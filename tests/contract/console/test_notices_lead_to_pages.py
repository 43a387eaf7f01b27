"""What a notice links to is a page of the console."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from stillwatch.act.digests import link_of
from stillwatch.app.console import CATALOGUE
from stillwatch.store.ledger.nouns.notices import NOTICE_KINDS, NewNotice


@pytest.mark.parametrize("kind", [kind for kind in NOTICE_KINDS if kind != "audit_broken"])
def test_the_link_of_a_notice_is_the_address_of_a_page(kind: str) -> None:
    """For every kind that is about one thing; its id survives, whatever it holds."""
    notice = NewNotice(notice_id="n-1", kind=kind, subject_id="c-1 &/?#", says="Something.")
    found = urlsplit(str(link_of(notice, base="https://watch.example/console/")))
    assert found.path in {page.address for page in CATALOGUE}
    assert parse_qs(found.query) == {"id": ["c-1 &/?#"]}
