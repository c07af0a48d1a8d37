"""Charge the battery at a dock."""

from __future__ import annotations

from cerebellum.cards import CHARGE
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = CHARGE


def build(order: Order, context: Context) -> Skill:
    """One process at the dock; it ends when the body says that it is full."""
    target = context.argument("dock")
    return Tree(operate(context, card.process, target, at=target))
