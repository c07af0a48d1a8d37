"""A command from a function: its signature says what it takes, its docstring what it does.

    def history(thing: str, run: Asked, attr: Annotated[str | None, "{}"] = None, known: Known = None) -> Answer:
        \"\"\"Tell everything that was ever so of a thing, oldest first, disputes included.

        Options:
            --attr NAME: Only this attribute, such as location or clean.
        \"\"\"

What stands under `Options`, as it would be typed, is an option: `--attr` sets `attr`, `--from` sets
`from_`. Every other parameter is an argument. What has no default must be given. Every command
takes `--json`.

The type says what may be given: text, numbers, files, `Literal` for one of several, `bool` for a flag,
`tuple[X, ...]` for any number of them. In `Annotated` it brings more, in any order:

- a type of click's, where a range is meant;
- a line as under `Options`, so that several functions share an option, or a word that help calls
  an argument by;
- how the words of the question tell it, such as "at {}"; an argument is told as it is;
- a function that opens what a path names: the parameter is what it yields.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Protocol, Union, get_args, get_origin, get_type_hints

import click

from services.commands.answer import Answer
from services.commands.output import json_option

_OPTION = re.compile(r"--([a-z-]+)(?: (.+?))?: (.*)", re.DOTALL)


class Opened(Protocol):
    """What a path was opened as, while the command runs."""

    def answered(self, data: object) -> None:
        """Called with the answer, before it is shown."""
        ...


# Opens what a path names; told in words what is asked of it.
Opens = Callable[[Path, str], contextlib.AbstractContextManager[Opened]]


@dataclass
class _Given:
    """A parameter: its type, and what its annotation and the docstring say of it."""

    hint: Any
    default: Any
    said: str = ""
    line: str = ""
    type: click.ParamType[Any] | None = None
    opens: Opens | None = None

    def made(self, name: str) -> click.Parameter:
        """The parameter as click has it."""
        option = _OPTION.fullmatch(self.line)
        is_required = self.default is inspect.Parameter.empty
        settings: dict[str, Any] = {"required": is_required, "type": self.type}
        if not is_required and self.default not in (None, ()):
            settings["default"] = self.default
        parts = get_args(self.hint)
        if get_origin(self.hint) is not tuple:
            settings["type"] = self.type or _type(self.hint)
        elif parts[-1] is not ...:
            settings |= {"nargs": len(parts), "type": tuple(map(_type, parts))}
        else:
            settings["type"] = self.type or _type(parts[0])
            settings |= {"nargs": -1} if option is None else {"multiple": True}
        if option is None:
            return click.Argument([name], metavar=self.line or None, **settings)
        flag, metavar, sentence = option.groups()
        if self.hint is bool:
            settings = {"is_flag": True}
        shown = self.default is not False and settings.get("default", "") != ""
        told = " ".join(line.strip() for line in sentence.splitlines())
        return click.Option(
            [name, f"--{flag}"], metavar=metavar, help=told, show_default=shown, **settings
        )


def command(name: str, function: Callable[..., Answer]) -> click.Command:
    """The command that a function is.

    Raises:
        TypeError: The signature says of a parameter what can not be typed at a terminal, or the
            docstring has an option that is no parameter.
    """
    text, _, options = (inspect.getdoc(function) or "").partition("\n\nOptions:\n")
    lines = {_sets(line): line.strip() for line in re.split(r"\n    (?=--)", f"\n{options}")}
    hints = get_type_hints(function, include_extras=True)
    takes: dict[str, _Given] = {}
    for parameter in inspect.signature(function).parameters.values():
        line = lines.pop(parameter.name.rstrip("_"), "")
        takes[parameter.name] = _given(hints.get(parameter.name), parameter.default, line)
    if unknown := [line for sets, line in lines.items() if sets or line]:
        raise TypeError(f"no parameter is set by {unknown[0]!r}")

    def run(as_json: bool, **values: Any) -> int:
        said = [(one.said, values[name]) for name, one in takes.items() if one.said]
        words = " ".join(text.format(value) if value else "" for text, value in said)
        with contextlib.ExitStack() as stack:
            opened: list[Opened] = []
            for name, one in takes.items():
                if one.opens is not None:
                    values[name] = stack.enter_context(one.opens(values[name], words))
                    opened.append(values[name])
            answer = function(**values)
            for thing in opened:
                thing.answered(answer.data)
        answer.show(as_json)
        return answer.code

    params = [given.made(name) for name, given in takes.items()]
    return json_option(click.Command(name, callback=run, help=text, params=params))


def _sets(line: str) -> str:
    """The parameter that the line of an option sets."""
    option = _OPTION.match(line.strip())
    return option[1].replace("-", "_") if option else ""


def _given(hint: Any, default: Any, line: str) -> _Given:
    given = _Given(getattr(hint, "__origin__", hint) if _marks(hint) else hint, default, line=line)
    for mark in _marks(hint):
        if isinstance(mark, click.ParamType):
            given.type = mark
        elif callable(mark):
            given.opens, given.hint = mark, Path
        elif "{}" in mark:
            given.said = mark
        else:
            given.line = mark
    if given.opens is None and not given.line.startswith("--"):
        given.said = given.said or "{}"
    if get_origin(given.hint) in (Union, UnionType):
        kinds = [kind for kind in get_args(given.hint) if kind is not NoneType]
        given.hint = kinds[0] if len(kinds) == 1 else given.hint
    return given


def _marks(hint: Any) -> tuple[Any, ...]:
    """What an annotation says beside the type."""
    return getattr(hint, "__metadata__", ())


def _type(hint: Any) -> Any:
    """What click calls a type."""
    if get_origin(hint) is Literal:
        return click.Choice(get_args(hint))
    if hint is Path:
        return click.Path(path_type=Path)
    if hint in (str, int, float, bool):
        return hint
    raise TypeError(f"what has the type {hint} can not be typed at a terminal")
