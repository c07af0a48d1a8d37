"""Take an object from where it lies or from who holds it."""

from __future__ import annotations

from cerebellum.cards import PICK
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import do_with_retries, within_reach
from cerebellum.skill import Skill
from cerebellum.tree import Tree, sequence
from devices.contracts import Grasp

card = PICK


def build(order: Order, context: Context) -> Skill:
    """A grasp with up to two more tries, each after a look that says whether the object is there."""
    thing, source = context.argument("obj"), context.argument("source")
    begun = context.now

    def command() -> Grasp:
        return Grasp(id=context.next_id(), skill="pick", object=thing, source=source)

    def is_gone() -> bool:
        if not context.senses.is_missing(thing, source, since=begun):
            return False
        context.give_up("not_there", f"{thing} is not at {source} any more")
        return True

    grasp = do_with_retries(context, "grasp", command, look_at=source, is_futile=is_gone)
    # A room is no place to reach for: what lies on its floor is reached where it lies.
    is_on_floor = any(room.id == source for room in context.plan.rooms)
    near = within_reach(context, thing if is_on_floor else source)
    return Tree(sequence("pick", near, grasp))
