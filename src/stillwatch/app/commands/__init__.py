"""The commands, a file each; every one exports `register(app)`, as an extension's would."""

from stillwatch.app.commands import audit, check, demo, scan, schema, serve
from stillwatch.app.commands.backtest import command as backtest
from stillwatch.app.commands.lakes import commit, ingest, sql, watch
from stillwatch.app.commands.lists import replay, templates
from stillwatch.app.commands.operate import backup, erase, key, lake, ledger, restore, retain
from stillwatch.app.commands.results import diff, explain, open_report, revert

BUILT_IN = (
    demo,
    check,
    scan,
    explain,
    diff,
    revert,
    serve,
    open_report,
    ingest,
    commit,
    watch,
    sql,
    backtest,
    replay,
    templates,
    audit,
    backup,
    restore,
    retain,
    erase,
    lake,
    ledger,
    key,
    schema,
)
"""In the order in which `--help` lists them: the order in which a newcomer needs them."""

__all__ = ["BUILT_IN"]
