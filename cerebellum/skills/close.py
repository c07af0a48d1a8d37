"""Close a door, a drawer or an appliance."""

from __future__ import annotations

from cerebellum.cards import CLOSE
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = CLOSE


def build(order: Order, context: Context) -> Skill:
    """One process on the target, with retries."""
    target = context.argument("target")
    return Tree(operate(context, card.process, target, at=target))
