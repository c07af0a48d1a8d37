"""Look closely at a thing or a place."""

from __future__ import annotations

from cerebellum.cards import LOOK
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import do_with_retries, look
from cerebellum.skill import Skill
from cerebellum.tree import Tree

card = LOOK


def build(order: Order, context: Context) -> Skill:
    """One look, with retries; what was seen reaches memory by itself."""
    target = context.argument("target")
    return Tree(do_with_retries(context, "look", lambda: look(context, target)))
