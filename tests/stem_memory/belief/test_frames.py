"""A new map moves memories without rewriting them; reports in other frames find their place."""

from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_memory.belief.frames import Frames, Transform
from stem_memory.contracts import FrameAligned
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, memory_of, observed, sighting, start_of

START = {"things": {"mug-1": "mug on table-1"}, "bodies": [body("waiter-1", 5, 1)]}
METRES = st.floats(-50, 50)
MOTIONS = st.builds(Transform, METRES, METRES, st.floats(-pi, pi))


@given(motion=MOTIONS, after=MOTIONS, point=st.tuples(METRES, METRES))
def test_motions_compose_and_are_undone(motion, after, point):
    assert motion.then(after)(point) == pytest.approx(after(motion(point)), abs=1e-2)
    assert motion.inverse()(motion(point)) == pytest.approx(point, abs=1e-2)


def test_frames_form_a_tree():
    frames = Frames()
    frames.align(FrameAligned(frame="dock", parent="hall", x=1, y=0, by="ann"))
    assert frames.to_map("dock") is None
    frames.align(FrameAligned(frame="hall", x=10, y=0, yaw=pi / 2, by="ann"))
    assert frames.to_map("dock")((1, 0)) == (10, 2)
    frames.align(FrameAligned(frame="hall", parent="dock", x=0, y=0, by="ann"))
    assert frames.to_map("dock")((1, 0)) == (10, 2)
    frames.align(FrameAligned(frame="map", parent="map", x=100, y=0, by="ann"))
    assert frames.to_map("dock")((1, 0)) == (110, 2)


def turned(by="ann"):
    return FrameAligned(frame="map", parent="map", x=20.0, y=5.0, yaw=pi / 2, by=by)


def test_a_new_map_moves_what_was_measured_and_not_the_rows(tmp_path):
    seen = observed("waiter-1", 2.0, sighting("mug-1", "mug on table-1", 6.0, 2.0))
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events_of([*start_of(**START), seen]))
        rows = store._db.execute("SELECT * FROM fact ORDER BY id").fetchall()
        store.append(events_of([(5.0, turned())], first=50))
        assert store._db.execute("SELECT * FROM fact ORDER BY id").fetchall() == rows
        assert store.state.position("mug-1") == (18.0, 11.0)
        assert store.state.position("waiter-1") == (19.0, 10.0)
        assert store.state.room_of("mug-1") == "hall"

        def near(point, t):
            return [f.thing for f in store.facts.near(point, 0.5, t) if f.thing == "mug-1"]

        assert near((18.0, 11.0), 3.0) == ["mug-1"]
        assert near((6.0, 2.0), 3.0) == []
        store.append(
            events_of(
                [observed("waiter-1", 8.0, sighting("mug-1", "mug on table-2", 6, 2))], first=60
            )
        )
        assert near((6.0, 2.0), 9.0) == ["mug-1"]
        store.append(events_of([(10.0, turned("ben"))], first=70))
        assert near((18.0, 11.0), 9.0) == ["mug-1"]
        first = Transform(20, 5, pi / 2)
        assert near(first(first((6.0, 2.0))), 3.0) == ["mug-1"]
        assert store.replay().digest() == store.state.digest()


def elsewhere(t, x, y):
    seen = observed("waiter-1", t, sighting("mug-1", "mug on table-1", x, y), at=(0.0, 0.0))
    pose = seen.observation.state.pose.model_copy(update={"frame": "odom"})
    state = seen.observation.state.model_copy(update={"pose": pose})
    return seen.model_copy(
        update={"observation": seen.observation.model_copy(update={"state": state})}
    )


def test_a_report_in_another_frame_finds_its_place():
    known = FrameAligned(frame="odom", x=5.0, y=1.0, yaw=0.0, by="ann")
    memory = memory_of(**START, then=[(1.0, known), elsewhere(2.0, 1.0, 1.0)])
    assert memory.position("mug-1") == (6.0, 2.0)
    assert memory.position("waiter-1") == (5.0, 1.0)
    lost = memory_of(**START, then=[elsewhere(2.0, 1.0, 1.0)])
    assert lost.location("mug-1").holder == "table-1"
    assert lost.position("mug-1") == lost.position("table-1")
    assert lost.position("waiter-1") == lost.position("hall")
