"""What is thought of takes its time."""

from brain.acting.hints import Hints
from brain.config import BrainConfig
from brain.contracts import Refuse, Understood

CONFIG = BrainConfig(think_s={"grammar": 0.1, "model": 2.0, "plan": 0.2})
NO = Refuse(reason="no")


def understood(by):
    return Understood(conditions=(), summary="", by=by)


def test_each_way_of_understanding_has_its_price():
    hints = Hints(CONFIG)
    hints.add("slow", understood("model"), 1.0)
    hints.add("quick", understood("grammar"), 1.0)
    hints.add("refused", NO, 1.0)
    assert sorted(hints.times()) == [1.3, 1.3, 3.2]
    assert hints.take(1.2) == []
    assert [goal for goal, _ in hints.take(1.3)] == ["quick", "refused"]
    assert [goal for goal, _ in hints.take(9.0)] == ["slow"]
    assert hints.times() == []


def test_what_is_through_first_is_said_first():
    hints = Hints(CONFIG)
    hints.add("b", NO, 2.0)
    hints.add("a", NO, 2.0)
    hints.add("c", NO, 1.0)
    assert [goal for goal, _ in hints.take(5.0)] == ["c", "a", "b"]


def test_what_was_thought_of_other_words_is_forgotten():
    hints = Hints(CONFIG)
    hints.add("g1", NO, 0.0)
    hints.add("g2", NO, 0.0)
    hints.forget("g1")
    assert [goal for goal, _ in hints.take(5.0)] == ["g2"]
