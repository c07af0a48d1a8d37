"""Shopping fit: the garment in the hand against the wearer's size, wardrobe and budget.

Perception: something is brought up to the middle of the view and held there (trigger); its tag is read by
OCR and its colour from its cloth (look). Kind, size and price come from the tag alone: where it cannot
be read, nothing is said.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from devices.facts import Value
from devices.glasses.contracts import Words
from devices.glasses.shot import Shot
from services.alpha.contracts import (
    Draft,
    Evidence,
    Gone,
    Hud,
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
from services.alpha.tools.fit import fit, order
from services.alpha.vision.cloth import colour_of_cloth
from services.alpha.vision.framed import middle_cover
from services.alpha.vision.ocr import INSTALL, Line, available, lines, load
from services.errors import UserError

NAME = "shopping-fit"
KINDS = (
    "polo shirt", "t-shirt", "shirt", "jacket", "jeans", "trousers", "dress", "skirt", "scarf",
    "coat", "sweater", "blouse", "shoes", "boots", "socks", "cap", "gloves",
)  # fmt: skip
STEADY_S = 0.3
BEFORE_S = 2.5
# Shares of the middle of the view: what a held garment covers at least, and adds to before.
LEAST_COVER = 0.14
GREW = 0.10
# A tag whose tallest print is lower than this share of the picture's width is another garment's.
LEAST_PRINT = 0.034
# What share of the cloth must have a colour before it is named.
COLOUR_SURE = 0.55
SPEC = SkillSpec(
    name=NAME,
    title="Shopping fit: does it fit, is it dear, do I have one",
    every_s=0.1,
    look_width=1280,
    look_frames=1,
    looks=2,
    look_cost_s=0.6,
    deadline_s=7.0,
    slots=(
        SlotSpec(name="kind", min_confidence=0.6, max_age_s=7.0),
        SlotSpec(name="size", min_confidence=0.6, max_age_s=7.0),
        SlotSpec(name="price", min_confidence=0.6, max_age_s=7.0, optional=True),
        SlotSpec(name="colour", min_confidence=COLOUR_SURE, max_age_s=7.0, optional=True),
    ),
    tools=(ToolSpec(name=f"{NAME}.fit", title="Size, budget, wardrobe", needs=("kind", "size")),),
    value=1.2,
    annoyance=1.0,
    repeat_s=20.0,
    answers='"does this fit me?", "is this my size?"',
)
_ASK = re.compile(r"\b(does (this|it) fit|(is|would) (this|it) (be )?my size|will (this|it) fit)\b")
_PRICE = re.compile(r"(?<!\d)(\d{1,4})[.,](\d{2})(?!\d)")
_SIZE = re.compile(r"\bSIZE\s*[:.]?\s*([A-Z0-9]{1,4})\b")
_VERDICTS = {
    "fits": "Your size",
    "too-small": "Too small",
    "too-large": "Too large",
}


class ShoppingFit:
    """The skill."""

    spec = SPEC

    def __init__(self) -> None:
        self._areas: deque[tuple[float, float]] = deque()
        self._held = False
        self._version = 0
        self._least = 0.0

    def configure(self, settings: Mapping[str, Value]) -> None:
        """There is nothing to set: sizes, wardrobe and budget are the wearer's."""
        if settings:
            raise UserError("shopping-fit has no settings: sizes and budget belong to the wearer")

    # -- perception --------------------------------------------------------------------------

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """Something grew in the middle of the view and is held there; or it is put back."""
        t = shot.frame.t
        area = middle_cover(shot.pixels)
        self._areas.append((t, area))
        while self._areas and t - self._areas[0][0] > BEFORE_S:
            self._areas.popleft()
        lately = [a for when, a in self._areas if t - when <= STEADY_S + 1e-6]
        if self._held:
            if max(lately) < 0.6 * self._least:
                self._held = False
                self._version += 1
                return (Gone(skill=NAME, t=t, version=self._version, reason="it is put back"),)
            return ()
        before = [a for when, a in self._areas if t - when > STEADY_S + 0.5]
        if len(before) < 3 or area < LEAST_COVER or len(lately) < 3:
            return ()
        steady = max(lately) - min(lately) <= 0.12 * area
        if not steady or area < float(np.median(before)) + GREW:
            return ()
        self._held, self._least = True, area
        self._version += 1
        return (
            Trigger(
                skill=NAME,
                subject=f"garment-{self._version}",
                t=t,
                since_s=round(max(0.0, t - STEADY_S), 3),
                score=0.75,
                version=self._version,
                reason="the wearer holds something up",
            ),
        )

    def prepare(self) -> None:
        """Load the reader of print."""
        load()

    def look(self, request: LookRequest, shots: Sequence[Shot]) -> LookResult:
        """Read the tag and the colour of the cloth."""
        shot = shots[-1]
        t = shot.frame.t
        found = near_print(lines(shot.pixels))
        evidence = [*_tag(found, t), *_colour(shot, found, t)]
        have = {e.slot for e in evidence}
        if not available():
            missing = f"text cannot be read here: {INSTALL}"
        else:
            lacking = [name for name in ("kind", "size") if name not in have]
            missing = f"the tag does not show {' and '.join(lacking)}" if lacking else ""
        return LookResult(
            request=request.id,
            case=request.case,
            skill=NAME,
            t=t,
            evidence=tuple(evidence),
            missing=missing,
        )

    # -- words and deciding ------------------------------------------------------------------

    def hear(self, words: Words, wearer: WearerProfile) -> Trigger | None:
        """Does this fit me?"""
        if not _ASK.search(words.text.lower()):
            return None
        return Trigger(
            skill=NAME,
            subject="asked",
            t=words.t,
            since_s=words.t,
            score=1.0,
            reason="the wearer asks about the fit",
            asked=True,
            words=words.text,
        )

    def plan(self, case: Case) -> ToolCall | Silence | None:
        """Compare what the tag says with what is known of the wearer."""
        kind, size = case.value("kind"), case.value("size")
        if kind is None or size is None or f"{NAME}.fit" in case.results:
            return None
        mine = case.wearer.sizes.get(str(kind))
        if mine is None:
            if case.trigger.asked:
                return None
            return Silence(why=f"the wearer's size in {kind} is not known", code="not_useful")
        if _scale(str(size)) != _scale(mine):
            return Silence(why=f"size {size} is on another scale than {mine}", code="not_useful")
        args: dict[str, object] = {"category": kind, "size": size, "mine": mine}
        used = ["kind", "size"]
        for slot in ("price", "colour"):
            value = case.value(slot)
            if value is not None:
                args[slot] = value
                used.append(slot)
        if "budget" in case.wearer.preferences:
            args["budget"] = case.wearer.preferences["budget"]
        args["owned"] = tuple((g.name, g.category, g.colour) for g in case.wearer.wardrobe)
        return ToolCall.model_validate({"tool": f"{NAME}.fit", "args": args, "evidence": used})

    def tools(self) -> Mapping[str, Tool]:
        """The arithmetic."""
        return {f"{NAME}.fit": fit}

    def phrase(self, case: Case) -> Draft | Silence:
        """The verdict, then what else matters."""
        result = case.results.get(f"{NAME}.fit")
        kind, size = case.value("kind"), case.value("size")
        if result is None:
            if kind is not None and case.trigger.asked:
                text = f"I don't know your size in {kind}. What is it?"
                return Draft(wordings=(text,), why="the wearer's size is not known", score=1.0)
            return Silence(why="the tag could not be read", code="missing_evidence")
        verdict = str(result.value["verdict"])
        head = f"{_VERDICTS[verdict]}: {size}"
        mine = case.wearer.sizes.get(str(kind), "")
        if verdict != "fits":
            head += f", you wear {mine}"
        more = []
        if float(str(result.value["over"])) > 0:
            more.append(f"{float(str(result.value['over'])):g} over your budget")
        if result.value["twin"]:
            more.append(f"you have {result.value['twin']}")
        full = f"{head}. {'; '.join(more).capitalize()}." if more else f"{head}."
        wordings = (
            (full, f"{head}.", f"{_VERDICTS[verdict]}.")
            if more
            else (full, f"{_VERDICTS[verdict]}.")
        )
        return Draft(
            wordings=wordings,
            why=f"a {kind} of size {size} is in the wearer's hands",
            score=0.85,
            hud=Hud(
                title=_VERDICTS[verdict],
                lines=(f"{kind} {size}", str(case.value("price") or "")),
                tone="good" if verdict == "fits" and not more else "warn",
            ),
            answer=verdict,
        )

    def check(self, text: str, case: Case) -> str:
        """Text must not say that it fits when it does not, or the other way round."""
        result = case.results.get(f"{NAME}.fit")
        if result is None:
            return ""
        verdict = str(result.value["verdict"])
        words = text.lower()
        for other, phrase in _VERDICTS.items():
            if other != verdict and phrase.lower() in words:
                return f"the text says {phrase.lower()!r}, the sizes say {verdict}"
        return ""


