"""What the site's memory knows: where things are, what was ever so, what was said. Each reading is noted."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic_core import to_json

from services.hub.people import Person
from services.hub.routes.shared import Api
from stem_memory.answers import queries
from stem_memory.answers.queries import Where
from stem_memory.answers.words import Found
from stem_memory.belief.spatial import Near
from stem_memory.history.facts import Fact
from stem_memory.log.store import EventStore
from stem_memory.privacy.acquaintance import Acquaintance
from stem_memory.privacy.audit import Audit
from stem_memory.privacy.keys import Keyring

Thing = Annotated[str, Query(min_length=1, max_length=200, description="A name or an id.")]


def memory(api: Api) -> APIRouter:
    """What a viewer may ask memory."""
    router = APIRouter(prefix="/memory")
    viewer = api.requires("viewer")

    @router.get("/where", summary="Where a thing is, who says so, and how sure that is")
    def where(thing: Thing, by: Person = viewer) -> list[Where]:
        with api.hub.memory() as store:
            return _noted(store, by, f"where {thing}", queries.where(store, thing))

    @router.get("/history", summary="Everything that was ever so of a thing, oldest first")
    def history(thing: Thing, attr: str | None = None, by: Person = viewer) -> list[Fact]:
        with api.hub.memory() as store:
            return _noted(store, by, f"history {thing}", queries.history(store, thing, attr))

    @router.get("/near", summary="What is around a thing, nearest first")
    def near(
        thing: Thing,
        radius_m: Annotated[float, Query(gt=0.0, le=1000.0)] = 2.0,
        by: Person = viewer,
    ) -> list[Near]:
        with api.hub.memory() as store:
            return _noted(store, by, f"near {thing}", queries.near_to(store, thing, radius_m))

    @router.get("/search", summary="What was said, wanted, seen or went wrong, by words")
    def search(
        words: Thing, limit: Annotated[int, Query(ge=1, le=100)] = 20, by: Person = viewer
    ) -> list[Found]:
        with api.hub.memory() as store:
            return _noted(store, by, f"search {words}", queries.search(store, words, limit))

    return router


def _noted(store: EventStore, by: Person, question: str, answer: Iterable[Any]) -> list[Any]:
    """The answer, once the audit has a note of who asked what, and whom it is about."""
    found = list(answer)
    known = Acquaintance()
    known.remember(store.state)
    asked, named = known.in_ids(question)
    _, shown = known.in_ids(to_json(found, inf_nan_mode="constants").decode())
    audit = Audit.beside(store.path, Keyring.beside(store.path))
    audit.note(by.name, "api", asked, (*named, *shown), round(time.time() * 1000))
    return found
