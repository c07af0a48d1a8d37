"""Where did I leave it: remembers where known things lie, and answers when asked.

Perception: the view of a surface settles (silent trigger); the surface is named by its mark, things by
their colours and shape as enrolled (look). What is seen goes to memory; nothing is said unasked.

Settings: `things`, the path of a JSON file that lists id, names and picture (with transparency, a path
beside it); `places`, marks and the places they name, "3=desk,7=kitchen-counter".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from devices.contracts import Sighting
from devices.facts import Location, Value
from devices.glasses.contracts import Words
from devices.glasses.shot import Shot
from devices.noun import Noun
from services.alpha.contracts import (
    Draft,
    Hud,
    LookRequest,
    LookResult,
    Notice,
    Silence,
    SkillSpec,
    ToolCall,
    Trigger,
    WearerProfile,
)
from services.alpha.skill import Case, Tool
from services.alpha.vision import opencv as cv
from services.alpha.vision.framed import Dwelling
from services.alpha.vision.things import Known, balanced, enrol, spot
from services.errors import UserError

NAME = "where-is-it"
SETTLE_S = 0.6
AGAIN_S = 1.5
SEARCH_S, SEARCH_WIDTH = 0.6, 480
SPEC = SkillSpec(
    name=NAME,
    title="Where did I leave it",
    every_s=0.2,
    look_width=1280,
    look_frames=1,
    looks=1,
    look_cost_s=0.1,
    deadline_s=6.0,
    value=1.0,
    annoyance=1.0,
    repeat_s=1.0,
    answers='"where did I leave my keys?", "bring me my keys"',
)
_WHERE = re.compile(
    r"\bwhere(?: did i (?:leave|put)| (?:is|are)|'s| have i (?:left|put))\s+(?:my |the )?(?P<thing>[\w -]+)"
)
_BRING = re.compile(r"\b(?:bring|fetch|get) me (?P<what>(?:my |the )?(?P<thing>[\w -]+))")


class Thing(Noun):
    """Something enrolled."""

    id: str
    names: tuple[str, ...]
    picture: str


class WhereIsIt:
    """The skill."""

    spec = SPEC

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.places: dict[int, str] = {}
        self._folder = Path()
        self._known: dict[str, Known] | None = None
        self._dwelling = Dwelling(SETTLE_S, reach=0.10)
        self._looked_s = self._searched_s = -1e9
        self._count = 0

    def configure(self, settings: Mapping[str, Value]) -> None:
        """Take the things and the places."""
        unknown = sorted(set(settings) - {"things", "places"})
        if unknown:
            raise UserError(f"where-is-it knows no setting {unknown[0]!r}: give things and places")
        if "things" in settings:
            path = Path(str(settings["things"]))
            try:
                found = TypeAdapter(tuple[Thing, ...]).validate_json(path.read_text("utf-8"))
            except (OSError, ValidationError) as error:
                raise UserError(
                    f"the things in {path} cannot be used ({type(error).__name__}): give a JSON list "
                    "with id, names and picture"
                ) from error
            self.things = {thing.id: thing for thing in found}
            self._folder = path.parent
        try:
            pairs = [p.split("=") for p in str(settings.get("places", "")).split(",") if p.strip()]
            self.places = {int(number): name.strip() for number, name in pairs}
        except ValueError as error:
            raise UserError("places are given as MARK=NAME,MARK=NAME, such as 3=desk") from error

    # -- perception --------------------------------------------------------------------------

    def notice(self, shot: Shot) -> Sequence[Notice]:
        """The view has settled: look and remember."""
        t = shot.frame.t
        since = self._dwelling.stays(shot.pixels, t)
        if not self.things or since is None or t - self._looked_s < AGAIN_S:
            return ()
        if t - self._searched_s < SEARCH_S:
            return ()
        self._searched_s = t
        if not cv.marks(_searched(shot.pixels)):
            return ()
        self._looked_s = t
        self._count += 1
        return (
            Trigger(
                skill=NAME,
                subject=f"surface-{self._count}",
                t=t,
                since_s=round(since, 3),
                score=0.5,
                reason="a marked surface is in view",
                silent=True,
            ),
        )

    def prepare(self) -> None:
        """Learn the enrolled things."""
        self._enrolled()

    def look(self, request: LookRequest, shots: Sequence[Shot]) -> LookResult:
        """Which known things lie on which marked surface."""
        shot = shots[-1]
        sightings: list[Sighting] = []
        found = [m for m in cv.marks(cv.grey(shot.pixels)) if m[0] in self.places]
        if len(found) == 1:
            number, corners = found[0]
            place = self.places[number]
            sightings.append(_place(place))
            for item in spot(balanced(shot.pixels, corners), self._enrolled()):
                thing = self.things[item.name]
                sightings.append(
                    Sighting(
                        id=thing.id,
                        cls=thing.id,
                        names=thing.names,
                        location=Location(relation="on", holder=place),
                        x=round(item.x, 3),
                        y=round(item.y, 3),
                        confidence=item.confidence,
                    )
                )
        return LookResult(
            request=request.id,
            case=request.case,
            skill=NAME,
            t=shot.frame.t,
            sightings=tuple(sightings),
            missing="" if found else "no marked surface is in view",
        )

    def _enrolled(self) -> dict[str, Known]:
        if self._known is None:
            self._known = {}
            for thing in self.things.values():
                picture = cv.read_picture(self._folder / thing.picture)
                if picture is not None and picture.ndim == 3 and picture.shape[2] == 4:
                    self._known[thing.id] = enrol(picture)
        return self._known

    # -- words and deciding ------------------------------------------------------------------

    def hear(self, words: Words, wearer: WearerProfile) -> Trigger | None:
        """Where is it? Bring it."""
        text = words.text.lower().strip(" .?!")
        asked = _WHERE.search(text) or _BRING.search(text)
        if asked is None or self._thing(asked["thing"]) is None:
            return None
        return Trigger(
            skill=NAME,
            subject=self._thing(asked["thing"]) or "",
            t=words.t,
            since_s=words.t,
            score=1.0,
            reason="the wearer asks for a thing",
            asked=True,
            look=False,
            words=words.text,
        )

    def _thing(self, words: str) -> str | None:
        wanted = words.strip()
        for thing in self.things.values():
            names = {thing.id.replace("-", " "), *(n.lower() for n in thing.names)}
            if wanted in names or wanted.rstrip("s") in names:
                return thing.id
        return None

    def plan(self, case: Case) -> ToolCall | Silence | None:
        """Ask memory."""
        if not case.trigger.asked:
            return Silence(why="only to be remembered", code="not_useful")
        if "memory.where" in case.results:
            return None
        return ToolCall(tool="memory.where", args={"thing": case.trigger.subject})

    def tools(self) -> Mapping[str, Tool]:
        """None of its own: memory knows."""
        return {}

    def phrase(self, case: Case) -> Draft | Silence:
        """The place, and how long ago it was seen there; or a wish to the robots."""
        result = case.results.get("memory.where")
        if result is None:
            return Silence(why="nothing was asked", code="not_useful")
        name = self._name(case.trigger.subject)
        bring = _BRING.search(case.trigger.words.lower())
        if bring is not None:
            text = f"I'll have your {name} brought."
            return Draft(
                wordings=(text,), why="the wearer wants it brought", score=1.0,
                wish=f"bring me {bring['what']}",
            )  # fmt: skip
        if not result.value.get("found"):
            text = f"I have not seen your {name}."
            return Draft(wordings=(text,), why="it was not seen", score=1.0)
        place, age = str(result.value["place_name"]), float(str(result.value["age_s"]))
        where = f"{result.value['relation']} the {place}"
        how, by = str(result.value.get("how", "seen")), str(result.value.get("by", ""))
        told = _told(how, by, _ago(age))
        return Draft(
            wordings=(f"Your {name}: {where}, {told}.", f"{where.capitalize()}."),
            why=f"it was last {how} {where}" if how == "seen" else f"it is {how} to be {where}",
            score=1.0,
            hud=Hud(title=name, lines=(where, told if by or how != "seen" else _ago(age))),
            answer=str(result.value["place"]),
        )

    def _name(self, thing: str) -> str:
        known = self.things.get(thing)
        return known.names[0] if known is not None and known.names else thing.replace("-", " ")

    def check(self, text: str, case: Case) -> str:
        """Text must not name another place than memory's."""
        result = case.results.get("memory.where")
        if result is None or not result.value.get("found"):
            return ""
        for place in self.places.values():
            if place != result.value["place"] and place.replace("-", " ") in text.lower():
                return f"the text says {place}, it was seen at {result.value['place']}"
        return ""


def _searched(image: cv.Image) -> cv.Grey:
    """As much of a picture as it takes to see that there is a mark."""
    width = min(SEARCH_WIDTH, image.shape[1])
    return cv.grey(cv.resized(image, width, round(image.shape[0] * width / image.shape[1])))


def _place(place: str) -> Sighting:
    return Sighting(
        id=place,
        cls="surface",
        category="fixture",
        names=(place.replace("-", " "),),
        x=0.5,
        y=0.5,
        confidence=0.99,
    )


def _told(how: str, by: str, ago: str) -> str:
    """Who knows the place, and since when: by whom it was seen, or only said."""
    if how == "supposed":
        return "not seen there yet"
    if how == "said":
        return f"{by} said so {ago}"
    return f"seen {ago} by {by}" if by else f"seen {ago}"


def _ago(seconds: float) -> str:
    if seconds < 60:
        return f"{round(seconds)} second{'s' if round(seconds) != 1 else ''} ago"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} minute{'s' if minutes != 1 else ''} ago"
    return f"{round(minutes / 60)} hours ago"
