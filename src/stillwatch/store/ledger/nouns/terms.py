"""The terms of a decision: what its effect needs, one key where it is about one, and its origin.

They stand apart from the decision, whose row every audit image covers as it was released. A
decision without terms needs nothing, is about all keys, and was made by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa

from stillwatch.store.ledger.nouns.columns import Flag, Id, Prose, Refers, Row, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Row):
    """What one decision needs beside its effect; written with it, and never changed."""

    decision_id: Annotated[Id, Refers("decisions.decision_id")]
    parameters: Prose = "{}"
    """JSON: rates of a throttle, a challenge's method, measures (docs/operate/policy.md)."""
    is_shared: Flag = False
    """The rates are a ceiling for all its accounts together: a campaign budget."""
    api_key_id: Id | None = None
    """None = all keys of each account."""
    rule: Id | None = None
    """The rule of the policy that it comes from."""
    result: Id | None = None
    """The look that it comes from: the result's name."""


TERMS: Final = table_of("decision_terms", Terms, sa.Index(None, "result"))
