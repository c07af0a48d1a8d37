"""Slice food on a cutting place."""

from __future__ import annotations

from cerebellum.cards import SLICE
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = SLICE


def build(order: Order, context: Context) -> Skill:
    """One process on the food, with retries."""
    thing, source = context.argument("obj"), context.argument("source")
    return Tree(operate(context, card.process, thing, at=source))
