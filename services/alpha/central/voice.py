"""What is being said, and what was said a moment ago."""

from __future__ import annotations

from services.alpha.contracts import Intervention, SpeechOver

# How long after an intervention the wearer's "not now" or "thanks" is about it, in seconds.
REACTION_S = 15.0
_REMEMBERED = 10
_EPS = 1e-6


class Voice:
    """One voice: it says one intervention at a time."""

    def __init__(self) -> None:
        self.speaking: Intervention | None = None
        self._said: list[Intervention] = []

    def begin(self, said: Intervention) -> None:
        """This is being said now."""
        self.speaking = said
        self._said = [*self._said[1 - _REMEMBERED :], said]

    def ended(self, now: float) -> bool:
        """Whether what is being said has come to its end by now."""
        return self.speaking is not None and now >= self.speaking.ends_s - _EPS

    def over(self, now: float, how: str, why: str) -> tuple[Intervention, SpeechOver] | None:
        """The speech is over: "done" or "cut". None if nothing is being said."""
        speaking, self.speaking = self.speaking, None
        if speaking is None:
            return None
        over = {"intervention": speaking.id, "t": now, "how": how, "why": why}
        return speaking, SpeechOver.model_validate(over)

    def latest(self, now: float) -> Intervention | None:
        """What the wearer may be talking about: what is being said, or was a moment ago."""
        if self.speaking is not None:
            return self.speaking
        if self._said and now - self._said[-1].ends_s <= REACTION_S:
            return self._said[-1]
        return None

    def last_about(self, skill: str, subject: str) -> Intervention | None:
        """The last intervention of the skill about the subject, if it is remembered."""
        about = [said for said in self._said if (said.skill, said.subject) == (skill, subject)]
        return about[-1] if about else None
