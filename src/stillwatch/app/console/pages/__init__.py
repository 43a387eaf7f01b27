"""The pages of a result, a file each, in the order of the navigation."""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.frame.page import Page
from stillwatch.app.console.pages import (
    account,
    alive,
    campaign,
    campaigns,
    graph,
    group,
    groups,
    members,
    overview,
    runs,
    search,
)

PAGES: Final[tuple[Page, ...]] = (
    overview.PAGE,
    campaigns.PAGE,
    groups.PAGE,
    runs.PAGE,
    search.PAGE,
    campaign.PAGE,
    members.PAGE,
    members.DATA,
    graph.PAGE,
    graph.DATA,
    group.PAGE,
    account.PAGE,
    alive.PAGE,
)
