"""What is installed besides the house itself: devices, skills, processes, tools, worlds, models, glasses, queries,
engines, retention policies, faults.

Each kind has an entry-point group, `retinue.<kind>`, and the built-ins stand in the same groups. A
package that does not load is set aside with its name and its error; the others still work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Literal, get_args

from devices.installed import entry_points

Kind = Literal[
    "devices",
    "skills",
    "processes",
    "tools",
    "worlds",
    "models",
    "glasses",
    "queries",
    "engines",
    "retention",
    "faults",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Plugin:
    """One thing a package offers: `value` is where it stands ("module:object")."""

    kind: Kind
    name: str
    value: str
    distribution: str
    thing: Any


@dataclass(frozen=True)
class Broken:
    """An offer that can not be used, whose it is, and why."""

    kind: Kind
    name: str
    value: str
    distribution: str
    error: str

    def __str__(self) -> str:
        return (
            f"the plug-in {self.name!r} of {self.distribution} (retinue.{self.kind}, {self.value}) "
            f"is not used: {self.error}"
        )


@dataclass(frozen=True)
class Plugins:
    """What was found, in order of kind and name, and what is broken."""

    found: tuple[Plugin, ...]
    broken: tuple[Broken, ...]

    def of(self, kind: Kind) -> dict[str, Any]:
        """The usable things of a kind by entry-point name."""
        return {plugin.name: plugin.thing for plugin in self.found if plugin.kind == kind}


def discover(*kinds: Kind) -> Plugins:
    """Load what is installed of these kinds (of all kinds, if none is named).

    Loading twice gives the same answer: modules are imported once by Python, and nothing here keeps
    a register that could fill up.
    """
    found: list[Plugin] = []
    broken: list[Broken] = []
    for kind in kinds or KINDS:
        offers = entry_points(group=f"retinue.{kind}")
        taken: dict[str, Plugin] = {}
        for entry in sorted(offers, key=lambda e: (e.name, _owner(e), e.value)):
            offer = _load(kind, entry)
            if isinstance(offer, Plugin) and offer.name in taken:
                first = taken[offer.name]
                if first.value == offer.value:
                    continue  # the same object, declared by a second copy of the same package
                offer = _broken(kind, entry, f"{first.distribution} offers that name already")
            if isinstance(offer, Plugin):
                taken[offer.name] = offer
                found.append(offer)
            else:
                broken.append(offer)
    return Plugins(tuple(found), tuple(broken))


def _load(kind: Kind, entry: EntryPoint) -> Plugin | Broken:
    try:
        thing = _LOADED.get(kind, EntryPoint.load)(entry)
    except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything on import
        return _broken(kind, entry, f"it does not load ({type(error).__name__}: {error})")
    wrong = _WRONG[kind](thing)
    if wrong is not None:
        return _broken(kind, entry, wrong)
    return Plugin(kind, entry.name, entry.value, _owner(entry), thing)


def _broken(kind: Kind, entry: EntryPoint, error: str) -> Broken:
    return Broken(kind, entry.name, entry.value, _owner(entry), " ".join(error.split()))


def _owner(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unknown package"


def _no_body(thing: Any) -> str | None:
    from devices.contracts import BodyCard
    from devices.device import BodyKind

    if isinstance(thing, BodyCard | BodyKind):
        return None
    return f"it is a {type(thing).__name__} and must be a BodyCard or a BodyKind"


def _no_skill(thing: Any) -> str | None:
    from devices.skill import SkillCard

    if not isinstance(getattr(thing, "card", None), SkillCard):
        return "it has no `card` that is a SkillCard"
    return None if callable(getattr(thing, "build", None)) else "it has no function `build`"


def _no_world(thing: Any) -> str | None:
    if not isinstance(thing, str | Path):
        return f"it is a {type(thing).__name__} and must be the path of a scenario file"
    return None if Path(thing).is_file() else f"there is no file {thing}"


def _no_model(thing: Any) -> str | None:
    if callable(getattr(thing, "reply", None)) or callable(thing):
        return None
    return "it has no method `reply` and makes no object that has one"


def _no_function(thing: Any) -> str | None:
    return None if callable(thing) else f"it is a {type(thing).__name__} and must be callable"


def _processes(entry: EntryPoint) -> Any:
    from devices.process import read_processes

    return read_processes(entry)


def _no_query(thing: Any) -> str | None:
    from services.commands.signature import command

    if not callable(thing):
        return _no_function(thing)
    try:
        command("query", thing)
    except (TypeError, NameError) as error:
        return f"it is no command: {error}"
    return None


def _no_fault(thing: Any) -> str | None:
    from sim_worlds.faults.kind import FaultKind

    if isinstance(thing, FaultKind):
        return None
    return f"it is a {type(thing).__name__} and must be a sim_worlds.faults.kind.FaultKind"


def _no_policy(thing: Any) -> str | None:
    from services.llm.policy.named import Policy

    if isinstance(thing, Policy):
        return None
    return f"it is a {type(thing).__name__} and must be a services.llm.policy.named.Policy"


# What stands in a file and not in a module.
_LOADED: dict[Kind, Callable[[EntryPoint], Any]] = {"processes": _processes}
_WRONG: dict[Kind, Callable[[Any], str | None]] = {
    "devices": _no_body,
    "skills": _no_skill,
    # Whoever reads the file checks it.
    "processes": lambda processes: None,
    "tools": _no_function,
    "worlds": _no_world,
    "models": _no_model,
    "glasses": _no_function,
    "queries": _no_query,
    "engines": _no_function,
    "retention": _no_policy,
    "faults": _no_fault,
}
