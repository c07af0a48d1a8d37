"""The commands that only measure: there where `retinue[lab]` is installed, and said to be missing elsewhere."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

LAB = "services.lab"


def measuring(group: click.Group, name: str, module: str) -> None:
    """Add a command of the lab, which stands under its own name in a module.

    Args:
        group: Where it is added.
        name: What it is called.
        module: Where it is made.
    """
    is_installed = find_spec(LAB) is not None
    group.add_command(getattr(import_module(module), name) if is_installed else _missing(name))


def _missing(name: str) -> click.Command:
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
