"""Which scenario a word on the command line means: an installed world's name, or a file's path."""

from __future__ import annotations

from pathlib import Path

from devices.catalogue import body_kinds
from sim_worlds.contracts import Scenario
from sim_worlds.errors import UnknownWorld
from sim_worlds.loader import builtin, installed, load


def read_world(name: str) -> Scenario:
    """Load a scenario by the name of an installed world, or from a YAML file.

    Raises:
        WorldError: the file is missing or wrong, or no such world is installed.
        Refused: an installed kind of body can not be used.
    """
    cards = tuple(kind.card for kind in body_kinds().values() if not kind.brings_card)
    if name not in installed() and (name.endswith((".yaml", ".yml")) or Path(name).is_file()):
        return load(name, cards)
    if not name.strip():
        raise UnknownWorld("the name of the world is empty; `retinue worlds list` names them")
    if Path(name).is_dir():
        raise UnknownWorld(f"{name} is a folder; give the path of a scenario file (.yaml) in it")
    return builtin(name, cards)
