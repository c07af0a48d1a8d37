"""What was said: to whom (the fact `told`) and by whom (the dialogue)."""

from __future__ import annotations

from bisect import insort

Line = tuple[float, str, str]
BRAIN = "retinue"
# Two bodies in one room hear the same sentence, and a wish said aloud is also posted as a goal.
_ECHO_S = 2.0


class Talk:
    """Dialogue lines in order of time, and what each person was told."""

    def __init__(self) -> None:
        self.told: dict[str, list[str]] = {}
        self.lines: list[Line] = []

    def tell(self, body: str, to: str, text: str, t: float) -> None:
        """A body told a person something."""
        self.told.setdefault(to, []).append(text)
        self.say(t, body, text)

    def say(self, t: float, who: str, text: str) -> None:
        """Note a line once, however many bodies heard it."""
        for at, speaker, words in reversed(self.lines):
            if at < t - _ECHO_S:
                break
            if speaker == who and words == text and abs(at - t) <= _ECHO_S:
                return
        insort(self.lines, (t, who, text))
