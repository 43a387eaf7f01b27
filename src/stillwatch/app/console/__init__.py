"""The analyst's console: pages from a result and from the ledger, drawn on this side.

`make_console` gives the part of a service, `open_result` shows a finished result on this machine
alone. `frame/` says how a page is written, `reading/` what a result tells, `drawing/` the charts,
`pages/` and `desk/` hold one file a page. See docs/console.md and docs/adr/0018.
"""

from stillwatch.app.console.console import CATALOGUE, make_console

__all__ = ["CATALOGUE", "make_console"]
