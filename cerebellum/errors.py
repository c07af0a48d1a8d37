"""What can go wrong in the cerebellum, named after who should act.

    CerebellumError
    ├── BadOrder       the order names too little or the impossible: who sent it should mend it
    ├── SkillBroken    a skill breaks its protocol: its author should mend it
    └── BadCatalogue   the installed skills contradict each other: who installed them should choose

A skill that fails in the world is no error: it ends in a `Failed` event that says why.
"""

from __future__ import annotations


class CerebellumError(Exception):
    """Something outside the world is wrong. The message is one sentence for a person."""


class BadOrder(CerebellumError):
    """An order lacks an argument, or names a thing nobody said where to find."""


class SkillBroken(CerebellumError):
    """A skill did what skills must not do."""


class BadCatalogue(CerebellumError):
    """The installed skills cannot be used together."""
