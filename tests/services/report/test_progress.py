"""What a person sees while a run goes on."""

import io

import pytest
from rich.console import Console

from services.report.progress import Picture, paced, watched
from services.session.contracts import BodyStatus, GoalProgress, Tick
from services.session.diary import Diary
from stem_memory import contracts as log
from stem_memory.tasks import Goal
from stem_memory.testing import body, card, observed


def test_a_pipe_gets_one_line_for_each_happening():
    stream = io.StringIO()
    with watched(stream, "restaurant") as show:
        show(Tick(t=1.5, line="g1 planned, 2 steps", kind="plan"))
        show(Tick(t=2.0))
        show(Tick(t=2.5, line="waiter-1 is lost", kind="fault"))
    assert stream.getvalue().splitlines() == [
        "restaurant",
        "     1.5 s  plan    g1 planned, 2 steps",
        "     2.5 s  fault   waiter-1 is lost",
    ]


def test_a_run_goes_on_when_nobody_reads_any_more():
    class Shut(io.StringIO):
        def flush(self):
            if "planned" in self.getvalue():
                raise BrokenPipeError

    stream = Shut()
    with watched(stream, "restaurant") as show:
        show(Tick(t=1.5, line="g1 planned, 2 steps", kind="plan"))
        show(Tick(t=2.5, line="waiter-1 is lost", kind="fault"))
    assert "lost" not in stream.getvalue()


def test_a_terminal_shows_what_is_running_before_anything_happens():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with watched(stream, "restaurant"):
        assert "restaurant" in stream.getvalue()


def test_the_picture_shows_bodies_goals_and_the_last_lines():
    picture = Picture("restaurant")
    bodies = {
        "waiter-1": BodyStatus(doing="pick cup-shelf", where="cup-shelf", battery=0.63),
        "waiter-2": BodyStatus(lost=True, battery=0.1),
    }
    goals = tuple(GoalProgress(id=f"g{n}", text=f"wish {n}", status="satisfied") for n in range(20))
    picture.take(Tick(t=75.0, line="first", kind="goal", bodies=bodies, goals=goals))
    picture.take(Tick(t=75.2, line="second", kind="step", bodies=bodies, goals=goals))
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    console.print(picture.drawn(console))
    text = console.file.getvalue()
    for words in ("1:15", "pick cup-shelf", "63%", "no sign of life", "first", "second", "wish 19"):
        assert words in text
    # A long list of wishes does not push everything else off the screen.
    assert len(text.splitlines()) < 24


def test_a_question_can_be_read_whole_on_a_narrow_terminal():
    question = f"Which cup do you mean: {', '.join(f'cup-{n}' for n in range(20))}?"
    picture = Picture("household")
    goal = GoalProgress(id="g1", text="bring me the cup", status="needs_answer", asks=question)
    picture.take(Tick(t=1.0, line=f"g1 asks: {question}", kind="goal", goals=(goal,)))
    console = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None)
    console.print(picture.drawn(console))
    assert question in " ".join(console.file.getvalue().split())


def test_glances_follow_the_log():
    diary = Diary()
    take = lambda what: diary.take(log.Event(origin="t", seq=0, t=1.0, body=what))  # noqa: E731
    spec = body("waiter-1", 1, 1)
    take(log.BodyEnrolled(spec=spec, card=card()))
    take(observed("waiter-1", 1.0, near="table-1"))
    take(log.GoalPosted(goal=Goal(id="g1", text="tea", who="ana", t=1.0)))
    take(log.GoalQuestioned(goal="g1", question="which tea?"))
    assert diary.bodies["waiter-1"].where == "table-1"
    assert diary.goals["g1"].progress.status == "needs_answer"
    assert diary.goals["g1"].progress.asks == "which tea?"
    take(log.BodyLost(body="waiter-1", last_heard_s=1.0))
    take(log.GoalClosed(goal="g1", status="failed"))
    assert diary.bodies["waiter-1"].lost
    assert diary.goals["g1"].progress.status == "failed"
    assert not diary.goals["g1"].progress.asks


def test_passing_time_is_shown_seldom_and_news_always():
    shown = []
    show = paced(shown.append, per_second=0.001)
    for tick in (Tick(t=0.0), Tick(t=0.1), Tick(t=0.2, line="news"), Tick(t=0.3)):
        show(tick)
    assert [tick.t for tick in shown] == [0.0, 0.2]


@pytest.mark.parametrize("uptime_s", [0.0, 30.0, 1e9])
def test_the_first_moment_is_shown_however_young_the_machine(monkeypatch, uptime_s):
    now = uptime_s
    monkeypatch.setattr("time.monotonic", lambda: now)
    shown = []
    show = paced(shown.append, per_second=0.01)
    for passed in (0.0, 99.0, 100.0, 150.0, 200.0):
        now = uptime_s + passed
        show(Tick(t=passed))
    assert [tick.t for tick in shown] == [0.0, 100.0, 200.0]
