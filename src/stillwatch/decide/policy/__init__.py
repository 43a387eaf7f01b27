"""Policies: what a rule may ask, say and be held back by, applied to what is known.

`language` reads a text, `shipped` has the one that the package carries, `match` finds the rule,
`guards` hold effects back, `ruling` puts them together; `budgets` counts a campaign as a whole.
"""
