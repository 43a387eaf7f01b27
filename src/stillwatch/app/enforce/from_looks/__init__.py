"""What a published look says, and what the ledger and the policy make of it.

`looks` reads it, `findings` says what is news in it, `recording` writes that down; `rules` finds
the policy that rules, `restraints` what the ledger holds against acting, `proposals` makes drafts
of decisions; `naming` has the ids. Nothing here proposes or puts anything in force.
"""
