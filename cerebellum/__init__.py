"""Acts: runs one skill on one body as a behaviour tree, under a guard."""

from cerebellum.catalogue import skill_kinds
from cerebellum.errors import BadCatalogue, BadOrder, CerebellumError, SkillBroken
from cerebellum.guard import Guard, Refusal
from cerebellum.runner import Runner
from cerebellum.skill import Skill, SkillKind, Status

__all__ = [
    "BadCatalogue",
    "BadOrder",
    "CerebellumError",
    "Guard",
    "Refusal",
    "Runner",
    "Skill",
    "SkillBroken",
    "SkillKind",
    "Status",
    "skill_kinds",
]
