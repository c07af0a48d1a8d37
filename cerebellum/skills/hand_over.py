"""Hand a held object to a person or to another body."""

from __future__ import annotations

from cerebellum.cards import HAND_OVER
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import do_with_retries, within_reach
from cerebellum.skill import Skill
from cerebellum.tree import Tree, sequence
from devices.contracts import Release

card = HAND_OVER


def build(order: Order, context: Context) -> Skill:
    """A release into hands, with up to two more tries, each after a look at who should take it."""
    thing, to = context.argument("obj"), context.argument("to")

    def command() -> Release:
        return Release(id=context.next_id(), skill="hand_over", object=thing, to=to)

    release = do_with_retries(context, "hand over", command, look_at=to)
    return Tree(sequence("hand over", within_reach(context, to), release))
