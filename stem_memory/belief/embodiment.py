"""One body as memory knows it: what it was and since when, how it is, and what it has learnt."""

from __future__ import annotations

from devices.noun import Noun
from stem_memory.belief.bodies import Revision
from stem_memory.belief.experience import Expectation
from stem_memory.belief.state import MemoryState
from stem_memory.view import BodyRecord


class Learnt(Noun):
    """What to expect of a body at a skill, with a class of object at a place ("": any)."""

    skill: str
    cls: str
    place: str
    expected: Expectation


class BodyStory(Noun):
    """A body: every embodiment it had, oldest first, its last report, and what experience says."""

    body: str
    record: BodyRecord
    room: str | None
    revisions: tuple[Revision, ...]
    learnt: tuple[Learnt, ...]


def body_story(memory: MemoryState, body: str) -> BodyStory:
    """All that is known of a body.

    Raises:
        KeyError: There is no such body.
    """
    record = memory.bodies()[body]
    cells = sorted(
        (one.skill, one.cls, one.place)
        for one in memory.tried()
        if one.who == body and not one.is_kind
    )
    learnt = []
    for skill, cls, place in cells:
        expected = memory.expect(body, skill, cls, place)
        if expected is not None:
            learnt.append(Learnt(skill=skill, cls=cls, place=place, expected=expected))
    return BodyStory(
        body=body,
        record=record,
        room=memory.room_of(body),
        revisions=memory.revisions(body),
        learnt=tuple(learnt),
    )
