"""Look around in a room."""

from __future__ import annotations

from cerebellum.cards import SCAN
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import do_with_retries
from cerebellum.skill import Skill
from cerebellum.tree import Tree
from devices.contracts import Sense

card = SCAN


def build(order: Order, context: Context) -> Skill:
    """One turn of the sensors, with retries; what was seen reaches memory by itself."""
    target = context.argument("target")

    def command() -> Sense:
        return Sense(id=context.next_id(), skill="scan", mode="scan", target=target)

    return Tree(do_with_retries(context, "scan", command))
