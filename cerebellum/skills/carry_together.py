"""Carry a heavy object with a partner: both bodies get the order, and begin when both are ready."""

from __future__ import annotations

from cerebellum.cards import CARRY_TOGETHER
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.errors import BadOrder
from cerebellum.leaves import do_with_retries, within_reach
from cerebellum.skill import Skill
from cerebellum.tree import Tree, sequence
from devices.contracts import CarryTogether

card = CARRY_TOGETHER


def build(order: Order, context: Context) -> Skill:
    """One joint command. The body waits for its partner; the deadline bounds the wait."""
    thing, source, to = (context.argument(name) for name in ("obj", "source", "to"))
    partner = order.request.partner
    if partner is None:
        raise BadOrder("carry_together takes two bodies: name the partner in the request")

    def command() -> CarryTogether:
        return CarryTogether(
            id=context.next_id(), skill="carry_together", object=thing, partner=partner, to=to
        )

    carry = do_with_retries(context, "carry", command)
    return Tree(sequence("carry together", within_reach(context, source), carry))
