"""The performance of every skill that is a physical process, told by its data alone."""

from __future__ import annotations

from dataclasses import dataclass

from cerebellum.context import Context
from cerebellum.contracts import Order
from cerebellum.leaves import operate
from cerebellum.skill import Skill
from cerebellum.tree import Tree
from devices.skill import SkillCard


@dataclass(frozen=True)
class ProcessSkill:
    """A skill that has the body run one process (`devices.process.Process.card`)."""

    card: SkillCard

    def build(self, order: Order, context: Context) -> Skill:
        """One process on what the first parameter names, with retries."""
        assert self.card.at is not None
        target, at = (context.argument(name) for name in (self.card.params[0].name, self.card.at))
        return Tree(operate(context, self.card.process, target, at=at))
