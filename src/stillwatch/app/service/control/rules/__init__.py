"""What is allowed beforehand: policies, their backtests, and permissions; for administrators."""

from stillwatch.app.service.control.rules import permissions, policies, replaying
from stillwatch.app.service.control.rules.backtests import Backtests

ROUTERS = (replaying.router, policies.router, permissions.router)

__all__ = ["ROUTERS", "Backtests"]
