"""A decision from its proposal to its delivery and its end: the verbs, a file each.

`proposals` → `enforcement` → `outbox` → `deliveries`; what a verb turns around it turns around in
the transaction that asks for it.
"""
