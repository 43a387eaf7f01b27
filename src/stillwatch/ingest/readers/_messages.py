"""What the dialects' conversations have in common: turns, texts, tools, reasoning blocks.

A *prompt* is what the caller newly sent: the messages after the last answer, tool results among
them; where an answer stands last (a prefill), the user's message before it. Parts are recognised
by what they hold, since gateways mix dialects: `{"text": …}`, `{"content": …}`, a plain string.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final

import orjson

PARAGRAPH: Final = "\n\n"
_ANSWERS: Final = frozenset({"assistant", "model"})
_ANSWER_ITEMS: Final = frozenset({"function_call", "reasoning"})
"""Items of a conversation that have no role and come from the model."""
_INSTRUCTIONS: Final = frozenset({"system", "developer"})
_HIDDEN: Final = frozenset({"thinking", "redacted_thinking", "reasoning", "tool_call", "tool_use"})
_TEXT_KEYS: Final = ("text", "content", "parts", "output", "response", "result", "outputText")
_RESULT_KEYS: Final = ("toolResult", "json")
_RESULTS: Final = frozenset({"response", "result", "json"})
_BLOCK_KEYS: Final = ("signature", "encrypted_content", "redactedContent", "redacted_content")
_DEPTH_MAX: Final = 12
"""Levels looked into: content of results of content; no dialect has more than half of them."""
_BLOCK_BYTES: Final = 16

Json = Any


def read_embedded(value: Json) -> Json:
    """Read JSON that was logged as a string; anything else stays as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def messages_of(value: Json) -> list[dict[str, Any]]:
    """Bring a conversation to a list of messages: a bare text is one user's."""
    value = read_embedded(value)
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    if isinstance(value, dict):
        value = [value] if value else []
    if not isinstance(value, list):
        return []
    return [m if isinstance(m, dict) else {"role": "user", "content": m} for m in value]


def text_of(value: Json, *, depth: int = 0) -> str | None:
    """Give the text of a content, its parts joined by a blank line; None where there is none."""
    if isinstance(value, str):
        return value
    if depth > _DEPTH_MAX:
        return None
    if isinstance(value, list):
        texts = [text_of(part, depth=depth + 1) for part in value]
        return PARAGRAPH.join(text for text in texts if text) or None
    if not isinstance(value, dict) or value.get("type") in _HIDDEN:
        return None
    for key in (*_TEXT_KEYS, *_RESULT_KEYS):
        if value.get(key) is not None:
            text = text_of(value[key], depth=depth + 1)
            return _written(value[key]) if text is None and key in _RESULTS else text
    return None


def _written(result: Json) -> str | None:
    """Write a tool's structured result as text."""
    return orjson.dumps(result).decode() if isinstance(result, dict | list) and result else None


def prompt_of(messages: list[dict[str, Any]]) -> str | None:
    """Give what the caller newly sent."""
    last = max((i for i, m in enumerate(messages) if _is_answer(m)), default=-1)
    if last == len(messages) - 1:
        messages = [m for m in messages if m.get("role") == "user"][-1:]
        last = -1
    fresh = [text_of(m) for m in messages[last + 1 :] if m.get("role") not in _INSTRUCTIONS]
    return PARAGRAPH.join(text for text in fresh if text) or None


def _is_answer(message: dict[str, Any]) -> bool:
    return message.get("role") in _ANSWERS or message.get("type") in _ANSWER_ITEMS


def system_of(messages: list[dict[str, Any]], *stated: Json) -> str | None:
    """Give the system text: what is stated apart, then messages in a system's role."""
    texts = [text_of(read_embedded(s)) for s in stated if s is not None]
    texts += [text_of(m) for m in messages if m.get("role") in _INSTRUCTIONS]
    return PARAGRAPH.join(text for text in texts if text) or None


def turn_of(messages: list[dict[str, Any]]) -> int | None:
    """Count the user's turns, this one among them."""
    asked = sum(m.get("role") == "user" for m in messages)
    return asked or None


def reasoning_block_of(messages: list[dict[str, Any]]) -> str | None:
    """Hash the first opaque reasoning block that the request brings back."""
    block = next(_blocks(messages, 0), None)
    return None if block is None else blake2b(block.encode(), digest_size=_BLOCK_BYTES).hexdigest()


def _blocks(value: Json, depth: int) -> Iterator[str]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(value, list):
        for each in value:
            yield from _blocks(each, depth + 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in _BLOCK_KEYS and isinstance(each, str) and each:
                yield each
            elif isinstance(each, dict | list):
                yield from _blocks(each, depth + 1)
            elif value.get("type") == "redacted_thinking" and key == "data":
                yield str(each)


def first_of(record: Json, *keys: str) -> Json:
    """Give the first of these keys that holds something (neither null nor an empty text)."""
    if isinstance(record, dict):
        for key in keys:
            if record.get(key) not in (None, ""):
                return record[key]
    return None


def table_of(value: Json) -> dict[str, Any]:
    """Give a JSON object, also where it was logged as a string; an empty one for anything else."""
    value = read_embedded(value)
    return value if isinstance(value, dict) else {}


def tools_of(*lists: Json) -> int | None:
    """Count the tools offered; None where no list says."""
    found = [value for value in map(read_embedded, lists) if isinstance(value, list)]
    return len(found[0]) if found else None
