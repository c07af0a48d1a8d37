"""Heat food in or on an appliance."""

from __future__ import annotations

from cerebellum.cards import HEAT
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = HEAT


def build(order: Order, context: Context) -> Skill:
    """One process on the food, with retries."""
    thing, source = context.argument("obj"), context.argument("source")
    return Tree(operate(context, card.process, thing, at=source))
