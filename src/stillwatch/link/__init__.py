"""Link: from traits to groups of tied accounts, each with how sure it is that it is tied."""

from stillwatch.link.link import Linked, link_accounts
from stillwatch.link.power import smallest_groups

__all__ = ["Linked", "link_accounts", "smallest_groups"]
