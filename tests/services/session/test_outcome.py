"""What is said of goals and words at the end of a run."""

from services.session import outcome
from services.session.diary import Diary
from services.session.run_time import RunTime
from stem_memory import contracts as log
from stem_memory.tasks import Answer, Finding, Goal


def test_a_result_tells_times_of_its_run_in_a_memory_that_goes_on():
    diary = Diary()
    found = Finding(
        thing="mug",
        attr="location",
        value="shelf",
        relation="on",
        source="scout",
        seen_s=103.5,
        confidence=0.9,
    )
    told = (
        log.Said(id="u1", who="sam", text="where is the mug?"),
        log.GoalPosted(
            goal=Goal(id="g1", text="where is the mug?", who="sam", t=102.0, cause="u1")
        ),
        log.AnswerGiven(goal="g1", answer=Answer(text="On the shelf.", findings=(found,))),
        log.GoalClosed(goal="g1", status="answered"),
        log.Said(id="u2", who="sam", text="thanks"),
        log.Replied(cause="u2", to="sam", text="Gladly.", heeded=True),
    )
    for seq, body in enumerate(told):
        diary.take(log.Event(origin="test", seq=seq, t=104.0, body=body))
    clock = RunTime(100.0)
    (goal,) = outcome.goals(diary, lambda things: (), clock)
    assert [one.seen_s for one in goal.findings] == [3.5]
    assert [words.t for words in outcome.words(diary, clock)] == [4.0]
