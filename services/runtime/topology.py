"""The program as a value: which actors there are, how many, and who holds whose handle.

Nothing runs here. `retinue topology` prints it, and a test compares it with what the composition root
starts, so what is printed is what runs.
"""

from __future__ import annotations

from typing import Literal

from devices.noun import Noun


class Node(Noun):
    """One role of the program.

    `made_by` is the factory or class as "module:name"; `count` how many actors of it there are,
    named `names` if they have names of their own. `holds` are the nodes whose handles it calls.
    `lives`: as an actor of the runtime, in the process of the command, inside its holder, or in a process
    of its own that calls.
    """

    name: str
    made_by: str
    does: str
    count: int = 1
    names: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    lives: Literal["actor", "command", "inside", "daemon"] = "actor"


# The units of a pair of glasses: who makes each, in `services.alpha`, and what it does.
_UNITS = {
    "input": ("session:make_input", "watches and listens: cheap triggers, then a look"),
    "central": ("central.unit:CentralUnit", "decides what is looked at, asked and said by when"),
    "arithmetic": ("arithmetic.unit:ArithmeticUnit", "calculates and looks things up"),
    "memory": ("memory.unit:MemoryUnit", "tells and asks the memory of the session"),
    "output": ("output.unit:OutputUnit", "speaks and shows, or stays silent"),
}


# What a site that stays up has besides.
_HUB = (
    Node(
        name="hub",
        made_by="services.hub.hub:Hub",
        does="the one door to a site: its API, its people, the links of its devices (retinue up)",
        holds=("session", "daemon"),
        lives="command",
    ),
    Node(
        name="daemon",
        made_by="cerebellum.daemon.link:Daemon",
        does="a cerebellum beside its body, and what it must not forget (retinue device run)",
        count=0,
        lives="daemon",
    ),
)


class Topology(Noun):
    """All nodes, the one that drives the others first."""

    nodes: tuple[Node, ...]

    def node(self, name: str) -> Node:
        """Return the node, or raise KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


def topology(
    bodies: tuple[str, ...] = (), model: str = "embedded", is_up: bool = False
) -> Topology:
    """The program that runs a world with these bodies and this model.

    Args:
        bodies: Ids of the bodies; none: the program before a world is chosen (0 bodies).
            Devices and glasses are there as often as a run names them: here 0.
        model: As in `RunConfig.model`; "none" leaves the model out.
        is_up: The program of a site that stays up.
    """
    llm = () if model == "none" else ("model",)
    units = tuple(f"{name} unit" for name in _UNITS)
    return Topology(
        nodes=(
            *(_HUB if is_up else ()),
            Node(
                name="session",
                made_by="services.session.session:Session",
                does="the rounds: reports and words in, brain, log, orders out",
                holds=("world", "memory", "brain", "body", "device", "glasses"),
                lives="command",
            ),
            Node(
                name="world",
                made_by="services.session.actors:make_world",
                does="pretends, and judges by the truth",
            ),
            Node(
                name="memory",
                made_by="services.memory.writer:MemoryWriter",
                does="the one writer of the event log, shared by everybody who records",
            ),
            Node(
                name="brain",
                made_by="services.session.actors:BrainActor",
                does="interprets, plans, verifies, allocates, monitors",
                holds=llm,
            ),
            Node(
                name="body",
                made_by="services.session.actors:BodyActor",
                does="performs skills on one body, guarded",
                count=len(bodies),
                names=bodies,
            ),
            Node(
                name="device",
                made_by="devices.attendant:Attendant",
                does="speaks to one body outside the simulated world (--device)",
                count=0,
            ),
            Node(
                name="glasses",
                made_by="services.alpha.party:GlassesParty",
                does="what one wearer sees, asks and is told (--glasses)",
                count=0,
                holds=units,
                lives="inside",
            ),
            *(
                Node(name=unit, made_by=f"services.alpha.{made_by}", does=does, count=0)
                for unit, (made_by, does) in zip(units, _UNITS.values(), strict=True)
            ),
            *(
                Node(
                    name=name,
                    made_by=_maker(model),
                    does=f"answers the brain's questions ({model})",
                    lives="inside",
                )
                for name in llm
            ),
        )
    )


def drawn(program: Topology) -> str:
    """The program as a tree of text: each node below the one that holds its handle."""
    held = {name for node in program.nodes for name in node.holds}
    lines: list[str] = []
    for node in program.nodes:
        if node.name not in held:
            _draw(program, node, "", "", lines)
    return "\n".join(lines)


def _draw(program: Topology, node: Node, lead: str, below: str, lines: list[str]) -> None:
    times = "" if node.count == 1 else f" x {node.count}"
    where = {
        "actor": "an actor",
        "command": "in the command",
        "inside": "inside it",
        "daemon": "a program that calls",
    }[node.lives]
    lines.append(f"{lead}{node.name}{times}: {node.does} ({where}, {node.made_by})")
    children = [program.node(name) for name in node.holds]
    if node.names:
        stem = below + ("│  " if children else "   ")
        lines.append(f"{stem}{', '.join(node.names)}")
    for child in children:
        last = child is children[-1]
        _draw(
            program,
            child,
            below + ("└─ " if last else "├─ "),
            below + ("   " if last else "│  "),
            lines,
        )


def _maker(model: str) -> str:
    if model == "embedded":
        return "services.llm.models.embedded:EmbeddedModel"
    return "services.llm.models.openai_model:OpenAiModel"
