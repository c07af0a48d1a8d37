"""The built-in skills as data: parameters, preconditions, effects, nominal times (seconds).

Nominal times are of a body of rate 1, without travel; bodies scale them by their card's rate and
the memory replaces them by what it has learned. The behaviours live in `cerebellum.skills`.
"""

from __future__ import annotations

from devices.facts import Value
from devices.skill import Atom, Param, SkillCard


def _be(thing: str, attr: str, value: Value) -> Atom:
    return Atom(pred="be", args=(thing, attr), value=value)


def _at(thing: str, holder: str) -> Atom:
    return Atom(pred="at", args=(thing, holder))


_HAND_FREE = Atom(pred="hand_free")
_OBJ = Param(name="obj", kind="object")

NAVIGATE = SkillCard(
    name="navigate",
    title="go to a place",
    params=(Param(name="to", kind="place"),),
    post=(Atom(pred="near", args=("$to",)),),
    base_s=0.0,
)
PICK = SkillCard(
    name="pick",
    title="take an object",
    params=(_OBJ, Param(name="source", kind="place")),
    at="source",
    pre=(_at("$obj", "$source"), Atom(pred="reachable", args=("$source",)), _HAND_FREE),
    post=(Atom(pred="holding", args=("$obj",)),),
    base_s=8.0,
    hands=1,
)
PLACE = SkillCard(
    name="place",
    title="put an object down",
    params=(_OBJ, Param(name="to", kind="fixture")),
    at="to",
    pre=(
        Atom(pred="holding", args=("$obj",)),
        Atom(pred="reachable", args=("$to",)),
        Atom(pred="room_on", args=("$to",)),
    ),
    post=(_at("$obj", "$to"),),
    base_s=7.0,
)
HAND_OVER = SkillCard(
    name="hand_over",
    title="hand an object to a person or a body",
    params=(_OBJ, Param(name="to", kind="person")),
    at="to",
    pre=(Atom(pred="holding", args=("$obj",)),),
    post=(_at("$obj", "$to"),),
    base_s=7.0,
)
OPEN = SkillCard(
    name="open",
    title="open a door, drawer or appliance",
    params=(Param(name="target", kind="place"),),
    at="target",
    pre=(_be("$target", "open", False), _HAND_FREE),
    post=(_be("$target", "open", True),),
    base_s=3.0,
    hands=1,
    process="open",
)
CLOSE = SkillCard(
    name="close",
    title="close a door, drawer or appliance",
    params=(Param(name="target", kind="place"),),
    at="target",
    pre=(_be("$target", "open", True), _HAND_FREE),
    post=(_be("$target", "open", False),),
    base_s=3.0,
    hands=1,
    process="close",
)
SWITCH = SkillCard(
    name="switch",
    title="switch something on or off",
    params=(
        Param(name="target", kind="fixture", cls=("switchable",)),
        Param(name="value", kind="value"),
    ),
    at="target",
    post=(Atom(pred="be", args=("$target", "power")),),
    base_s=2.0,
    process="switch",
)
POUR = SkillCard(
    name="pour",
    title="fill a vessel that stands at a dispenser",
    params=(
        Param(name="obj", kind="object", cls=("vessel",)),
        Param(name="source", kind="fixture", cls=("dispenser",)),
        Param(name="value", kind="value"),
    ),
    at="source",
    pre=(_at("$obj", "$source"), _be("$obj", "clean", True), _be("$obj", "fill", "none")),
    post=(Atom(pred="be", args=("$obj", "fill")),),
    base_s=20.0,
    process="pour",
)
WASH = SkillCard(
    name="wash",
    title="wash an object in a sink",
    params=(
        Param(name="obj", kind="object", cls=("washable",)),
        Param(name="source", kind="fixture", offers="wash"),
    ),
    at="source",
    pre=(_at("$obj", "$source"), _be("$obj", "clean", False)),
    post=(_be("$obj", "clean", True), _be("$obj", "fill", "none")),
    base_s=20.0,
    hands=1,
    process="wash",
)
WIPE = SkillCard(
    name="wipe",
    title="wipe a surface or mop a spill",
    params=(Param(name="target", kind="place", cls=("wipeable",)),),
    at="target",
    pre=(_be("$target", "clean", False), Atom(pred="clear", args=("$target",))),
    post=(_be("$target", "clean", True),),
    base_s=15.0,
    hands=1,
    process="wipe",
)
HEAT = SkillCard(
    name="heat",
    title="heat food in or on an appliance",
    params=(
        Param(name="obj", kind="object", cls=("heatable",)),
        Param(name="source", kind="fixture", offers="heat"),
    ),
    at="source",
    pre=(_at("$obj", "$source"), _be("$obj", "hot", False)),
    post=(_be("$obj", "hot", True),),
    base_s=40.0,
    process="heat",
)
SLICE = SkillCard(
    name="slice",
    title="slice food on a cutting place",
    params=(
        Param(name="obj", kind="object", cls=("sliceable",)),
        Param(name="source", kind="fixture", offers="cut"),
    ),
    at="source",
    pre=(_at("$obj", "$source"), _be("$obj", "sliced", False)),
    post=(_be("$obj", "sliced", True),),
    base_s=15.0,
    hands=2,
    process="slice",
)
SCAN = SkillCard(
    name="scan",
    title="look around in a room",
    params=(Param(name="target", kind="room"),),
    at="target",
    post=(Atom(pred="known", args=("$target", "location")),),
    base_s=6.0,
)
LOOK = SkillCard(
    name="look",
    title="look closely at a thing",
    params=(Param(name="target", kind="thing"),),
    at="target",
    post=(Atom(pred="known", args=("$target", "location")),),
    base_s=2.0,
)
SAY = SkillCard(
    name="say",
    title="tell a person something",
    params=(Param(name="to", kind="person"), Param(name="text", kind="text")),
    at="to",
    post=(Atom(pred="told", args=("$to", "$text")),),
    base_s=3.0,
)
CHARGE = SkillCard(
    name="charge",
    title="charge the battery at a dock",
    params=(Param(name="dock", kind="fixture", offers="charge"),),
    at="dock",
    base_s=600.0,
    process="charge",
    plannable=False,
)
CARRY_TOGETHER = SkillCard(
    name="carry_together",
    title="carry a heavy object with a partner",
    params=(_OBJ, Param(name="source", kind="place"), Param(name="to", kind="place")),
    at="source",
    pre=(_at("$obj", "$source"), _HAND_FREE),
    post=(_at("$obj", "$to"),),
    base_s=12.0,
    hands=1,
    team=2,
)

CARDS: tuple[SkillCard, ...] = (
    NAVIGATE,
    PICK,
    PLACE,
    HAND_OVER,
    OPEN,
    CLOSE,
    SWITCH,
    POUR,
    WASH,
    WIPE,
    HEAT,
    SLICE,
    SCAN,
    LOOK,
    SAY,
    CHARGE,
    CARRY_TOGETHER,
)
