"""The rim of a backtest: where looks come from, what is known of accounts, and how it is shown.

`from_lake` looks at a lake again as earlier looks saw it, `from_results` reads finished results,
`answers` reads who is innocent, `shown` prints. What is computed of it is `decide/backtest`.
"""
