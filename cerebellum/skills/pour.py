"""Fill a vessel that stands at a dispenser."""

from __future__ import annotations

from cerebellum.cards import POUR
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = POUR


def build(order: Order, context: Context) -> Skill:
    """One process on the vessel with the liquid of the order's `value`, with retries."""
    thing, source = context.argument("obj"), context.argument("source")
    return Tree(operate(context, card.process, thing, at=source))
