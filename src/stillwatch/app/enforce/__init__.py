"""From finding to effect through the ledger: what looks find is recorded, ruled and enforced.

In the order in which it goes: `from_looks/` reads a published result, records what is news in it
and drafts decisions; `proposing` writes them; `enforcing` is the two in one step. `settling` puts
in force what people have approved and ends what is over; `enforcer` goes round over both, in a
process of its own that `part` keeps running; `gateway_source` shows gateways what is in force.
"""
