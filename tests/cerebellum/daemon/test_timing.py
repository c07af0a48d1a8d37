"""The site's clock as a device knows it, and the pauses between calls."""

from random import Random

import hypothesis.strategies as st
from hypothesis import given

from cerebellum.daemon.messages import Sync, Welcome
from cerebellum.daemon.timing import BackOff, SiteClock
from devices.clock import ManualClock
from devices.site import SitePlan

PLAN = SitePlan(name="", rooms=(), doors=(), fixtures=())


def welcome(now_s: float, speed: float = 1.0) -> Welcome:
    return Welcome(now_s=now_s, speed=speed, beat_s=1.0, silence_s=2.0, plan=PLAN)


delays = st.tuples(st.floats(0.0, 3.0), st.floats(0.0, 3.0))


@given(
    st.lists(delays, min_size=1, max_size=12),
    st.floats(0.25, 8.0),
    st.floats(0.0, 1e6),
)
def test_the_error_is_at_most_half_of_the_fastest_answer_and_time_never_goes_back(
    trips, speed, offset
):
    clock = ManualClock()
    site = SiteClock(clock)

    def truth() -> float:
        return offset + clock.now() * speed

    site.welcome(welcome(truth(), speed))
    shown = site.now()
    fastest = float("inf")
    for there, back in trips:
        sent = clock.now()
        clock.advance_to(sent + there)
        answer = Sync(local_s=sent, now_s=truth())
        clock.advance_to(clock.now() + back)
        site.sync(answer)
        fastest = min(fastest, there + back)
        assert site.now() >= shown
        shown = site.now()
    # What was shown before may be ahead: the clock waits for the truth then.
    assert truth() - fastest / 2 * speed - 0.01 <= site.now()
    assert site.now() <= max(shown, truth() + fastest / 2 * speed + 0.01)


def test_an_answer_from_the_future_is_no_answer():
    clock = ManualClock(10.0)
    site = SiteClock(clock)
    site.welcome(welcome(100.0))
    site.sync(Sync(local_s=11.0, now_s=500.0))
    assert site.now() == 100.0


def test_pauses_grow_to_a_limit_and_are_never_the_same_for_a_whole_fleet():
    first, second = BackOff(Random(1)), BackOff(Random(2))
    pauses = [first.next_s() for _ in range(12)]
    assert pauses[0] < 0.11
    assert 5.0 <= pauses[-1] <= 10.0
    assert pauses != [second.next_s() for _ in range(12)]
    first.reset()
    assert first.next_s() < 0.11
