"""System texts: sketched once each, and told by the passages that several accounts' texts share.

Fourth step of *observe*: reads `ARRIVAL` (a text in, its sketch out), writes `SYSTEM`; later reads
`SYSTEM` and which account sent which text, and gives the templates of each text. The one idea: two
versions of one text, or one text with a slot filled in, share most of their shingles, though their
hashes differ. Deliberately absent: the text, and exchanges, of which there are many more.
Source: DESIGN.md, section 5.
"""

from __future__ import annotations

import polars as pl

from stillwatch.domain import limits
from stillwatch.domain.keyed import PseudonymKey
from stillwatch.domain.tables import SYSTEM
from stillwatch.observe.content import sketch_texts
from stillwatch.observe.templates import find_templates


def observe_systems(arrivals: pl.DataFrame, *, key: PseudonymKey) -> pl.DataFrame:
    """Sketch the distinct system texts of one chunk of arrivals.

    Grain:   one SYSTEM row per text. Nulls: no row. Order: by hash.
    Cost:    linear in bytes of distinct texts.
    """
    texts = arrivals["system"].drop_nulls().unique()
    if not len(texts):
        return SYSTEM.empty()
    sketched = pl.DataFrame(pl.from_arrow(sketch_texts(texts.to_arrow(), key=key)))
    return SYSTEM.conform(
        sketched.rename({"hash": "system_hash"}).unique("system_hash").sort("system_hash")
    )


def find_system_templates(uses: pl.DataFrame, systems: pl.DataFrame) -> pl.DataFrame:
    """Find the templates of each system text.

    Grain:   one row per (system_hash, template); a text that shares nothing has no row, and one
             that is too short for shingles but widely sent is a template of its own.
    `uses` is (account_id, system_hash), one row each; `systems` is SYSTEM.
    Order:   sorted; input order is irrelevant.
    Cost:    one explode of the distinct texts' sketches; shingles that stand in just the same texts
             are taken together before accounts are counted.
    """
    pairs = uses.select("account_id", "system_hash").unique().sort("account_id", "system_hash")
    held = pairs.group_by("system_hash").agg(pl.len().alias("accounts"))
    shingles = (
        systems.unique("system_hash")
        .select("system_hash", pl.col("sketch").alias("hash"))
        .explode("hash")
        .drop_nulls()
        .join(held, on="system_hash")
        .filter(pl.col("accounts").sum().over("hash") >= limits.TEMPLATE_ACCOUNTS_MIN)
    )
    atoms = (
        shingles.sort("system_hash")
        .group_by("hash")
        .agg(pl.col("system_hash").alias("texts"))
        .group_by("texts")
        .agg(pl.col("hash").min())
        .explode("texts")
        .rename({"texts": "system_hash"})
    )
    numbered = atoms.select("hash").unique().sort("hash").with_row_index("shingle")
    account = pl.col("account_id").rank("dense").alias("account")
    carried = (
        pairs.select("system_hash", account)
        .with_row_index("row")
        .join(atoms.join(numbered, on="hash"), on="system_hash")
    )
    found = find_templates(carried).join(numbered, on="shingle")
    names = numbered.select(template="shingle", name="hash")
    told = (
        atoms.join(found.join(names, on="template"), on="hash")
        .select("system_hash", pl.col("name").alias("template"))
        .unique()
    )
    whole = held.filter(pl.col("accounts") >= limits.TEMPLATE_ACCOUNTS_MIN).join(
        told, on="system_hash", how="anti"
    )
    own = whole.select("system_hash", pl.col("system_hash").alias("template"))
    return pl.concat([told, own]).sort("system_hash", "template")
