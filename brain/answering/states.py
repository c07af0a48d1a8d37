"""Answers about states: whether the oven is off, which lamps are on."""

from __future__ import annotations

from collections.abc import Sequence

from brain.answering.evidence import Evidence, found
from brain.answering.naming import Naming, listed, sentence, word_of
from devices.facts import Value, select
from stem_memory.tasks import Finding, Query

Said = tuple[str, tuple[Finding, ...]]


class StateAnswers:
    """Answers of one goal that are about states. `unlooked`: why nobody looked, "": somebody did."""

    def __init__(self, naming: Naming, evidence: Evidence, unlooked: str) -> None:
        self.naming = naming
        self.evidence = evidence
        self.unlooked = unlooked
        self.view = naming.view

    def state(self, query: Query) -> Said:
        """The value of each of the things."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        if not findings:
            return self._unknown(query, things), ()
        by_word: dict[str, list[str]] = {}
        for finding in findings:
            by_word.setdefault(self._word(query.attr, finding.value), []).append(finding.thing)
        told = [
            f"{self.naming.all_of(alike)} {self.naming.are(alike)} {word}"
            for word, alike in by_word.items()
        ]
        return self._told(listed(told), findings), findings

    def whether(self, query: Query) -> Said:
        """Yes or no: whether all of the things are so."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        if not findings:
            return self._unknown(query, things), ()
        so = [f for f in findings if self._is_so(f.value, query.value)]
        other = [f for f in findings if f not in so]
        unknown = [t for t in things if t not in {f.thing for f in findings}]
        word = self._word(query.attr, query.value)
        if not other and unknown:
            text = self._unknown(query, unknown)
            return text, tuple(findings)
        if not other:
            text = f"{self._all(query, things)} {word}"
            return "Yes, " + self._told(text, so), tuple(so)
        if len(things) == 1:
            text = self._as_it_is(query, other[0])
        elif so:
            names = self.naming.all_of([f.thing for f in other])
            text = f"not all of them: {names} {self.naming.are([f.thing for f in other])} not"
        else:
            text = f"none of the {len(things)} {self.naming.kind(query.what, 2)} is {word}"
        return "No, " + self._told(text, other), tuple(other)

    def which(self, query: Query) -> Said:
        """Those of the things that are so."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        if not findings:
            return self._unknown(query, things), ()
        so = [f for f in findings if self._is_so(f.value, query.value)]
        word = self._word(query.attr, query.value)
        if not so:
            many = len(things) > 1
            kind = self.naming.kind(query.what, 2)
            text = (
                f"none of the {len(things)} {kind} is {word}"
                if many
                else (f"{self.naming.the(things[0])} {self.naming.are(things)} not {word}")
            )
            return self._told(text, findings), findings
        alike = [f.thing for f in so]
        text = f"{self.naming.all_of(alike)} {self.naming.are(alike)} {word}"
        rest = len(things) - len(so)
        if rest:
            text += f", the other {rest} are not" if rest > 1 else ", the other one is not"
        return self._told(text, findings), findings

    def how_many(self, query: Query) -> Said:
        """How many of the things are so."""
        things = select(query.what, self.view)
        findings = self._findings(things, query.attr)
        if not findings:
            return self._unknown(query, things), ()
        so = [f.thing for f in findings if self._is_so(f.value, query.value)]
        word = self._word(query.attr, query.value)
        kind = self.naming.kind(query.what, len(things))
        text = f"{len(so) or 'none'} of the {len(things)} {kind} {'are' if len(so) > 1 else 'is'} {word}"
        if 0 < len(so) < len(things):
            text += f" ({self.naming.all_of(so)})"
        return self._told(text, findings), findings

    # -- parts ---------------------------------------------------------------------------------

    def _findings(self, things: Sequence[str], attr: str) -> tuple[Finding, ...]:
        made = (found(thing, attr, self.view) for thing in things)
        return tuple(finding for finding in made if finding is not None)

    def _unknown(self, query: Query, things: Sequence[str]) -> str:
        word = self._word(query.attr, query.value)
        if not things:
            return sentence(f"nobody knows of any {self.naming.kind(query.what)} here{self._why()}")
        names = self.naming.all_of(things)
        return sentence(
            f"nobody knows whether {names} {self.naming.are(things)} {word}{self._why()}"
        )

    def _all(self, query: Query, things: Sequence[str]) -> str:
        if query.what.ids or len(things) < 3:
            return f"{self.naming.all_of(things)} {self.naming.are(things)}"
        return f"all {len(things)} {self.naming.kind(query.what, 2)} are"

    def _as_it_is(self, query: Query, finding: Finding) -> str:
        names = self.naming.the(finding.thing)
        verb = self.naming.are([finding.thing])
        if isinstance(query.value, bool) and isinstance(finding.value, bool):
            return f"{names} {verb} {self._word(query.attr, finding.value)}"
        return f"{names} {verb} not {self._word(query.attr, query.value)} but " + (
            self._word(query.attr, finding.value)
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

    def _told(self, text: str, findings: Sequence[Finding]) -> str:
        joint = ";" if ":" in text else ":"
        told = f"{text}{joint} {self.evidence.of(findings)}{self._why()}"
        return sentence(told) if not text.startswith(("not all", "none")) else f"{told}."

    def _why(self) -> str:
        return f"; nobody could look: {self.unlooked}" if self.unlooked else ""
