"""The management API: what people and their programs read, work on, approve and administer.

`make_control` gives the part that a service includes. Every route asks for one scope (`read`,
`work`, `approve`, `administer`), writes into the ledger under the name of whoever asked, and words
what the ledger refuses as a problem; customers' appeals alone need no key. See ADR 0016.
"""

from stillwatch.app.service.control.part import make_control
from stillwatch.app.service.control.settings import ControlSettings, Places

__all__ = ["ControlSettings", "Places", "make_control"]
