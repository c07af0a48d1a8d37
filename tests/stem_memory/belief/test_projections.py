"""Cubes, notes, task graphs and privacy as parts of one memory: stored, replayed, frozen, thawed."""

import typing

from stem_memory.belief.reducer import _FOLD
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Payload
from stem_memory.cubes.contracts import CubeChanged, Granted, Made, NoteItem, Revised, Touched
from stem_memory.cubes.contracts import CubeRevision as Revision
from stem_memory.cubes.revision import sealed
from stem_memory.log.freeze import freeze, thaw
from stem_memory.log.store import EventStore
from stem_memory.notes.contracts import Fix, Note, NoteProposed, NoteTried
from stem_memory.notes.signature import signed
from stem_memory.privacy.contracts import PrivacyChanged, RetentionSet, ZoneDrawn
from stem_memory.taskgraph.contracts import Check, Claim, Put, TaskChanged
from stem_memory.testing import body, events_of, start_of

NOTE = signed(
    Note(
        id="",
        skill="pick",
        symptom="the wet glass slips from the gripper",
        cause="water",
        fix=Fix(kind="advice", text="dry it with the towel"),
    )
)
TRIANGLE = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))


def story():
    first = sealed(
        Revision(id="", cube="c", parents=(), author="ann", t=1.0, put={"n": (NoteItem(note="x"),)})
    )
    second = sealed(first.model_copy(update={"parents": (first.id,), "t": 2.0, "id": ""}))

    def by_ann(change):
        return CubeChanged(by="ann", change=change)

    return [
        *start_of(bodies=[body("waiter-1", 5, 1)]),
        by_ann(Made(cube="c", owner="ann")),
        by_ann(Revised(revisions=(first, second))),
        by_ann(Granted(cube="c", who="bob", right="read")),
        by_ann(Touched(cube="c", entries=("n",))),
        CubeChanged(by="bob", change=Granted(cube="c", who="bob", right="manage")),
        NoteProposed(note=NOTE, by="test", episodes=("e1", "e2")),
        *(
            NoteTried(note=NOTE.id, episode=f"t{i}", applied=i % 3 > 0, success=i % 2 > 0)
            for i in range(9)
        ),
        TaskChanged(
            graph="g",
            by="ann",
            changes=(Put(task="a", intent="a"), Put(task="b", intent="b", after=("a",))),
        ),
        TaskChanged(graph="g", by="ann", changes=(Claim(task="b", executor="w"), Check(task="a"))),
        TaskChanged(graph="g", by="ann", changes=(Put(task="a", intent="other"),)),
        PrivacyChanged(change=ZoneDrawn(zone="z", polygon=TRIANGLE, from_s=0.0)),
        PrivacyChanged(change=RetentionSet(cls="person", keep_s=60.0)),
    ]


def test_every_kind_of_event_is_somebodys_business():
    kinds = {t.model_fields["kind"].default for t in typing.get_args(typing.get_args(Payload)[0])}
    projections = {
        "cube_changed",
        "note_proposed",
        "note_tried",
        "note_brought",
        "note_judged",
        "task_changed",
        "privacy_changed",
    }
    assert kinds == set(_FOLD) | projections | {"sealed"}


def test_they_are_stored_and_replayed(tmp_path):
    events = events_of(story())
    with EventStore.writer(tmp_path / "m.db", lambda: 0) as store:
        store.append(events)
        assert store.state.digest() == store.replay().digest() == MemoryState.of(events).digest()
        hits = store.search("wet glass")
    assert [(hit.kind, hit.about) for hit in hits] == [("note", NOTE.id)]


def test_what_is_thawed_goes_on_as_what_was_frozen():
    events = events_of(story())
    whole = MemoryState.of(events)
    for cut in range(len(events) + 1):
        state = MemoryState.of(events[:cut])
        # A question about a zone makes geometry, which is made again and not stored.
        state.projections.privacy.zone_at((5.0, 5.0), "person", 1.0)
        parts = {name: thaw(freeze(part)) for name, part in state.parts().items()}
        again = MemoryState.of_parts(parts)
        for event in events[cut:]:
            again.apply(event)
        assert again.digest() == whole.digest()
    assert again.projections.privacy.zone_at((0.2, 0.2), "person", 1.0) == "z"
