"""The commands that only measure: there where `retinue[lab]` is installed, and said to be missing elsewhere."""

from __future__ import annotations

from importlib.util import find_spec

import click

LAB = "services.lab"


def is_missing(module: str) -> bool:
    """Whether a module is one of the lab, and there is none."""
    return module.startswith(f"{LAB}.") and find_spec(LAB) is None


def missing(name: str) -> click.Command:
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
