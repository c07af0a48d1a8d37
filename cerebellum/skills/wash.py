"""Wash an object in a sink."""

from __future__ import annotations

from cerebellum.cards import WASH
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = WASH


def build(order: Order, context: Context) -> Skill:
    """One process on the object, with retries."""
    thing, source = context.argument("obj"), context.argument("source")
    return Tree(operate(context, card.process, thing, at=source))
