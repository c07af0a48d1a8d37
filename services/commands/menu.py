"""Groups of commands, how their help lists them, and tables of commands that are imported when asked for."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from services.commands.output import warn

if TYPE_CHECKING:
    from services.plugins import Kind

_WHOLE = 1000
# What only measures is a distribution of its own, `retinue[lab]`.
_LAB = "services.lab"


class Menu(click.Group):
    """A group that lists its commands in the order they were added, each with its first sentence.

    Sentences are wrapped and never cut off: half of one tells less than nothing.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in order."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        rows = [
            (name, command.get_short_help_str(_WHOLE))
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


class Shelf(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for.

    A command is a function, as `services.commands.signature` reads it, or made by click. The function
    is called as the command is, with underscores for dashes, and one more where Python has the word.

    Args:
        package: Where the modules are.
        table: Modules, and the names of their commands, in the order in which help lists them.
        kind: What packages offer more commands as; they are listed after these.
    """

    def __init__(
        self, package: str, table: Sequence[tuple[str, str]], kind: Kind | None = None
    ) -> None:
        self._modules = {
            name: f"{package}.{module}" for module, names in table for name in names.split()
        }
        self._kind = kind
        self._made: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._made:
            self[name] = _command(name, self._found(name))
        return self._made[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        self._modules.pop(name, None)
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._modules, *self._made, *self._offers)))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _found(self, name: str) -> Any:
        module, function = self._modules.get(name, ""), name.replace("-", "_")
        if not module:
            return self._offers[name]
        if _is_missing(module):
            return _missing(name)
        found = import_module(module)
        return getattr(found, function, None) or getattr(found, f"{function}_")

    @cached_property
    def _offers(self) -> dict[str, Any]:
        """What packages offer and is in order; of the rest is said why it is not."""
        if self._kind is None:
            return {}
        from importlib.metadata import entry_points

        # Mostly there is nothing, and what would check it loads much.
        if not entry_points(group=f"retinue.{self._kind}"):
            return {}
        from services.commands.fleet import offers

        found = offers(self._kind)
        for name in sorted(found.keys() & self._modules.keys()):
            warn(f"the plug-in {name!r} is not used: there is a command of that name")
        return found


def _command(name: str, found: Any) -> click.Command:
    from services.commands.signature import command

    return found if isinstance(found, click.Command) else command(name, found)


def _is_missing(module: str) -> bool:
    """Whether a module is one of the lab, and there is none."""
    return module.startswith(f"{_LAB}.") and find_spec(_LAB) is None


def _missing(name: str) -> click.Command:
    """A command in the place of one of the lab."""
    sentence = "It is part of the lab: pip install 'retinue[lab]'."

    def refuse(**_: object) -> None:
        raise click.UsageError(sentence)

    return click.Command(
        name,
        callback=refuse,
        help=f"Measures. {sentence}",
        params=[click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]},
    )
