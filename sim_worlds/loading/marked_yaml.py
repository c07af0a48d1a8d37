"""YAML as plain data plus the line of every node, so that an error can name its place.

YAML 1.2, where `on`, `off`, `yes` and `no` are words and not booleans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sim_worlds.errors import ScenarioError

Path = tuple[str | int, ...]


@dataclass
class MarkedYaml:
    """The content of one file: `data` as plain Python, `lines` by path, first line is 1."""

    name: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    doubles: list[tuple[int, str]] = field(default_factory=list)

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
        ScenarioError: If the text is not YAML, or a mapping has a key twice.
    """
    yaml = YAML(typ="safe", pure=True)
    marked = MarkedYaml(name)
    try:
        root = yaml.compose(text)
        if root is not None:
            marked.data = _plain(root, (), marked, yaml)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        problem = " ".join(str(error.problem or error.context).split())
        raise ScenarioError(
            (f"{name}:{line}: not valid YAML: {problem}; mend the line",)
        ) from error
    except (YAMLError, ValueError) as error:
        words = " ".join(str(error).split())
        raise ScenarioError((f"{name}:1: not valid YAML: {words}; mend the file",)) from error
    if marked.doubles:
        raise ScenarioError(
            tuple(f"{name}:{line}: {words}; keep one of them" for line, words in marked.doubles)
        )
    return marked


def _plain(node: Node, path: Path, marked: MarkedYaml, yaml: YAML) -> Any:
    marked.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, ScalarNode):
        return yaml.constructor.construct_object(node, deep=True)
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, i), marked, yaml) for i, item in enumerate(node.value)]
    assert isinstance(node, MappingNode)
    result: dict[Any, Any] = {}
    merged: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value
        line = key_node.start_mark.line + 1
        if key_node.tag == "tag:yaml.org,2002:merge" or key == "<<":
            parents = value_node.value if isinstance(value_node, SequenceNode) else [value_node]
            for parent in reversed(parents):
                merged.update(_plain(parent, path, marked, yaml))
            continue
        if key in result:
            marked.doubles.append((line, f"the key `{key}` stands here a second time"))
        marked.lines[(*path, key)] = line
        result[key] = _plain(value_node, (*path, key), marked, yaml)
    return {**merged, **result}
