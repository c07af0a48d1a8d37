"""Crossing light: says when a pedestrian light shows red or green.

A whole glasses skill in one file, and the one that `retinue glasses new-skill` starts from. It needs
a camera; it triggers when a glowing red or green disc appears or changes; before it speaks it must
have seen the colour; its tool turns the colour into advice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from devices.facts import Value
from devices.glasses.contracts import Box, Words
from devices.glasses.shot import Image, Shot
from services.alpha.contracts import (
    Content,
    Draft,
    Evidence,
    Gone,
    Hud,
    HudMark,
    LookRequest,
    LookResult,
    Notice,
    Silence,
    SkillSpec,
    SlotSpec,
    ToolCall,
    ToolSpec,
    Trigger,
    WearerProfile,
)
from services.alpha.skill import Case, Tool
from services.errors import UserError

SPEC = SkillSpec(
    name="crossing-light",
    title="Crossing light",
    look_frames=1,
    look_cost_s=0.05,
    deadline_s=3.0,
    repeat_s=2.0,
    slots=(SlotSpec(name="colour", min_confidence=0.7, max_age_s=2.0),),
    tools=(
        ToolSpec(name="crossing-light.advise", title="The advice for a light", needs=("colour",)),
    ),
    answers="may I cross?",
)
# A light is there when it fills this share of the picture, in this many pictures one after another.
SMALLEST = 0.0008
STEADY = 2
_ADVICE = {"red": "wait", "green": "walk"}


class CrossingLight:
    """Watches for the light and advises to wait or to walk."""

    def __init__(self) -> None:
        self._colour = ""
        self._candidate = ""
        self._count = 0
        self._since = 0.0
        self._version = 0

    @property
    def spec(self) -> SkillSpec:
        """What it needs and costs."""
        return SPEC

    def configure(self, settings: Mapping[str, Value]) -> None:
        """There is nothing to set."""
        if settings:
            raise UserError("the skill crossing-light has no settings")

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """Trigger when a light appears or changes; say when it is gone."""
        colour, box, _ = brightest(shot.pixels)
        if colour != self._candidate:
            self._candidate, self._count, self._since = colour, 0, shot.frame.t
        self._count += 1
        if self._count < STEADY or colour == self._colour:
            return ()
        self._colour = colour
        self._version += 1
        if not colour:
            return (
                Gone(
                    skill=SPEC.name,
                    t=shot.frame.t,
                    version=self._version,
                    reason="the light is out of sight",
                ),
            )
        return (
            Trigger(
                skill=SPEC.name,
                subject=f"light {self._version}",
                t=shot.frame.t,
                since_s=self._since,
                score=0.9,
                version=self._version,
                reason=f"a light turned {colour}",
                box=box,
            ),
        )

    def look(self, request: LookRequest, shots: Sequence[Shot]) -> LookResult:
        """Read the colour from the newest picture; a disc is surer than a smear."""
        shot = shots[-1]
        colour, box, roundness = brightest(shot.pixels)
        evidence: tuple[Evidence, ...] = ()
        if colour:
            evidence = (
                Evidence(
                    slot="colour",
                    value=colour,
                    confidence=round(roundness, 3),
                    t=shot.frame.t,
                    frame=shot.frame.seq,
                    box=box,
                ),
            )
        return LookResult(
            request=request.id,
            case=request.case,
            skill=SPEC.name,
            t=shot.frame.t,
            evidence=evidence,
            missing="" if colour else "no light is in sight",
        )

    def hear(self, words: Words, wearer: WearerProfile) -> Trigger | None:
        """May I cross?"""
        text = words.text.lower()
        if "cross" not in text or not any(w in text for w in ("can i", "may i", "should i")):
            return None
        return Trigger(
            skill=SPEC.name,
            subject="the light asked for",
            t=words.t,
            since_s=words.t,
            score=1.0,
            reason=f"the wearer asked {words.text!r}",
            asked=True,
            words=words.text,
        )

    def plan(self, case: Case) -> ToolCall | Silence | None:
        """One tool, once, from the colour that was seen."""
        colour = case.value("colour")
        if colour is None:
            return Silence(why="no light was seen", code="missing_evidence")
        if "crossing-light.advise" in case.results:
            return None
        return ToolCall(tool="crossing-light.advise", args={"colour": colour}, evidence=("colour",))

    def tools(self) -> Mapping[str, Tool]:
        """The one exact rule."""
        return {"crossing-light.advise": advise}

    def phrase(self, case: Case) -> Draft | Silence:
        """Wait, or walk."""
        result = case.results.get("crossing-light.advise")
        if result is None:
            return Silence(why="no light was seen", code="missing_evidence")
        colour, advice = str(case.value("colour")), str(result.value["advice"])
        tone = "warn" if advice == "wait" else "good"
        box = case.evidence["colour"].box
        marks = (HudMark(box=box, label=colour, tone=tone),) if box is not None else ()
        return Draft(
            wordings=(
                f"{advice.capitalize()}. The crossing light is {colour}.",
                f"{advice.capitalize()}: {colour}.",
                f"{advice.capitalize()}.",
            ),
            why=f"the light shows {colour}",
            score=0.9,
            hud=Hud(title="Crossing light", lines=(f"{colour}: {advice}",), marks=marks, tone=tone),
            answer=advice,
            urgent=advice == "wait",
        )

    def check(self, text: str, case: Case) -> str:
        """No text may say walk at red."""
        if case.value("colour") == "red" and "walk" in text.lower():
            return "the light is red"
        return ""


def advise(colour: str) -> Mapping[str, Content]:
    """What to do at a light of this colour. Raises ValueError for another colour."""
    if colour not in _ADVICE:
        raise ValueError(f"a crossing light is never {colour}")
    return {"advice": _ADVICE[colour]}


def brightest(pixels: Image) -> tuple[str, Box | None, float]:
    """Colour ("" for none), box, and roundness (0..1) of the larger glowing red or green patch."""
    height, width = pixels.shape[:2]
    blue, green, red = (pixels[:, :, k].astype(np.int16) for k in range(3))
    masks = {
        "red": (red > 170) & (red - green > 90) & (red - blue > 90),
        "green": (green > 160) & (green - red > 60) & (green - blue > 25),
    }
    colour, mask = max(masks.items(), key=lambda item: int(item[1].sum()))
    area = int(mask.sum())
    if area < SMALLEST * width * height:
        return "", None, 0.0
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    # A disc fills pi/4 of the square around it.
    square = max(bottom - top, right - left) ** 2
    roundness = min(1.0, area / square / (np.pi / 4))
    box = Box(
        left=round(left / width, 4),
        top=round(top / height, 4),
        right=round(right / width, 4),
        bottom=round(bottom / height, 4),
    )
    return colour, box, float(roundness)
