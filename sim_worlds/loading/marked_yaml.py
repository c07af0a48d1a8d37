"""YAML as plain data plus the line of every node, so that an error can name its place.

YAML 1.2's core schema, where `on`, `off`, `yes` and `no` are words and not booleans, and dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from sim_worlds.errors import ScenarioError

Path = tuple[str | int, ...]

# The parser in C is ten times as fast; where PyYAML was built without it there is the other one.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
# Deeper than any scenario, and shallow enough to be walked through by recursion.
_DEEPEST = 50
_TAG = "tag:yaml.org,2002:"
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NAMES = {type(None): "null", bool: "bool", int: "int", float: "float"}
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_ENDLESS = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass
class MarkedYaml:
    """The content of one file: `data` as plain Python, `lines` by path, first line is 1."""

    name: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    wrong: list[tuple[int, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the nearest known node at or above the path.

        Parts of the path that the file lacks (a validator's tags, a missing field) are skipped.
        """
        known: Path = ()
        for part in path:
            if (*known, part) in self.lines:
                known = (*known, part)
        return self.lines.get(known, 1)


def read_marked(text: str, name: str) -> MarkedYaml:
    """Parse the text of the file called `name`.

    Raises:
        ScenarioError: If the text is not YAML, or a mapping has a key twice or merges what is none.
    """
    marked = MarkedYaml(name)
    try:
        root = _Composer(text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        problem = " ".join(str(error.problem or error.context).split())
        raise ScenarioError(
            (f"{name}:{line}: not valid YAML: {problem}; mend the line",)
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        words = " ".join(str(error).split())
        raise ScenarioError((f"{name}:1: not valid YAML: {words}; mend the file",)) from error
    if root is not None:
        marked.data = _plain(root, (), marked)
    if marked.wrong:
        raise ScenarioError(tuple(f"{name}:{line}: {words}" for line, words in marked.wrong))
    return marked


@dataclass(frozen=True, slots=True)
class _Node:
    """A scalar's value, a sequence's nodes, or a mapping's keys with their lines and nodes."""

    line: int
    value: Any


class _Composer:
    """From the events of the parser to nodes."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Event] = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, _Node] = {}

    def document(self) -> _Node | None:
        """The only document of the text; None if there is none."""
        root = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise _wrong("a second document begins here", event)
                root = self._node(next(self._events), 1)
        return root

    def _node(self, event: Event, depth: int) -> _Node:
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise _wrong(f"there is no anchor &{event.anchor} before this", event)
            return self._anchors[event.anchor]
        assert isinstance(event, NodeEvent)
        if depth > _DEEPEST:
            raise _wrong("this is nested too deeply", event)
        line = _line(event)
        if isinstance(event, ScalarEvent):
            node = _Node(line, _scalar(event))
        elif isinstance(event, SequenceStartEvent):
            node = _Node(line, [self._node(item, depth + 1) for item in self._inner()])
        else:
            assert isinstance(event, MappingStartEvent)
            node = _Node(line, tuple(self._pair(key, depth + 1) for key in self._inner()))
        # Known from its end on: what held itself would have no end.
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _pair(self, key: Event, depth: int) -> tuple[str, int, _Node]:
        if not isinstance(key, ScalarEvent):
            raise _wrong("a key has to be a word", key)
        return key.value, _line(key), self._node(next(self._events), depth)

    def _inner(self) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            yield event


def _line(event: Event) -> int:
    return 1 if event.start_mark is None else event.start_mark.line + 1


def _wrong(problem: str, event: Event) -> yaml.MarkedYAMLError:
    mark = yaml.Mark("", 0, _line(event) - 1, 0, None, 0)
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _scalar(event: ScalarEvent) -> Any:
    """The value of a scalar by the core schema: quoted, or tagged as text, it is text."""
    text: str = event.value
    tag = event.tag
    if tag is None or tag == "!":
        return _value(text) if event.implicit[0] else text
    if tag == f"{_TAG}str":
        return text
    value = _value(text)
    if tag == f"{_TAG}float" and type(value) is int:
        return float(value)
    if tag != f"{_TAG}{_NAMES.get(type(value), 'str')}":
        raise _wrong(f"`{text}` is not what its tag {tag.replace(_TAG, '!!')} says", event)
    return value


def _value(text: str) -> Any:
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if _ENDLESS.fullmatch(text):
        return float(text.lower().replace(".", ""))
    return text


def _plain(node: _Node, path: Path, marked: MarkedYaml) -> Any:
    marked.lines.setdefault(path, node.line)
    if isinstance(node.value, list):
        return [_plain(item, (*path, i), marked) for i, item in enumerate(node.value)]
    if not isinstance(node.value, tuple):
        return node.value
    result: dict[Any, Any] = {}
    merged: dict[Any, Any] = {}
    for key, line, inner in node.value:
        if key == "<<":
            parents = inner.value if isinstance(inner.value, list) else [inner]
            if not all(isinstance(parent.value, tuple) for parent in parents):
                marked.wrong.append((line, "`<<` merges mappings only; give it some"))
                continue
            for parent in reversed(parents):
                merged.update(_plain(parent, path, marked))
            continue
        if key in result:
            words = f"the key `{key}` stands here a second time; keep one of them"
            marked.wrong.append((line, words))
        marked.lines[(*path, key)] = line
        result[key] = _plain(inner, (*path, key), marked)
    return {**merged, **result}
