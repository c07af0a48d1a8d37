"""Evidence: one believed value with its pedigree, and how trust in it fades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from devices.facts import Category
from stem_memory.view import Belief

SURVEY = "survey"
CLASS = "class"
# A survey was drawn by a person, some time ago; a class default is only what is usual.
SURVEY_CONFIDENCE = 0.8
CLASS_CONFIDENCE = 0.5
# What a body says of itself (its pose, what it holds) comes from its own encoders.
SELF_CONFIDENCE = 0.99
# A person says so.
STATED_CONFIDENCE = 0.9
# To see a thing is worth more than to miss it.
VAIN_LOOK_CONFIDENCE = 0.9

# Half-lives of trust in seconds. People walk, objects are moved by people, states last longest.
_LOCATION_HALF_LIFE: dict[Category, float] = {"person": 120.0, "body": 60.0, "object": 1800.0}
_STATE_HALF_LIFE = 3600.0

V = TypeVar("V")
Rival = tuple[V, str, float]
Outcome = Literal["changed", "same", "late", "outranked"]


@dataclass(slots=True)
class Evidence(Generic[V]):
    """A value, true since `since`, last evidenced at `seen` (seconds), by `source`.

    `rival`: what another source said of the very same instant, until newer evidence settles it.
    """

    value: V
    since: float
    seen: float
    source: str
    confidence: float
    rival: Rival[V] | None = None

    @property
    def observed(self) -> bool:
        """Whether somebody has seen it; a survey and a class default are hearsay."""
        return self.source != SURVEY

    def renew(self, value: V, t: float, source: str, confidence: float) -> Outcome:
        """Take newer evidence in.

        Evidence older than what is known (a late report) is left out. Where two sources disagree
        about the same instant, what was seen beats hearsay, then the surer one wins, then the name
        decides, so that the order of arrival does not. A source may correct itself.
        """
        if t < self.seen:
            return "late"
        changed = bool(self.value != value)
        if t > self.seen:
            self.rival = None
        elif source != self.source:
            ours = (self.observed, self.confidence, self.source)
            theirs = (source != SURVEY, confidence, source)
            if changed and self.observed and source != SURVEY:
                self.rival = (
                    (value, source, confidence)
                    if ours > theirs
                    else (self.value, self.source, self.confidence)
                )
            if ours > theirs:
                return "outranked" if changed else "same"
        if changed:
            self.value = value
            self.since = t
        self.seen = t
        self.source = source
        self.confidence = confidence
        return "changed" if changed else "same"


def usual_half_life(category: Category, attr: str) -> float | None:
    """Seconds after which trust in a belief is halved before anything was learned; None: never."""
    if attr != "location":
        return _STATE_HALF_LIFE
    return _LOCATION_HALF_LIFE.get(category)


def faded(confidence: float, age_s: float, half_life_s: float | None) -> float:
    """Confidence after `age_s` seconds without new evidence: exponential decay."""
    if half_life_s is None or age_s <= 0.0:
        return confidence
    return float(confidence * 0.5 ** (age_s / half_life_s))


def as_belief(
    evidence: Evidence[V], value: bool | int | float | str | None, now: float, fade: float | None
) -> Belief:
    """The public form of evidence, with the trust that is left at `now` (half-life `fade`)."""
    return Belief(
        value=value,
        since_s=evidence.since,
        seen_s=evidence.seen,
        source=evidence.source,
        confidence=round(faded(evidence.confidence, now - evidence.seen, fade), 3),
    )
