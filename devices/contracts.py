"""Bodies, what they are told to do and what they report. SI units; poses in the map frame."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.facts import Location, Value
from devices.noun import Noun
from devices.site import Point

Mobility = Literal["wheels", "legs", "air", "fixed"]


class Pose(Noun):
    """A planar pose with height: metres and radians, counter-clockwise, in `frame`."""

    x: float
    y: float
    yaw: float = 0.0
    z: float = 0.0
    frame: str = "map"


class Sensor(Noun):
    """A sensor that sees at most `range_m` far in a cone of `fov_rad` (2*pi: all around)."""

    kind: Literal["camera", "lidar", "microphone", "thermometer"] = "camera"
    range_m: float = 4.0
    fov_rad: float = 2.1


class BodyCard(Noun):
    """What one kind of body can do. Data only: readable without its driver.

    `reach_m` is horizontal reach from the edge of the footprint; `low_m`..`high_m` the heights its
    hands reach. `carry` is how many objects it holds at once (hands and tray together), `hands` how
    many it manipulates with. `skills` maps skill name to a rate (1 nominal, 2 twice as fast).
    """

    kind: str
    title: str
    mobility: Mobility
    speed_m_s: float = 0.0
    radius_m: float = 0.3
    height_m: float = 1.2
    reach_m: float = 0.8
    low_m: float = 0.4
    high_m: float = 1.4
    hands: int = 1
    carry: int = 1
    payload_kg: float = 2.0
    sensors: tuple[Sensor, ...] = (Sensor(),)
    battery_wh: float = 500.0
    idle_w: float = 15.0
    move_w: float = 80.0
    work_w: float = 40.0
    charge_w: float = 900.0
    skills: dict[str, float] = {}
    colour: str = "#4477aa"


class BodySpec(Noun):
    """One body of a site: who it is, its kind, and where it starts."""

    id: str
    kind: str
    names: tuple[str, ...] = ()
    pose: Pose
    battery: float = 1.0


class Drive(Noun):
    """Go along the path (metres); the last point is the goal. `to` is what is being approached."""

    kind: Literal["drive"] = "drive"
    id: str
    skill: str
    to: str
    path: tuple[Point, ...]
    speed_m_s: float


class Grasp(Noun):
    """Take the object from the holder."""

    kind: Literal["grasp"] = "grasp"
    id: str
    skill: str
    object: str
    source: str


class Release(Noun):
    """Put the held object on or in a fixture, or into the hands of a person or body."""

    kind: Literal["release"] = "release"
    id: str
    skill: str
    object: str
    to: str


class Operate(Noun):
    """Run a physical process on a target: open, close, switch, pour, wash, wipe, heat, slice,
    charge, or one that a world declares. `value` is the setting for processes that have one.
    """

    kind: Literal["operate"] = "operate"
    id: str
    skill: str
    process: str
    target: str
    using: str | None = None
    value: Value | None = None


class Sense(Noun):
    """Look closely at one target, or turn around and scan the room."""

    kind: Literal["sense"] = "sense"
    id: str
    skill: str
    mode: Literal["look", "scan"]
    target: str


class Speak(Noun):
    """Say a text to a person nearby."""

    kind: Literal["speak"] = "speak"
    id: str
    skill: str
    to: str
    text: str


class CarryTogether(Noun):
    """Carry a heavy object with a partner; begins when both bodies have asked for it."""

    kind: Literal["carry_together"] = "carry_together"
    id: str
    skill: str
    object: str
    partner: str
    to: str


class Halt(Noun):
    """Stop whatever moves and hold still. Always allowed, takes effect at once."""

    kind: Literal["halt"] = "halt"
    id: str
    skill: str = "halt"


Command = Annotated[
    Drive | Grasp | Release | Operate | Sense | Speak | CarryTogether | Halt,
    Field(discriminator="kind"),
]


class Receipt(Noun):
    """How a command ended. `reason` is a code such as out_of_reach, not_there, blocked, tool_failed,
    too_heavy, hands_full, closed, occupied, no_power, halted; `detail` a sentence.
    """

    command: str
    body: str
    t: float
    outcome: Literal["done", "failed", "stopped"]
    reason: str = ""
    detail: str = ""


class Sighting(Noun):
    """One thing as a sensor saw it: identity, what is visible of it, and where it is."""

    id: str
    cls: str
    category: Literal["door", "fixture", "object", "person", "body"] = "object"
    names: tuple[str, ...] = ()
    attrs: dict[str, Value] = {}
    states: dict[str, Value] = {}
    location: Location | None = None
    x: float
    y: float
    confidence: float = 0.95


class Utterance(Noun):
    """Something a person said, as heard."""

    who: str
    text: str


class BodyState(Noun):
    """What a body knows of itself. `battery` in 0..1; `near` is what it stands at, if anything."""

    pose: Pose
    room: str
    near: str | None = None
    battery: float
    holding: tuple[str, ...] = ()
    docked: bool = False


class Observation(Noun):
    """One report of one body. `viewed` lists the holders that were fully in view: what was not
    sighted there is not there.
    """

    body: str
    t: float
    state: BodyState
    sightings: tuple[Sighting, ...] = ()
    viewed: tuple[str, ...] = ()
    heard: tuple[Utterance, ...] = ()
