"""YAML text → a tree of nodes that know their place: bounded, without aliases, tags or documents.

The events of PyYAML's safe loader are put together here and not by its composer: that one recurses
as deep as the text nests, and expands aliases. Plain scalars become null, true, false, numbers or
text by the safe loader's own rules; everything else that YAML can say (dates, sets, binary) stays
text, which the language has no use for and refuses by type.

Deliberately absent: what a policy is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

import yaml

from stillwatch.decide.policy.language.problems import Place, Problems, show_word
from stillwatch.domain.limits import POLICY_BYTES_MAX, POLICY_DEPTH_MAX, POLICY_NODES_MAX

Scalar = str | int | float | bool | None
_START: Final = Place(1, 1)
_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML 1.1."""
_NUMBERS: Final = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_PLAIN: Final = {
    "tag:yaml.org,2002:null": "construct_yaml_null",
    "tag:yaml.org,2002:bool": "construct_yaml_bool",
    _NUMBERS[0]: "construct_yaml_int",
    _NUMBERS[1]: "construct_yaml_float",
}


@dataclass(slots=True)
class Node:
    """One scalar, list or mapping, and where it begins."""

    place: Place
    kind: Literal["scalar", "list", "mapping"]
    scalar: Scalar = None
    items: list[Node] = field(default_factory=list)
    """Of a list, its items; of a mapping, keys and values in turn."""

    def word(self) -> str:
        """Say what it is, for a message."""
        if self.kind != "scalar":
            return f"a {self.kind}"
        if self.scalar is None:
            return "nothing"
        return show_word(self.scalar if isinstance(self.scalar, str) else str(self.scalar).lower())

    def pairs(self) -> list[tuple[Node, Node]]:
        """Give the keys and values of a mapping, in the order of the text."""
        return list(zip(self.items[::2], self.items[1::2], strict=True))


class _Refused(Exception):  # noqa: N818  never leaves this module
    """The text can't be read on from here."""

    def __init__(self, place: Place, what: str, hint: str) -> None:
        super().__init__(what)
        self.place, self.what, self.hint = place, what, hint


def compose(text: str, problems: Problems) -> Node | None:
    """Compose the tree of a text; where that can't be, note why.

    Nulls:   None where the text is empty or no tree; then there is a problem.
    Cost:    linear in the text, which is bounded by limits.POLICY_BYTES_MAX.
    """
    if len(text.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX:
        what = f"the policy is larger than {POLICY_BYTES_MAX // 1024} KiB"
        problems.add(_START, what, hint="a policy is a page; split what is none of it off")
        return None
    try:
        return _build(text)
    except _Refused as refused:
        problems.add(refused.place, refused.what, hint=refused.hint)
    except yaml.reader.ReaderError as broken:
        place = _place_of_index(text, int(broken.position))
        problems.add(place, "a character that YAML does not allow", hint="remove or escape it")
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None) or getattr(broken, "context_mark", None)
        what = " ".join(str(getattr(broken, "problem", "") or "this cannot be read").split())
        place = _inside(text, _place(mark)) if mark else _START
        problems.add(place, f"no YAML: {what}", hint="indent with spaces; quote text with `: `")
    return None


def _build(text: str) -> Node:
    loader = yaml.SafeLoader(text)
    root, open_nodes, count = None, list[Node](), 0
    try:
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.CollectionEndEvent):
                open_nodes.pop()
            if not isinstance(event, yaml.NodeEvent):
                continue
            node, count = _node(event, loader), count + 1
            _check_bounds(node, root, depth=len(open_nodes), count=count)
            if open_nodes:
                open_nodes[-1].items.append(node)
            root = root or node
            if node.kind != "scalar":
                open_nodes.append(node)
    finally:
        loader.dispose()
    if root is None:
        raise _Refused(_START, "the policy is empty", "begin with `policy: NAME`")
    return root


def _check_bounds(node: Node, root: Node | None, *, depth: int, count: int) -> None:
    if root is not None and not depth:
        raise _Refused(node.place, "a second document", "one file holds one policy: remove `---`")
    if depth >= POLICY_DEPTH_MAX:
        what = f"nested deeper than {POLICY_DEPTH_MAX} levels"
        raise _Refused(node.place, what, "the language has six levels")
    if count > POLICY_NODES_MAX:
        what = f"more than {POLICY_NODES_MAX:,} keys and values"
        raise _Refused(node.place, what, "a policy is a page")


def _node(event: yaml.NodeEvent, loader: yaml.SafeLoader) -> Node:
    place = _place(event.start_mark)
    if isinstance(event, yaml.AliasEvent):
        raise _Refused(place, "an alias", "write it out: what a rule says stands in the rule")
    if event.anchor is not None:
        raise _Refused(place, "an anchor", "remove `&…`: there are no aliases")
    if event.tag is not None:
        raise _Refused(place, "a tag", "remove `!…`: the language has no types of its own")
    if isinstance(event, yaml.ScalarEvent):
        return Node(place, "scalar", _scalar(event, loader, place))
    return Node(place, "mapping" if isinstance(event, yaml.MappingStartEvent) else "list")


def _scalar(event: yaml.ScalarEvent, loader: yaml.SafeLoader, place: Place) -> Scalar:
    tag = str(loader.resolve(yaml.ScalarNode, event.value, event.implicit))
    if tag not in _PLAIN:
        return str(event.value)
    node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
    try:
        value: Scalar = getattr(loader, _PLAIN[tag])(node)
    except (ValueError, OverflowError) as refused:
        message = f"{show_word(event.value)} is no number"
        raise _Refused(place, message, "write it in digits, or quote it") from refused
    return value


def _place(mark: yaml.Mark) -> Place:
    return Place(int(mark.line) + 1, int(mark.column) + 1)


def _place_of_index(text: str, index: int) -> Place:
    ends = [one.end() for one in _BREAK.finditer(text, 0, index)]
    return Place(len(ends) + 1, index - (ends[-1] if ends else 0) + 1)


def _inside(text: str, place: Place) -> Place:
    """Keep a mark at the end of the text inside it: YAML counts the line after the last."""
    lines = len(_BREAK.findall(text)) + 1
    return place if place.line <= lines else Place(lines, 1)
