"""The door to a running session, as threads and signals use it."""

import signal
import threading

from services.session.inputs import Inputs, Words
from services.session.pace import HostTime


class Clock:
    """A clock that stands still: whoever waits for it waits for news."""

    def now(self) -> float:
        return 0.0


def test_what_another_thread_says_ends_a_wait():
    inputs = Inputs()
    speaker = threading.Timer(0.01, inputs.put, [Words(text="stop")])
    speaker.start()
    assert HostTime(Clock()).reach(1e6, inputs) == 0.0
    assert inputs.due(0.0) == ([], [Words(text="stop")])
    assert not inputs.has_news
    speaker.join()


def test_who_leaves_is_noticed_once():
    inputs = Inputs()
    inputs.join()
    inputs.leave()
    assert HostTime(Clock()).reach(1e6, inputs) == 0.0
    assert not inputs.is_live
    assert inputs.due(0.0) == ([], [])
    assert not inputs.has_news


def test_a_signal_in_the_middle_of_a_wait_ends_it():
    inputs = Inputs()
    before = signal.signal(signal.SIGALRM, lambda *_: inputs.end())
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        inputs.wait(600.0)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert inputs.is_ending
    assert inputs.has_news


def test_words_come_in_the_order_they_were_said():
    inputs = Inputs([(2.0, Words(text="later")), (1.0, Words(text="sooner"))])
    for text in ("a", "b", "c"):
        inputs.put(Words(text=text))
    planned, fresh = inputs.due(1.0)
    assert [w.text for w in (*planned, *fresh)] == ["sooner", "a", "b", "c"]
    assert inputs.next_s() == 2.0
