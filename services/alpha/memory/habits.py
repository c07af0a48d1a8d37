"""What the log says of the wearer: what they know, and what they made of interventions.

Kept in STEM as statements about the person: "knows:<subject>" is true, "glasses:<skill>:<outcome>"
counts. This is their fold.
"""

from __future__ import annotations

from devices.facts import Value
from stem_memory.contracts import Asserted, Event

KNOWS = "knows:"
OUTCOME = "glasses:"


class Habits:
    """The fold for one wearer."""

    def __init__(self, wearer: str) -> None:
        self._wearer = wearer
        self._known: dict[str, None] = {}
        self._outcomes: dict[tuple[str, str], float] = {}

    def apply(self, event: Event) -> None:
        """Take one event in; those that say nothing of the wearer's habits change nothing."""
        said = event.body
        if not isinstance(said, Asserted) or said.thing != self._wearer:
            return
        if said.attr.startswith(KNOWS):
            subject = said.attr.removeprefix(KNOWS)
            if said.value:
                self._known[subject] = None
            else:
                self._known.pop(subject, None)
        elif said.attr.startswith(OUTCOME):
            _, skill, outcome = said.attr.split(":", 2)
            self._outcomes[skill, outcome] = _number(said.value)

    def known(self) -> tuple[str, ...]:
        """Subjects that the wearer was told, in the order they were."""
        return tuple(self._known)

    def outcomes(self) -> tuple[tuple[str, str, float], ...]:
        """(skill, outcome, how often), sorted."""
        return tuple((*key, count) for key, count in sorted(self._outcomes.items()))

    def count(self, skill: str, outcome: str) -> float:
        """How often an outcome came so far."""
        return self._outcomes.get((skill, outcome), 0.0)


def _number(value: Value | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
