"""The commands of operators: upkeep of a lake and a ledger, backups, and what goes for good."""
