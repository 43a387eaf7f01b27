"""What operators do with what is kept: back it up, bring it back, let it go by age or by person.

The rim's part of `store/upkeep` and of the ledger: has the clock and the keys, holds what must be
held, and tells what was done. The commands are in `app/commands/operate/`.
"""
