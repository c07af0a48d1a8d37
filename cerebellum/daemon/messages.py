"""What a device and its site tell each other: JSON text frames over one WebSocket. SI units.

The device calls. Its first frame is `hello`, the site's is `welcome`; either side says `bye` with a
reason before it closes. Times are seconds of the site's clock, which the device estimates from `sync`.

| it has to arrive | how |
|---|---|
| an order | `do` is repeated until it is `accepted`; a request is carried out once however often it comes |
| a result | `did` is repeated until it is `kept`, over restarts of either side |
| a stop | `hold` is repeated until it is `holding`; it holds until `free` |
| a report | the newest counts; what is lost is told anew by the next |

An order carries a fencing token that only grows, over restarts of the site, too: the device refuses
what is older than what it has, and the site refuses results of requests that it gave to others
meanwhile (M. Kleppmann, "Designing Data-Intensive Applications", 2017, chapter 8).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from cerebellum.contracts import Order
from devices.contracts import BodyCard, BodySpec, Command, Observation, Receipt
from devices.noun import Noun
from devices.site import SitePlan
from devices.skill import SkillEvent

VERSION = 1
SUBPROTOCOL = f"retinue.device.v{VERSION}"
# Longest frame (bytes) that either side takes, and most frames that wait to be sent.
MAX_BYTES = 1 << 20
BACKLOG = 1000

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]


class Hello(Noun):
    """Who calls, and which requests it still answers for.

    `spec`: where it is; None: its hardware is simulated by the site, which lets it in.
    `finishes`: when it is out of touch it does what it was told to the end; else it gives it up and
    stops. `carries`: requests that it accepted and whose result is not kept yet.
    """

    kind: Literal["hello"] = "hello"
    version: int = VERSION
    id: Id
    card: BodyCard
    spec: BodySpec | None = None
    finishes: bool = True
    carries: tuple[str, ...] = ()


class Beat(Noun):
    """The device lives. `local_s`: its own clock (seconds since any moment)."""

    kind: Literal["beat"] = "beat"
    local_s: float


class Accepted(Noun):
    """The order has arrived and is on the device's disk."""

    kind: Literal["accepted"] = "accepted"
    request: str


class Did(Noun):
    """What became of a request. `seq` 0: on the way; else a result, which is repeated until kept."""

    kind: Literal["did"] = "did"
    seq: int
    event: SkillEvent


class Report(Noun):
    """What the device knows of itself and saw."""

    kind: Literal["report"] = "report"
    observation: Observation


class Act(Noun):
    """Commands for hardware that the site simulates."""

    kind: Literal["act"] = "act"
    commands: tuple[Command, ...]


class Holding(Noun):
    """Every motion was told to end, and none begins."""

    kind: Literal["holding"] = "holding"
    epoch: int


class Bye(Noun):
    """The connection is closed, and why."""

    kind: Literal["bye"] = "bye"
    reason: str


class Welcome(Noun):
    """The site and its clock. A device is on its own `silence_s` after
    it sent the last beat that was answered (on its own clock).
    """

    kind: Literal["welcome"] = "welcome"
    version: int = VERSION
    now_s: float
    speed: float
    beat_s: float
    silence_s: float
    plan: SitePlan


class Sync(Noun):
    """The answer to a beat: its `local_s`, and the site's time at that moment."""

    kind: Literal["sync"] = "sync"
    local_s: float
    now_s: float


class Do(Noun):
    """A request, with what memory knows of the things that it names."""

    kind: Literal["do"] = "do"
    token: int
    order: Order


class Drop(Noun):
    """The request is to be given up, wherever it stands."""

    kind: Literal["drop"] = "drop"
    request: str


class Hold(Noun):
    """Stop, now, and hold still until freed by a word of a later epoch. Epochs only grow."""

    kind: Literal["hold"] = "hold"
    epoch: int


class Free(Noun):
    """Every stop of an epoch before this one is over."""

    kind: Literal["free"] = "free"
    epoch: int


class Kept(Noun):
    """The result is on the site's disk."""

    kind: Literal["kept"] = "kept"
    seq: int


class Plant(Noun):
    """What simulated hardware reports."""

    kind: Literal["plant"] = "plant"
    observation: Observation | None = None
    receipts: tuple[Receipt, ...] = ()


FromDevice = Annotated[
    Hello | Beat | Accepted | Did | Report | Act | Holding | Bye, Field(discriminator="kind")
]
ToDevice = Annotated[
    Welcome | Sync | Do | Drop | Hold | Free | Kept | Plant | Bye, Field(discriminator="kind")
]
FROM_DEVICE: TypeAdapter[FromDevice] = TypeAdapter(FromDevice)
TO_DEVICE: TypeAdapter[ToDevice] = TypeAdapter(ToDevice)


def asyncapi(version: str) -> dict[str, Any]:
    """The protocol as an AsyncAPI 3 document.

    Args:
        version: Of the program that speaks it.
    """
    schemas: dict[str, Any] = {}
    names: dict[str, list[str]] = {}
    for side, adapter in (("fromDevice", FROM_DEVICE), ("toDevice", TO_DEVICE)):
        schema = adapter.json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema["$defs"]
        names[side] = [
            ref.rpartition("/")[2] for ref in schema["discriminator"]["mapping"].values()
        ]
    every = sorted({name for side in names.values() for name in side})
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Retinue device link", "version": version, "description": __doc__},
        "channels": {
            "link": {
                "address": "/api/v1/devices/link",
                "messages": {n: {"$ref": f"#/components/messages/{n}"} for n in every},
            }
        },
        "operations": {
            side: {
                "action": "receive" if side == "fromDevice" else "send",
                "channel": {"$ref": "#/channels/link"},
                "messages": [{"$ref": f"#/channels/link/messages/{n}"} for n in found],
            }
            for side, found in names.items()
        },
        "components": {
            "messages": {
                n: {"name": n, "payload": {"$ref": f"#/components/schemas/{n}"}} for n in every
            },
            "schemas": schemas,
        },
    }