def _scale(size: str) -> str:
    try:
        return order(size)[0]
    except ValueError:
        return ""


def near_print(found: Sequence[Line]) -> list[Line]:
    """The lines of the tag that is held up: tall print, close together."""
    lead = max(found, key=lambda line: (line.height, line.text), default=None)
    if lead is None or lead.height < LEAST_PRINT:
        return []
    return [
        line
        for line in found
        if line.height >= 0.7 * lead.height
        and abs(line.x - lead.x) < 3.0 * lead.height
        and abs(line.y - lead.y) < 6.0 * lead.height
    ]


def _tag(found: Sequence[Line], t: float) -> list[Evidence]:
    """Kind, size and price as printed."""
    evidence: dict[str, Evidence] = {}
    for line in found:
        text = line.text.strip()
        price, size = _PRICE.search(text), _SIZE.search(text.upper().replace("SIZE", "SIZE "))
        kind = next((k for k in KINDS if _squeezed(k) == _squeezed(text)), None)
        values: dict[str, Value] = {}
        if price is not None:
            values["price"] = float(f"{price[1]}.{price[2]}")
        if size is not None and _scale(size[1]):
            values["size"] = size[1]
        if kind is not None:
            values["kind"] = kind
        for slot, value in values.items():
            sure = round(min(1.0, line.confidence), 4)
            if slot not in evidence or sure > evidence[slot].confidence:
                evidence[slot] = Evidence(slot=slot, value=value, confidence=sure, t=t)
    return [evidence[slot] for slot in sorted(evidence)]


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _colour(shot: Shot, tag: Sequence[Line], t: float) -> list[Evidence]:
    """The colour of the cloth that is held, by the light on its tag."""
    seen = colour_of_cloth(shot.pixels, tag)
    if seen is None:
        return []
    return [Evidence(slot="colour", value=seen[0], confidence=round(seen[1], 3), t=t)]
