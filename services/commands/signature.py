"""A command from a function: its signature says what it takes, its docstring what it does.

    def history(thing: str, run: Asked, attr: Annotated[str | None, "{}"] = None, known: Known = None) -> Output:
        \"\"\"Tell everything that was ever so of a thing, oldest first, disputes included.

        Options:
            --attr NAME: Only this attribute, such as location or clean.
        \"\"\"

What stands under `Options`, as it would be typed, is an option: `--attr` sets `attr`, `--from` sets
`from_`; `--film/--no-film` is a flag to be put on and off, and `--model MODEL ($NAME)` may be said by a
variable of the environment. Every other parameter is an argument. What has no default must be given.
A command that gives an `Output` takes `--json`.

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
from typing import Annotated, Any, Literal, Protocol, Union, get_args, get_origin, get_type_hints

import click

from services.commands.output import Output

# For a function that shows itself what it finds, and is told how.
AsJson = Annotated[bool, "--json: Print one JSON object instead of text."]
_OPTION = re.compile(
    r"--(?P<flag>[a-z-]+)(?P<off>/--[a-z-]+)?(?: (?P<metavar>.+?))??"
    r"(?: \(\$(?P<variable>[A-Z_]+)\))?: (?P<help>.*)",
    re.DOTALL,
)


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
        settings = _kind(self.hint, self.type)
        settings["required"] = self.default is inspect.Parameter.empty
        if not settings["required"] and self.default not in (None, ()):
            settings["default"] = self.default
        if option is None:
            if settings.pop("multiple", False):
                settings["nargs"] = -1
            return click.Argument([name], metavar=self.line or None, **settings)
        is_switch = self.hint is bool and not option["off"]
        return click.Option(
            [name, f"--{option['flag']}{option['off'] or ''}"],
            metavar=option["metavar"],
            help=" ".join(line.strip() for line in option["help"].splitlines()),
            envvar=option["variable"],
            show_envvar=True,
            show_default=not is_switch and settings.get("default", "") != "",
            **({"is_flag": True} if is_switch else settings),
        )


def command(name: str, function: Callable[..., Output | int | None]) -> click.Command:
    """The command that a function is.

    Args:
        name: What it is called.
        function: What it gives is shown, or is the exit code of what showed all itself.

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

    gives_output = hints.get("return") is Output
    if gives_output:
        takes["as_json"] = _given(AsJson, False, "")

    def run(**values: Any) -> int:
        as_json = gives_output and values.pop("as_json")
        said = [(one.said, values[name]) for name, one in takes.items() if one.said]
        words = " ".join(text.format(value) if value else "" for text, value in said)
        with contextlib.ExitStack() as stack:
            opened: list[Opened] = []
            for name, one in takes.items():
                if one.opens is not None:
                    values[name] = stack.enter_context(one.opens(values[name], words))
                    opened.append(values[name])
            answer = function(**values)
            if not isinstance(answer, Output):
                return answer or 0
            for thing in opened:
                thing.answered(answer.data)
        answer.show(as_json)
        return answer.code

    params = [given.made(name) for name, given in takes.items()]
    return click.Command(name, callback=run, help=text, params=params)


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


def _kind(hint: Any, known: click.ParamType[Any] | None) -> dict[str, Any]:
    """How often something is given, and of what type it is, as click has it."""
    if get_origin(hint) is not tuple:
        return {"type": known or _type(hint)}
    parts = get_args(hint)
    if parts[-1] is ...:
        return _kind(parts[0], known) | {"multiple": True}
    return {"nargs": len(parts), "type": tuple(map(_type, parts))}


def _type(hint: Any) -> Any:
    """What click calls a type."""
    for mark in _marks(hint):
        return mark
    if get_origin(hint) is Literal:
        return click.Choice(get_args(hint))
    if hint is Path:
        return click.Path(path_type=Path)
    if hint in (str, int, float, bool):
        return hint
    raise TypeError(f"what has the type {hint} can not be typed at a terminal")
