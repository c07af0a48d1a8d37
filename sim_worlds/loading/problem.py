"""One mistake in a scenario file: where it is, what is wrong, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass

from sim_worlds.loading.marked_yaml import Path


@dataclass(frozen=True)
class Problem:
    """A mistake at a path of the file. `text` is "what is wrong; what to do"."""

    path: Path
    text: str


def unknown(path: Path, what: str, name: str, known: Collection[str]) -> Problem:
    """A problem of a name that is nobody's, with the nearest name that is."""
    near = difflib.get_close_matches(name, sorted(known), n=1)
    if near:
        advice = f"did you mean `{near[0]}`?"
    elif not known:
        advice = "there are none in this file"
    elif len(known) <= 8:
        advice = f"use one of {', '.join(sorted(known))}"
    else:
        advice = f"name one of the {len(known)} there are"
    return Problem(path, f"unknown {what} `{name}`; {advice}")
