"""Draw power against window and share from what `window_protocol.py --json` wrote.

    python bench/window_power.py PROTOCOL.json [MORE.json] --out docs/content/window-power.svg

One panel a method: mean detection over pairs and seeds at 1 % realised false positives.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import altair as alt
import polars as pl
import vl_convert

from window_protocol import SHARES

SHOWN = ("ours", "MMD, our embedding")


def main() -> None:
    """Read, average and draw."""
    parser = argparse.ArgumentParser()
    parser.add_argument("json", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = [row for path in given.json for row in json.loads(path.read_text())]
    points = [
        {"window": row["n"], "method": row["method"], "share": f"{share:.0%}", "found": found}
        for row in rows
        if row["method"] in SHOWN
        for share, found in zip(SHARES, row["at 0.01"][1:], strict=True)
    ]
    table = pl.DataFrame(points).group_by("window", "method", "share").mean().sort("window")
    order = [f"{share:.0%}" for share in SHARES]
    chart = (
        alt.Chart(alt.Data(values=table.to_dicts()), width=300, height=240)
        .mark_line(point=True)
        .encode(
            x=alt.X("window:Q", scale=alt.Scale(type="log"), title="exchanges of a window"),
            y=alt.Y(
                "found:Q", title="found at 1 % false positives", scale=alt.Scale(domain=[0, 1])
            ),
            color=alt.Color("share:N", sort=order, title="harvest's share"),
            column=alt.Column("method:N", sort=list(SHOWN), title=None),
        )
    )
    given.out.write_text(vl_convert.vegalite_to_svg(chart.to_dict()) + "\n")


if __name__ == "__main__":
    main()
