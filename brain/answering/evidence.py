"""What an answer rests on: who saw it, when, how sure that is, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence

from brain.answering.naming import Naming, word_of
from brain.language.words.plural import listed
from devices.facts import Value
from stem_memory.belief.evidence import CLASS, SURVEY
from stem_memory.tasks import Finding
from stem_memory.view import MemoryView

_MINUTE, _HOUR = 60.0, 3600.0


def found(thing: str, attr: str, view: MemoryView) -> Finding | None:
    """The belief behind what is said of the thing; None where nothing is believed."""
    belief = view.belief(thing, attr)
    if belief is None or belief.value is None:
        return None
    place = view.location(thing) if attr == "location" else None
    return Finding(
        thing=thing,
        attr=attr,
        value=belief.value,
        relation=place.relation if place is not None else "",
        source=belief.source,
        seen_s=belief.seen_s,
        confidence=belief.confidence,
    )


def is_seen(finding: Finding) -> bool:
    """Whether somebody saw it or said so; a survey and what is usual are hearsay."""
    return finding.source not in (SURVEY, CLASS)


class Evidence:
    """Says who saw what, when and how sure that is.

    Args:
        naming: Names within sentences.
        now: The time, in seconds.
        is_told: Whether it is told anyway why nobody has looked.
    """

    def __init__(self, naming: Naming, now: float, is_told: bool = False) -> None:
        self.naming = naming
        self.view = naming.view
        self.now = now
        self._is_told = is_told

    def of(self, findings: Sequence[Finding]) -> str:
        """Such as "the butler saw it 3 s ago, 95 % sure"."""
        sure = f"{round(100 * min(f.confidence for f in findings))} % sure"
        against = "".join(self._against(f) for f in findings)
        if len(findings) == 1:
            return f"{self._one(findings[0])}, {sure}{against}"
        seen = [f for f in findings if is_seen(f)]
        hearsay = [f for f in findings if not is_seen(f)]
        if not hearsay:
            told = self._several(seen, "them")
        elif not seen:
            told = self._hearsay(hearsay[0])
        else:
            them = [f.thing for f in seen]
            names = self.naming.all_of(them) if len(them) < 4 else f"{len(them)} of them"
            told = f"{self._several(seen, names)}, the rest is from the survey"
        return f"{told}, at least {sure}{against}"

    def ago(self, t: float) -> str:
        """How long ago a time is, as people say it."""
        age = max(0.0, self.now - t)
        if age < 1.0:
            return "just now"
        if age < 2 * _MINUTE:
            return f"{age:.0f} s ago"
        if age < 2 * _HOUR:
            return f"{age / _MINUTE:.0f} min ago"
        return f"{age / _HOUR:.0f} h ago"

    def span(self, t: float) -> str:
        """The time since then: "the last 40 s"."""
        return f"the last {self.ago(t).removesuffix(' ago')}"

    def source(self, source: str) -> str:
        """Who says so."""
        if self.view.category(source) is not None:
            return self.naming.the(source)
        return source.replace("-", " ").replace("_", " ")

    def _one(self, finding: Finding) -> str:
        if not is_seen(finding):
            return self._hearsay(finding)
        who, when = self.source(finding.source), self.ago(finding.seen_s)
        is_body = self.view.category(finding.source) == "body"
        if is_body and finding.source in (finding.thing, finding.value):
            return f"it said so {when}"
        if is_body:
            return f"{who} saw {self.naming.it([finding.thing])} {when}"
        return f"{who} said so {when}"

    def _several(self, seen: Sequence[Finding], them: str) -> str:
        times = [f.seen_s for f in seen]
        if all(f.source == f.thing for f in seen):
            told = "they said so"
        else:
            who = listed([self.source(s) for s in dict.fromkeys(f.source for f in seen)])
            told = f"{who} saw {them}"
        if max(times) - min(times) < 1.0 or self.now - min(times) < 1.0:
            return f"{told} {self.ago(min(times))}"
        return f"{told} within {self.span(min(times))}"

    def unlooked(self, joint: str = ",") -> str:
        """That nobody has looked, unless it is told anyway."""
        return "" if self._is_told else f"{joint} nobody has looked"

    def _hearsay(self, finding: Finding) -> str:
        told = "that is usual" if finding.source == CLASS else "so the survey says"
        return told + self.unlooked()

    def _against(self, finding: Finding) -> str:
        """What another source said of the same moment."""
        for thing, attr, lost in self.view.disputes():
            if (thing, attr) == (finding.thing, finding.attr):
                who = self.source(lost.source)
                return f", but {who} {self._otherwise(attr, lost.value)} at the same time"
        return ""

    def _otherwise(self, attr: str, value: Value | None) -> str:
        if attr != "location":
            return f"saw that it was {word_of(attr, value if value is not None else 'unknown')}"
        if value is None:
            return "did not see it there"
        return f"saw it {self.naming.at(str(value))}"
