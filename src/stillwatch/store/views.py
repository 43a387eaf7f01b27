"""A lasting lake as views of an in-memory DuckDB: what any SQL of its owner can read.

Reads the manifests, and gives a connection with a view for each table of the files that they name,
so that what a killed append has left is not seen. The files stay where they are, and nothing in
them can be changed: views over Parquet have no rows to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from stillwatch.store.appends import read_appends


@contextmanager
def open_views(lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a lake in DuckDB.

    Grain:   a view per table that has rows, each with the column `day`; and `tables`, which lists
             them with rows, files and bytes.

    Raises:
        LakeDamaged: a manifest can't be read.
        duckdb.Error: DuckDB can't read a file.
    """
    paths: dict[str, list[str]] = defaultdict(list)
    listed: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for manifest in read_appends(lake).manifests:
        for entry in manifest["entries"]:
            for one in entry["files"]:
                paths[entry["table"]].append(str(lake.absolute() / one["path"]))
                sums = listed[entry["table"]]
                sums[:] = [sums[0] + one["rows"], sums[1] + 1, sums[2] + one["bytes"]]
    connection = duckdb.connect(":memory:")
    try:
        for table, files in sorted(paths.items()):
            reading = connection.read_parquet(files, hive_partitioning=True, union_by_name=True)
            reading.create_view(table)
        connection.execute(
            'CREATE TABLE tables ("table" VARCHAR, "rows" BIGINT, files BIGINT, bytes BIGINT)'
        )
        for table, sums in sorted(listed.items()):
            connection.execute("INSERT INTO tables VALUES (?, ?, ?, ?)", [table, *sums])
        yield connection
    finally:
        connection.close()
