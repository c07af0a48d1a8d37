"""What comes from a pair of glasses. Seconds since the start of the recording; pixels.

A picture travels as a `Shot` (see `devices.glasses.shot`); everything else refers to it by its
`Frame`, so that ledgers and traces hold no pixels.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.noun import Noun

Verdict = Literal["good", "blurred", "dark", "covered", "same"]
FaultKind = Literal[
    "camera_lost",  # the source stopped answering
    "video_damaged",  # pictures can not be decoded
    "covered",  # something lies on the lens
    "dark",  # too dark to see
    "no_redaction",  # there is no face detector and nobody allowed to do without
    "no_voice",  # no text-to-speech here: captions only
    "no_hearing",  # no speech-to-text here: typed words only
    "no_network",  # a remote tool or model does not answer
    "skill_failed",  # a skill raised an error and is set aside
    "overload",  # pictures come faster than they can be looked at
]


class Box(Noun):
    """A rectangle in a picture as fractions of its width and height (0..1)."""

    left: float
    top: float
    right: float
    bottom: float


class Frame(Noun):
    """One picture as everything but the pixels: when it was taken and how good it is.

    `seq` counts the pictures of a source, dropped ones included. `blur` is the variance of the
    Laplacian (high is sharp), `brightness` the mean grey level (0..255) and `contrast` its standard
    deviation, all on a copy 160 pixels wide. `change` is the mean absolute difference to the last
    picture let through, or an eighth of the largest difference of one of its 32 × n cells. `full`
    says that the pixels have the source's own resolution; `redacted` counts covered places.
    """

    seq: int
    t: float
    width: int
    height: int
    blur: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    change: float = 0.0
    verdict: Verdict = "good"
    full: bool = True
    redacted: int = 0


class Words(Noun):
    """Something said near the glasses or typed to them. `by` is a person's id; "" the wearer."""

    kind: Literal["words"] = "words"
    t: float
    text: str
    by: str = ""
    channel: Literal["typed", "spoken"] = "typed"


class Fault(Noun):
    """Something is missing from time `t` on, told in one sentence."""

    kind: Literal["fault"] = "fault"
    t: float
    fault: FaultKind
    sentence: str


class Recovered(Noun):
    """What was missing is there again."""

    kind: Literal["recovered"] = "recovered"
    t: float
    fault: FaultKind
    sentence: str


class Ended(Noun):
    """The source has no more to give."""

    kind: Literal["ended"] = "ended"
    t: float


Signal = Annotated[Words | Fault | Recovered | Ended, Field(discriminator="kind")]
