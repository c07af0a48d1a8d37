"""Put a held object down on or in a fixture."""

from __future__ import annotations

from cerebellum.cards import PLACE
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import do_with_retries, within_reach
from cerebellum.skill import Skill
from cerebellum.tree import Tree, sequence
from devices.contracts import Release

card = PLACE


def build(order: Order, context: Context) -> Skill:
    """A release with up to two more tries; the object stays in the hand until one succeeds."""
    thing, to = context.argument("obj"), context.argument("to")

    def command() -> Release:
        return Release(id=context.next_id(), skill="place", object=thing, to=to)

    release = do_with_retries(context, "put down", command, look_at=to)
    return Tree(sequence("place", within_reach(context, to), release))
