"""Groups of commands, and how their help lists them."""

from __future__ import annotations

import click

_WHOLE = 1000


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
