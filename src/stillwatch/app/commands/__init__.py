"""The commands, a file each; every one exports `register(app)`, as an extension's would."""

from stillwatch.app.commands import audit, check, deliver, demo, invite, scan, schema
from stillwatch.app.commands.backtest import command as backtest
from stillwatch.app.commands.lakes import commit, ingest, sql, watch
from stillwatch.app.commands.lists import replay, templates
from stillwatch.app.commands.operate import backup, erase, key, lake, ledger, restore, retain
from stillwatch.app.commands.results import diff, explain, open_report, revert
from stillwatch.app.commands.serving import command as serve
from stillwatch.app.commands.serving import enforce

BUILT_IN = (
    demo,
    check,
    scan,
    explain,
    diff,
    revert,
    serve,
    enforce,
    open_report,
    ingest,
    commit,
    watch,
    sql,
    backtest,
    replay,
    templates,
    deliver,
    audit,
    invite,
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
