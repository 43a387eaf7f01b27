"""Make the list of public templates that the package carries, from pinned packages.

    pip download --no-deps --only-binary=:all: --dest WHEELS NAME==VERSION …
    python tools/build_template_list.py --wheels WHEELS

The packages are agent and retrieval frameworks under a permissive licence; their wheels are held to
the checksums below. Of each, the strings in the code (docstrings and messages of errors aside) and
the prompt files that are long enough to be a prompt go in, as hashes alone. `--print` gives the
checksums of other wheels. docs/content/templates.md says what the list is for.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from stillwatch.observe.template_book.form import write_public
from stillwatch.observe.template_book.public import PublicTemplates, index_public

WHEELS: Final = {
    "autogen_agentchat-0.7.5-py3-none-any.whl": (
        "MIT",
        "d19ca8ec26cb15e071a56c4269140aea2bf3c718bdc7e06f6677af9a905815ba",
    ),
    "browser_use-0.13.14-py3-none-any.whl": (
        "MIT",
        "0023721820b32a71f209955960eb771f7683cde4ddc2071f36b1641b04925095",
    ),
    "camel_ai-0.2.90-py3-none-any.whl": (
        "Apache-2.0",
        "9998c434779a1a847d9ccddce1c069f22fb9667b19ba06a2452c479882169082",
    ),
    "dspy-3.4.1-py3-none-any.whl": (
        "MIT",
        "afda9e7f8b3d46be0829af19ac1153a6feaa6db5923f2b1011eef547fb15ce2d",
    ),
    "graphrag-3.3.0-py3-none-any.whl": (
        "MIT",
        "24e57f54cbf02c4c678bd132e0cc1f1796bd020176ab02d77318a8f0de7bd9ee",
    ),
    "langchain_classic-1.0.8-py3-none-any.whl": (
        "MIT",
        "1a11ea7fbe630c4f2af2f3873d27718ceac9488cf32d0821030be7cf039a6213",
    ),
    "langchain_core-1.8.1-py3-none-any.whl": (
        "MIT",
        "e093de87371e648af23517f1e98cefc316f8be7c72a137b0e0f94d3e8e8cc421",
    ),
    "lightrag_hku-1.5.7-py3-none-any.whl": (
        "MIT",
        "895b81d94ca447afc6290c0e049d339f6caed46fbf29e4324f6db987046c6fcb",
    ),
    "llama_index_core-0.14.25-py3-none-any.whl": (
        "MIT",
        "caa7d9c5ac9b13dc33400cf8d5e92e689b6d1e4497eb9bfa50d6f52ca2eb22a1",
    ),
    "metagpt-0.8.2-py3-none-any.whl": (
        "MIT",
        "aa077423aad6ed5e2cef762a71f028b54105adb3776a76cdcadc80aa716ff611",
    ),
    "mini_swe_agent-2.4.6-py3-none-any.whl": (
        "MIT",
        "a35463c553ac825c7773b03cfa69cd44958e3af20155dcc5711fdf9e4c67cd54",
    ),
    "ragas-0.4.3-py3-none-any.whl": (
        "Apache-2.0",
        "ef1d75f674c294e9a6e7d8e9ad261b6bf4697dad1c9cbd1a756ba7a6b4849a38",
    ),
    "semantic_kernel-1.45.0-py3-none-any.whl": (
        "MIT",
        "57b744fa7dc00cc3c151145bc0420684346b72230ba6620a8fbdd7c6345b6f81",
    ),
    "smolagents-1.26.0-py3-none-any.whl": (
        "Apache-2.0",
        "70e1cfb1576f782da93190ee31d9bb2659e5ca4bd84fda0c412e1f20498f28b6",
    ),
}
"""Wheel → licence, as its metadata say, and SHA-256."""
SHIPPED: Final = Path("src/stillwatch/observe/template_book/public.idx")
_WORDS_MIN: Final = 25
"""Words of a prompt: shorter strings are messages, labels and descriptions of parameters."""
_PROMPT_FILES: Final = (".md", ".txt", ".yaml", ".yml", ".jinja", ".jinja2", ".j2", ".prompt")
_PROMPT_PATH: Final = re.compile(r"prompt|template|instruction|system|agent|chain|prompting")
_ADDRESSED: Final = re.compile(
    r"\b(you|your|answer|respond|output|given|question|task|context|following|summari[sz]e|user)\b",
    re.IGNORECASE,
)
"""A prompt addresses its reader, or says what is given and what to answer."""
_ADDRESSED_MIN: Final = 3


def is_prompt(text: str) -> bool:
    """Say whether a text reads like a prompt: long enough, and addressed to somebody."""
    return len(text.split()) >= _WORDS_MIN and len(_ADDRESSED.findall(text)) >= _ADDRESSED_MIN


def read_code(source: str) -> Iterator[str]:
    """Give the strings of a Python file that are neither docstrings nor messages of errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes in other people's strings are not ours to mend
        tree = ast.parse(source)
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.Expr):
            silent.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in silent:
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
            silent.update(id(part) for part in parts)
            yield " ".join(str(part.value) for part in parts)
        elif isinstance(node, ast.Constant) and id(node) not in silent:
            yield node.value if isinstance(node.value, str) else ""


def read_wheel(wheel: Path) -> list[str]:
    """Give the prompts of a wheel, each once, in the order of its files."""
    texts: dict[str, None] = {}
    with zipfile.ZipFile(wheel) as files:
        for name in sorted(files.namelist()):
            path = name.lower()
            if not _PROMPT_PATH.search(path) or ".dist-info/" in path or "/test" in path:
                continue
            if path.endswith(".py"):
                found = list(read_code(files.read(name).decode("utf-8", "replace")))
            elif path.endswith(_PROMPT_FILES):
                found = [files.read(name).decode("utf-8", "replace")]
            else:
                continue
            texts.update(dict.fromkeys(text for text in found if is_prompt(text)))
    return list(texts)


def main() -> None:
    """Make it, and say what is in it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--print", action="store_true", dest="shown")
    given = parser.parse_args()
    if given.shown:
        for wheel in sorted(given.wheels.glob("*.whl")):
            print(wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest())
        return
    sources = []
    for name, (licence, wanted) in WHEELS.items():
        wheel = given.wheels / name
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != wanted:
            message = f"{wheel} is another file than the one that was pinned"
            raise SystemExit(message)
        project, version = name.split("-")[:2]
        texts = pa.array(read_wheel(wheel), pa.large_string())
        sources.append(
            index_public(texts, name=f"{project.replace('_', '-')} {version}", licence=licence)
        )
    content = write_public(PublicTemplates(tuple(sources)))
    given.out.write_bytes(content)
    print(f"{given.out}: {sum(len(s.sizes) for s in sources):,} texts, {len(content):,} bytes")
    for one in sources:
        print(f"  {one.name}: {len(one.sizes):,} texts, {one.left_out:,} left out ({one.licence})")


if __name__ == "__main__":
    main()
