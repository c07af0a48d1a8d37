"""Tell a person something."""

from __future__ import annotations

from cerebellum.cards import SAY
from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import do_with_retries
from cerebellum.skill import Skill
from cerebellum.tree import Tree
from devices.contracts import Speak

card = SAY


def build(order: Order, context: Context) -> Skill:
    """One sentence, with retries if the voice fails. Whether it was in earshot the body reports."""
    who, text = context.argument("to"), context.argument("text")

    def command() -> Speak:
        return Speak(id=context.next_id(), skill="say", to=who, text=text)

    return Tree(do_with_retries(context, "say", command))
