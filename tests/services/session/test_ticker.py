"""What somebody who watches a run is shown of it: lines, counts and status."""

import pytest

from services.session.diary import Diary
from services.session.ticker import Ticker, headline
from stem_memory import contracts as log
from stem_memory.instructions import Cancel, Change, Pause, Release, Resume, Stop
from stem_memory.tasks import Answer, Goal, TaskStep
from stem_memory.testing import body, card


def posted(id_):
    return log.GoalPosted(goal=Goal(id=id_, text="tea", who="mia", t=0.0))


def told(instruction):
    return log.Instructed(instruction=instruction, by="mia")


def take(diary, what):
    diary.take(log.Event(origin="t", seq=0, t=0.0, body=what))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (log.GoalAnswered(goal="g1", text="the green one"), "g1 is told: “the green one”"),
        (
            log.AnswerGiven(goal="g1", answer=Answer(text="On the shelf.")),
            "g1 answer: On the shelf.",
        ),
        (
            log.DeadlinePassed(goal="g1", deadline_s=130.0),
            "g1 is late: it was to be done by 30 s",
        ),
        (
            log.Replied(cause="u1", to="mia", text="I cancel g1.", heeded=True),
            "to mia: I cancel g1.",
        ),
        (told(Cancel(goals=("g1",))), "mia cancels g1"),
        (told(Stop()), "mia stops all bodies"),
        (log.BodyLost(body="scout", last_heard_s=104.0), "scout is lost, last heard at 4.0 s"),
        (
            log.GraphPlanned(goal="g1", revision=1, steps=(TaskStep(id="s1", skill="pick"),)),
            "g1 planned, 1 step",
        ),
    ],
)
def test_every_word_that_matters_has_its_line(event, line):
    found = headline(event, base_s=100.0)
    assert found is not None
    assert found[1] == line


def test_words_are_shown_by_what_came_of_them_only():
    assert headline(log.Said(id="u1", who="mia", text="tea")) is None


def test_what_an_earlier_life_left_open_is_not_counted():
    diary = Diary()
    for what in (
        log.GoalClosed(goal="g1", status="failed"),
        posted("g2"),
        posted("g3"),
        log.GoalClosed(goal="g2", status="satisfied"),
        log.GoalClosed(goal="g2", status="satisfied"),
    ):
        take(diary, what)
    assert (len(diary.goals) - diary.closed_goals, diary.closed_goals) == (1, 1)


def test_glances_follow_what_people_say():
    diary = Diary()
    spec = body("waiter-1", 0, 0)
    take(diary, log.BodyEnrolled(spec=spec, card=card()))
    take(diary, posted("g1"))
    seen = []
    for instruction in (
        Pause(goals=("g1",)),
        Resume(goals=("g1",)),
        Change(goal="g1", text="coffee"),
        Cancel(goals=("g1",)),
    ):
        take(diary, told(instruction))
        seen.append((diary.goals["g1"].progress.status, diary.goals["g1"].progress.text))
    assert seen == [
        ("paused", "tea"),
        ("planned", "tea"),
        ("posted", "coffee"),
        ("cancelled", "coffee"),
    ]
    take(diary, told(Stop(bodies=("waiter-1",))))
    assert diary.bodies["waiter-1"].doing == "stopped"
    take(diary, told(Release()))
    assert diary.bodies["waiter-1"].doing == ""


def test_a_ticker_counts_time_from_the_start_of_the_run():
    ticks = []
    ticker = Ticker(ticks.append, 500.0)
    ticker.show(512.5, (log.Event(origin="t", seq=0, t=512.5, body=posted("g1")),), Diary())
    ticker.show(513.0, (), Diary())
    assert [(tick.t, tick.kind) for tick in ticks] == [(12.5, "goal"), (13.0, "time")]
