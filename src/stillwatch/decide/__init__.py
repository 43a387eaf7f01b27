"""Verdicts meet the policy: what should be done with an account, and why.

Reads `ACCOUNTS_OUT` and `REGISTER`, writes `DECISION`; `explain` reads a whole result. Pure.
Permissions were met before: a verdict that one covers arrives here as `permitted`.
"""

from stillwatch.decide.decide import decide
from stillwatch.decide.explain import explain
from stillwatch.decide.explanation import Explanation, FamilyEvidence, Findings

__all__ = ["Explanation", "FamilyEvidence", "Findings", "decide", "explain"]
