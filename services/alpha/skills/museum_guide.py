"""Museum guide: names the work the wearer has stopped at, and tells what they do not know yet.

Perception: the view stays and a large figure fills its middle (trigger); details matched against the
catalogue and verified by geometry (look). A work that is not verified is not named.

Settings: `catalogue`, the path of a JSON file that lists works: id, title, artist, year, picture (a path
beside it), facts (texts).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from devices.facts import Value
from devices.glasses.contracts import Box, Words
from devices.glasses.shot import Shot
from devices.noun import Noun
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
from services.alpha.vision import opencv as cv
from services.alpha.vision.artworks import Gallery
from services.alpha.vision.framed import Dwelling, figure
from services.errors import UserError

NAME = "museum-guide"
DWELL_S = 1.2
LEAST_AREA = 0.10
SPEC = SkillSpec(
    name=NAME,
    title="Museum guide: the work in front of you",
    every_s=0.1,
    look_width=960,
    look_frames=1,
    looks=2,
    look_cost_s=0.2,
    deadline_s=12.0,
    slots=(SlotSpec(name="work", min_confidence=0.6, max_age_s=12.0),),
    tools=(ToolSpec(name="museum-guide.about", title="What the catalogue says", needs=("work",)),),
    value=1.5,
    annoyance=1.0,
    repeat_s=3600.0,
    answers='"what is this?", "who painted this?", "tell me more"',
)
_ASK = re.compile(
    r"\b(what (is|am i looking at)|who (painted|made) (this|that|it)|tell me about (this|it))\b"
)
_ART = re.compile(r"\b(this|that|it|painting|picture|work|print|sculpture)\b")


class Work(Noun):
    """One entry of a catalogue."""

    id: str
    title: str
    artist: str = ""
    year: str = ""
    picture: str
    facts: tuple[str, ...] = ()


class MuseumGuide:
    """The skill."""

    spec = SPEC

    def __init__(self) -> None:
        self.works: dict[str, Work] = {}
        self._path = ""
        self._gallery: Gallery | None = None
        self._dwelling = Dwelling(DWELL_S)
        self._told_since = -1.0
        self._version = 0
        self._dull = 0

    def configure(self, settings: Mapping[str, Value]) -> None:
        """Take the catalogue's path."""
        unknown = sorted(set(settings) - {"catalogue"})
        if unknown:
            raise UserError(f"museum-guide knows no setting {unknown[0]!r}: give catalogue")
        if "catalogue" not in settings:
            return
        path = Path(str(settings["catalogue"]))
        try:
            found = TypeAdapter(tuple[Work, ...]).validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError) as error:
            raise UserError(
                f"the catalogue {path} cannot be used ({type(error).__name__}): give a JSON list of "
                "works with id, title, artist, year, picture, facts"
            ) from error
        self.works = {work.id: work for work in found}
        self._path = str(path.parent)

    # -- perception --------------------------------------------------------------------------

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """The wearer has stopped, and something large is in the middle."""
        if not self.works:
            return ()
        t = shot.frame.t
        since = self._dwelling.stays(shot.pixels, t)
        if since is None:
            return self._left(t)
        if since <= self._told_since:
            return ()
        seen = figure(shot.pixels)
        if seen is None or seen.area < LEAST_AREA or seen.fill < 0.6:
            return ()
        self._told_since = t
        self._version += 1
        box = Box(left=seen.left, top=seen.top, right=seen.right, bottom=seen.bottom)
        return (
            Trigger(
                skill=NAME,
                subject=f"stop-{self._version}",
                t=t,
                since_s=round(since, 3),
                score=0.8,
                version=self._version,
                reason="the wearer has stopped in front of something",
                box=box,
            ),
        )

    def _left(self, t: float) -> Sequence[Notice]:
        if self._told_since < 0:
            return ()
        self._told_since = -1.0
        self._version += 1
        return (Gone(skill=NAME, t=t, version=self._version, reason="the wearer walks on"),)

    def prepare(self) -> None:
        """Read the pictures of the catalogue."""
        self._gallery_now()

    def look(self, request: LookRequest, shots: Sequence[Shot]) -> LookResult:
        """Recognise and verify."""
        shot = shots[-1]
        match = self._gallery_now().find(shot.pixels)
        height, width = shot.pixels.shape[:2]
        evidence: tuple[Evidence, ...] = ()
        if match is not None:
            low, high = match.corners.min(axis=0), match.corners.max(axis=0)
            box = Box(
                left=round(max(0.0, float(low[0]) / width), 4),
                top=round(max(0.0, float(low[1]) / height), 4),
                right=round(min(1.0, float(high[0]) / width), 4),
                bottom=round(min(1.0, float(high[1]) / height), 4),
            )
            evidence = (
                Evidence(
                    slot="work",
                    value=match.name,
                    confidence=match.confidence,
                    t=shot.frame.t,
                    box=box,
                ),
            )
        return LookResult(
            request=request.id,
            case=request.case,
            skill=NAME,
            t=shot.frame.t,
            evidence=evidence,
            missing="" if evidence else "no work of the catalogue is in sight",
        )

    def _gallery_now(self) -> Gallery:
        if self._gallery is None:
            names, pictures = [], []
            for work in self.works.values():
                picture = cv.read_picture(Path(self._path) / work.picture)
                if picture is not None:
                    names.append(work.id)
                    pictures.append(picture)
            self._gallery = Gallery(names, pictures)
        return self._gallery

    # -- words and deciding ------------------------------------------------------------------

    def hear(self, words: Words, wearer: WearerProfile) -> Trigger | None:
        """What is this?"""
        text = words.text.lower()
        if not self.works or not _ASK.search(text) or not _ART.search(text):
            return None
        return Trigger(
            skill=NAME,
            subject="asked",
            t=words.t,
            since_s=words.t,
            score=1.0,
            reason="the wearer asks about the work",
            asked=True,
            words=words.text,
        )

    def plan(self, case: Case) -> ToolCall | Silence | None:
        """Look the work up, unless the wearer knows it already."""
        work = case.value("work")
        if work is None:
            return None
        if f"work:{work}" in case.wearer.known and not case.trigger.asked:
            return Silence(why=f"the wearer knows {work}", code="nothing_new")
        if f"{NAME}.about" in case.results:
            return None
        return ToolCall(tool=f"{NAME}.about", args={"work": work}, evidence=("work",))

    def tools(self) -> Mapping[str, Tool]:
        """The catalogue."""
        return {f"{NAME}.about": self._about}

    def _about(self, work: Value) -> Mapping[str, Content]:
        found = self.works.get(str(work))
        if found is None:
            raise ValueError(f"{work} is not in the catalogue")
        return {
            "title": found.title,
            "artist": found.artist,
            "year": found.year,
            "facts": found.facts,
        }

    def phrase(self, case: Case) -> Draft | Silence:
        """The name, then what is new to this wearer."""
        about = case.results.get(f"{NAME}.about")
        work = case.value("work")
        if about is None or work is None:
            return Silence(why="no work was recognised", code="missing_evidence")
        title, artist = str(about.value["title"]), str(about.value["artist"])
        year = str(about.value["year"]).rstrip(".")
        met = f"artist:{artist}" in case.wearer.known
        named = f"{title}, another one by {artist}" if met else f"{title}, by {artist}"
        dated = f"{named}, {year}." if year else f"{named}."
        facts = about.value["facts"]
        news = (
            [str(f) for f in facts if f"fact:{f}" not in case.wearer.known]
            if isinstance(facts, tuple)
            else []
        )
        found = case.evidence["work"]
        wordings = [" ".join([dated, *news[:1]])] if news else []
        return Draft(
            wordings=(*wordings, dated, f"{title}, {artist}.") if artist else (*wordings, dated),
            why=f"the wearer stands in front of {title} and does not know it yet",
            score=min(0.95, 0.55 + 0.4 * found.confidence),
            hud=Hud(
                title=title,
                lines=tuple(line for line in (artist, year) if line),
                marks=(HudMark(box=found.box, label=title),) if found.box else (),
            ),
            answer=str(work),
            knows=(f"work:{work}", f"artist:{artist}", *(f"fact:{f}" for f in news[:1])),
        )

    def check(self, text: str, case: Case) -> str:
        """Text must not name another work of the catalogue."""
        work = case.value("work")
        for other in self.works.values():
            if other.id != work and len(other.title) > 6 and other.title.lower() in text.lower():
                return f"the text names {other.title}, which is not the work in sight"
        return ""
