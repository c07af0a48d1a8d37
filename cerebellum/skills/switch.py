"""Switch something on or off."""

from __future__ import annotations

from cerebellum.cards import SWITCH
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = SWITCH


def build(order: Order, context: Context) -> Skill:
    """One process on the target, set to the order's `value`, with retries."""
    target = context.argument("target")
    return Tree(operate(context, card.process, target, at=target))
