"""Interventions: what people propose, try out, approve and take back.

An intervention is a decision of the ledger: one effect on the accounts that it names, with its end.
`known` says what is known of accounts, `choosing` whom an intervention is about, `dry_run` what it
would do; `proposing`, `settling` and `showing` have the routes.
"""

from stillwatch.app.service.control.interventions import proposing, settling, showing
from stillwatch.app.service.control.interventions.known import Knowledge

ROUTERS = (proposing.router, settling.router, showing.router)

__all__ = ["ROUTERS", "Knowledge"]
