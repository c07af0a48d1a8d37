"""Answers about states: whether the oven is off, which lamps are on."""

from __future__ import annotations

from collections.abc import Sequence

from brain.answering.evidence import Evidence, found
from brain.answering.naming import Naming, any_of, word_of
from brain.language.words.plural import listed
from devices.facts import Value, select
from stem_memory.tasks import Finding, Query

Said = tuple[str, tuple[Finding, ...]]


class StateAnswers:
    """Answers about states: a sentence without capital and stop, and what it rests on."""

    def __init__(self, naming: Naming, evidence: Evidence) -> None:
        self.naming = naming
        self.evidence = evidence
        self.view = naming.view

    def state(self, query: Query) -> Said:
        """The value of each of the things."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        if not findings:
            return self._unknown(query, things), ()
        return self._told(self._as_they_are(findings), findings)

    def whether(self, query: Query) -> Said:
        """Yes or no: whether all of the things are so."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        so = tuple(f for f in findings if self._is_so(f.value, query.value))
        other = tuple(f for f in findings if f not in so)
        unknown = [t for t in things if t not in {f.thing for f in findings}]
        word = self._word(query.attr, query.value)
        if other:
            return self._told(f"no, {self._otherwise(query, other, len(things))}", other)
        if unknown or not things:
            return self._unknown(query, unknown), so
        few = query.what.ids or len(things) < 3
        names = (
            f"{self.naming.all_of(things)} {self.naming.are(things)}"
            if few
            else (f"all {len(things)} {self.naming.kind(query.what, 2)} are")
        )
        return self._told(f"yes, {names} {word}", so)

    def which(self, query: Query) -> Said:
        """Those of the things that are so."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        if not findings:
            return self._unknown(query, things), ()
        so = [f.thing for f in findings if self._is_so(f.value, query.value)]
        word = self._word(query.attr, query.value)
        if not so:
            return self._told(self._otherwise(query, findings, len(things)), findings)
        text = f"{self.naming.all_of(so)} {self.naming.are(so)} {word}"
        rest = len(findings) - len(so)
        if rest:
            text += f", the other {rest} are not" if rest > 1 else ", the other one is not"
        return self._told(text, findings)

    def how_many(self, query: Query) -> Said:
        """How many of the things are so."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        if not findings:
            return self._unknown(query, things), ()
        so = [f.thing for f in findings if self._is_so(f.value, query.value)]
        word = self._word(query.attr, query.value)
        kind = self.naming.kind(query.what, 2)
        text = f"{len(so) or 'none'} of the {len(things)} {kind} {'are' if len(so) > 1 else 'is'} {word}"
        if 0 < len(so) < len(things):
            text += f" ({self.naming.all_of(so)})"
        return self._told(text, findings)

    # -- parts ---------------------------------------------------------------------------------

    def _findings(self, things: Sequence[str], attr: str) -> tuple[Finding, ...]:
        made = (found(thing, attr, self.view) for thing in things)
        return tuple(finding for finding in made if finding is not None)

    def _unknown(self, query: Query, things: Sequence[str]) -> str:
        if not things:
            return f"nobody knows of {any_of(self.naming.kind(query.what))} here"
        names = f"{self.naming.all_of(things)} {self.naming.are(things)}"
        return f"nobody knows whether {names} {self._word(query.attr, query.value)}"

    def _otherwise(self, query: Query, other: Sequence[Finding], among: int) -> str:
        """How those are that are not as asked; of many, only that none is."""
        if len(other) == among > 2 and not query.what.ids:
            kind = self.naming.kind(query.what, 2)
            return f"none of the {among} {kind} is {self._word(query.attr, query.value)}"
        if isinstance(query.value, bool):
            return self._as_they_are(other)
        names = [f.thing for f in other]
        word = self._word(query.attr, query.value)
        return f"{self.naming.all_of(names)} {self.naming.are(names)} not {word}"

    def _as_they_are(self, findings: Sequence[Finding]) -> str:
        by_word: dict[str, list[str]] = {}
        for finding in findings:
            by_word.setdefault(self._word(finding.attr, finding.value), []).append(finding.thing)
        return listed(
            [
                f"{self.naming.all_of(alike)} {self.naming.are(alike)} {word}"
                for word, alike in by_word.items()
            ]
        )

    def _is_so(self, value: Value | None, wanted: Value | None) -> bool:
        if wanted == "any":
            return value not in (None, "none")
        return value == wanted

    def _word(self, attr: str, value: Value | None) -> str:
        if attr == "battery" and isinstance(value, float):
            return f"at {100 * value:.0f} %"
        if attr == "fill" and value == "any":
            return "full"
        return word_of(attr, value) if value is not None else "known"

    def _told(self, text: str, findings: tuple[Finding, ...]) -> Said:
        return f"{text}: {self.evidence.of(findings)}", findings
