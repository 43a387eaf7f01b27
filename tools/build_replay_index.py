"""Make the index of public items that the package carries, from the pools of a data folder.

    python tools/build_replay_index.py --data DATA

Reads `prompts/extraction` (the sets whose licence lets their hashes go with the package) and
`prompts/benign` (ordinary prompts, whose common phrases tell of no item); writes hashes alone.
docs/content/replay.md says which sets are in it, why, and how well it finds them.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa

from stillwatch.observe.content.replay import (
    ReplayIndex,
    index_source,
    list_ordinary,
    write_index,
)

LICENCES: Final = {
    "bbh": "MIT",
    "bbh_fewshot_cot": "MIT",
    "deccp_censorship": "Apache-2.0",
    "glaive_toolcall_en_demo": "Apache-2.0",
    "glaive_toolcall_zh_demo": "Apache-2.0",
    "gsm8k": "MIT",
    "humaneval": "MIT",
    "mmlu": "MIT",
    "prometheus_grader": "Apache-2.0",
    "reason_tool_use_demo": "Apache-2.0",
    "self_instruct": "Apache-2.0",
}
"""Set → its licence. Sets under a non-commercial licence, and those that quote articles whose
rights are unclear, are not in it."""
SHIPPED: Final = Path("src/stillwatch/observe/content/replay/shipped.idx")


def read_pool(path: Path) -> pa.Array:
    """Read the texts of one pool."""
    with gzip.open(path, "rb") as lines:
        return pa.array([orjson.loads(line)["text"] for line in lines], pa.large_string())


def read_conversations(path: Path) -> pa.Array:
    """Read the texts of one pool, the turns of a conversation joined: one text, one speaker."""
    joined: dict[str, list[str]] = {}
    with gzip.open(path, "rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            speaker = str(record["id"]).split(":")[0].split("_")[0]
            joined.setdefault(speaker, []).append(record["text"])
    return pa.array(["\n".join(turns) for turns in joined.values()], pa.large_string())


def build(data: Path) -> ReplayIndex:
    """Index the sets of `LICENCES` against the ordinary prompts."""
    benign = sorted((data / "prompts/benign").glob("*.jsonl.gz"))
    ordinary = list_ordinary(pa.concat_arrays([read_conversations(path) for path in benign]))
    return ReplayIndex(
        tuple(
            index_source(
                read_pool(data / f"prompts/extraction/{name}.jsonl.gz"),
                name=name,
                licence=licence,
                ordinary=ordinary,
            )
            for name, licence in LICENCES.items()
        )
    )


def main() -> None:
    """Make it, and say what is in it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args()
    index = build(given.data)
    content = write_index(index)
    given.out.write_bytes(content)
    print(f"{given.out}: {index.items:,} items, {len(content):,} bytes")
    for one in index.sources:
        print(f"  {one.name}: {len(one.sizes):,} items, {one.left_out:,} left out")


if __name__ == "__main__":
    main()
