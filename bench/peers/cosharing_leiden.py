"""Peer: TF-IDF co-sharing and Leiden: the cosine of what accounts share, then communities.

Communities are called by their size, or by how alike their members are. What accounts share: all
of addresses, client stacks, payment, system texts and the first words of their prompts, or texts
alone, or addresses alone. Values that too many hold are left out, as such tools do, and each
account keeps its nearest neighbours. Its settings: what is shared, that ceiling, the least cosine,
and Leiden's resolution, of the modularity or of the constant Potts model. Leiden is
graspologic-native's (MIT): igraph and leidenalg are GPL.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import graspologic_native
import numpy as np
import polars as pl
from scipy.sparse import coo_array, csr_array
from sklearn.feature_extraction.text import TfidfTransformer
from traffic import read_register, run_adapter, scan_exchanges, tell_clusters

CEILINGS: Final = (0.002, 0.01, 0.1)
"""Share of the accounts that may hold a value."""
OBJECTS: Final = {
    "everything": ("ip", "client", "system", "opening", "payment"),
    "texts": ("system", "opening"),
    "addresses": ("ip",),
}
COSINES: Final = (0.1, 0.4)
RESOLUTIONS: Final = ((True, 1.0), (False, 0.1), (False, 0.01))
"""(Modularity instead of the constant Potts model, resolution)."""
NEIGHBOURS: Final = 30
SIZE_LEAST: Final = 5
"""Accounts of a community that is scored by its ties."""
OPENING_WORDS: Final = 8
STRIP: Final = 1_000
"""Accounts whose cosines are in memory at a time."""


def gather_values(traffic: Path) -> pl.DataFrame:
    """Give who holds what. Grain: one row per account and value, with its exchanges."""
    words = pl.col("prompt").str.to_lowercase().str.replace_all(r"\d+", "0")
    opening = words.str.extract_all(r"\S+").list.head(OPENING_WORDS).list.join(" ")
    fields = {
        "ip": pl.col("ip"),
        "client": pl.concat_str("user_agent", "tls_fingerprint", separator="|"),
        "system": pl.col("system"),
        "opening": opening,
    }
    rows = scan_exchanges(traffic).select("account_id", *(e.alias(n) for n, e in fields.items()))
    parts = [
        rows.select("account_id", (pl.lit(f"{name}:") + pl.col(name)).hash(1).alias("value"))
        .filter(pl.col("value").is_not_null())
        .group_by("account_id", "value")
        .len("exchanges")
        .collect()
        .with_columns(object=pl.lit(name))
        for name in fields
    ]
    paid = read_register(traffic).select("account_id", value=pl.col("payment_fingerprint"))
    paid = paid.drop_nulls().select(
        "account_id",
        (pl.lit("payment:") + pl.col("value")).hash(1).alias("value"),
        exchanges=pl.lit(1, pl.UInt32),
        object=pl.lit("payment"),
    )
    return pl.concat([*parts, paid.join(parts[0].select("account_id").unique(), on="account_id")])


def find_neighbours(weighted: csr_array, least: float) -> Iterator[tuple[Any, Any, Any]]:
    """Give each account's nearest neighbours at a cosine or above: (left, right, cosine)."""
    across = weighted.T.tocsr()
    for begin in range(0, weighted.shape[0], STRIP):
        strip = (weighted[begin : begin + STRIP] @ across).tocsr()
        for row in range(strip.shape[0]):
            own = slice(strip.indptr[row], strip.indptr[row + 1])
            near, cosine = strip.indices[own], strip.data[own]
            keep = (cosine >= least) & (near != begin + row)
            near, cosine = near[keep], cosine[keep]
            top = np.argsort(-cosine, kind="stable")[:NEIGHBOURS]
            yield np.full(len(top), begin + row), near[top], cosine[top]


def weigh_values(held: pl.DataFrame, accounts: int, ceiling: float) -> csr_array:
    """Give accounts by values, TF-IDF, rows of length one."""
    known = held.filter(pl.len().over("value").is_between(2, max(2, ceiling * accounts)))
    column = known["value"].rank("dense").to_numpy() - 1
    counts = 1 + np.log(known["exchanges"].to_numpy())
    shape = (accounts, int(column.max(initial=0)) + 1)
    table = coo_array((counts, (known["account"].to_numpy(), column)), shape=shape)
    return TfidfTransformer().fit_transform(table.tocsr())


def share_and_cluster(traffic: Path) -> Iterator[pl.DataFrame]:
    """Give the communities under every setting."""
    held = gather_values(traffic)
    accounts = held["account_id"].unique().sort()
    place = pl.DataFrame({"account_id": accounts}).with_row_index("account")
    held = held.join(place, on="account_id")
    for shared, ceiling in product(OBJECTS, CEILINGS):
        own = held.filter(pl.col("object").is_in(OBJECTS[shared]))
        weighted = weigh_values(own, len(accounts), ceiling)
        found = list(find_neighbours(weighted, min(COSINES)))
        left, right, cosine = (np.concatenate(part) for part in zip(*found, strict=True))
        for least in COSINES:
            keep = cosine >= least
            edges = (left[keep], right[keep], cosine[keep])
            setting = f"{shared}, ceiling {ceiling:g}, cosine {least:g}"
            yield from cluster_edges(setting, accounts, edges)


def cluster_edges(
    setting: str, accounts: pl.Series, edges: tuple[Any, Any, Any]
) -> Iterator[pl.DataFrame]:
    """Give the communities at every resolution."""
    left, right, cosine = edges
    once = left < right
    both = np.isin(right * len(accounts) + left, left * len(accounts) + right)
    keep = once | ~both
    listed = [
        (str(a), str(b), float(w))
        for a, b, w in zip(left[keep], right[keep], cosine[keep], strict=True)
    ]
    for modularity, resolution in RESOLUTIONS if listed else ():
        _, found = graspologic_native.leiden(
            listed, resolution=resolution, use_modularity=modularity, seed=1
        )
        own = accounts.gather([int(name) for name in found])
        kind = "modularity" if modularity else "CPM"
        clusters = pl.Series(list(found.values()), dtype=pl.Int64)
        rows = tell_clusters(f"{setting}, {kind} {resolution:g}, size", own, clusters)
        yield rows
        yield weigh_ties(rows, accounts, edges)


def weigh_ties(
    rows: pl.DataFrame, accounts: pl.Series, edges: tuple[Any, Any, Any]
) -> pl.DataFrame:
    """Score communities of five or more by their mean cosine within, in hundredths."""
    owner = dict(zip(rows["account_id"], rows["cluster"], strict=True))
    place = pl.Series([owner.get(name, -1) for name in accounts], dtype=pl.Int64)
    left, right, cosine = edges
    ties = pl.DataFrame({"cluster": place.gather(left), "of": place.gather(right), "c": cosine})
    inside = ties.filter(pl.col("cluster") == pl.col("of")).group_by("cluster")
    mean = inside.agg((100 * pl.col("c").mean()).alias("tie"))
    large = rows.filter(pl.col("score") >= SIZE_LEAST).join(mean, on="cluster")
    return large.select(
        pl.col("setting").str.replace(", size", ", mean cosine in hundredths"),
        "account_id",
        "cluster",
        score="tie",
    )


if __name__ == "__main__":
    run_adapter(share_and_cluster)
