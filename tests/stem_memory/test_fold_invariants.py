"""Whatever is reported, in whatever order: the parts of memory agree with each other."""

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import holders
from stem_memory.belief.spatial import where_is
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import BodyBack, BodyLost, Event
from stem_memory.testing import body, events_of, observed, sighting, start_of

THINGS = ["mug-1", "mug-2", "tray-1"]
PLACES = ["table-1", "table-2", "tray-1", "hall", "waiter-2"]
WAITERS = ["waiter-1", "waiter-2"]
START = start_of(
    things={"mug-1": "mug on table-1", "tray-1": "tray on table-2"},
    bodies=[body(waiter, 5, 1) for waiter in WAITERS],
)

looks = st.builds(
    lambda who, t, seen, viewed, holding: observed(
        who,
        float(t),
        *(
            sighting(thing, f"{thing[:-2]} on {place}", clean=clean)
            for thing, (place, clean) in seen.items()
            if place != thing
        ),
        viewed=viewed,
        holding=holding,
    ),
    st.sampled_from(WAITERS),
    st.integers(0, 20),
    st.dictionaries(
        st.sampled_from(THINGS), st.tuples(st.sampled_from(PLACES), st.booleans()), max_size=3
    ),
    st.lists(st.sampled_from(PLACES), max_size=2),
    st.lists(st.sampled_from(THINGS), max_size=1),
)
signs = st.sampled_from(WAITERS).flatmap(
    lambda who: st.sampled_from([BodyLost(body=who, last_heard_s=3.0), BodyBack(body=who)])
)


@settings(max_examples=200)
@given(story=st.lists(looks | signs, max_size=12))
def test_the_parts_agree(story):
    events = events_of([*START, *story])
    memory = MemoryState.of(events)
    for thing in memory.ids("object"):
        place = memory.location(thing)
        carried_by = [h for h in (*memory.ids(), "nowhere") if thing in memory.contents(h)]
        assert carried_by == ([place.holder] if place is not None else [])
        belief = memory.belief(thing, "location")
        if belief is not None:
            assert belief.since_s <= belief.seen_s <= memory.now()
            assert 0.0 <= belief.confidence <= 1.0
            assert (belief.value is None) == (place is None)
        list(holders(thing, memory))
        memory.position(thing)
        memory.room_of(thing)
        places = where_is(memory, thing)
        assert abs(sum(p.probability for p in places) - 1.0) < 0.01
        assert [p.probability for p in places] == sorted(
            (p.probability for p in places), reverse=True
        )
    again = MemoryState.of(Event.model_validate_json(e.model_dump_json()) for e in events)
    assert again.digest() == memory.digest()
    noting = MemoryState()
    for event in events:
        noting.apply_noting(event)
    assert noting.digest() == memory.digest()
