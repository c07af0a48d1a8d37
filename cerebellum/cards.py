"""The built-in skills that are no process, as data: parameters, preconditions, effects, nominal times (s).

Nominal times are of a body of rate 1, without travel; bodies scale them by their card's rate and
the memory replaces them by what it has learned. The behaviours live in `cerebellum.skills`; what a
process does to a thing is told by `devices.process`.
"""

from __future__ import annotations

from devices.skill import Atom, Param, SkillCard


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
