"""Evasion as a curve: what each knob of a campaign costs its operator, and what it hides."""
