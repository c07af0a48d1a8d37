"""What the LLM endpoint learns of goals: what they wait for, how long that should take, and their end."""

import json

import pytest

from brain.model import Message, ModelRequest
from services.alpha.arithmetic.language import LanguageTool
from services.llm.engines.contracts import Piece
from services.llm.engines.simulated import SimulatedEngine, SimulatedSpec
from services.llm.models.hints import Hints
from services.llm.models.openai_model import OpenAiModel
from services.llm.models.registry import Metered
from services.llm.watch import read_status
from services.session.contracts import PostedWish, RunConfig
from services.session.run import run
from stem_memory.contracts import (
    Event,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GraphPlanned,
    StepAssigned,
    StepEnded,
)
from stem_memory.tasks import Assignment, Explain, Goal, TaskStep
from tests.services.llm.gateway.conftest import at_once, served

ODD = "table 2 deserves some love"
CLEAR = {"understood": True, "conditions": [{"kind": "clear", "where": "table-2"}]}


class Clever(SimulatedEngine):
    """Behaves like an engine, and says what it is told to."""

    def __init__(self, answer, **spec):
        super().__init__(SimulatedSpec(**{"context_tokens": 100_000, **spec}), at_once)
        self._said = json.dumps(answer)
        self.hints = []

    async def generate(self, call, slot=None, hint=None):
        self.hints.append(hint)
        async for piece in super().generate(call, slot, hint):
            if piece.finish_reason is not None:
                yield Piece(delta={"content": self._said})
                yield piece


class Heard:
    """A backend that remembers what it is told."""

    def __init__(self):
        self.told = []

    def waits(self, wait):
        self.told.append((wait.program, wait.tool, wait.body, wait.expected_s))

    def ended(self, program):
        self.told.append((program, "ended"))


def event(body, t=0.0):
    return Event(origin="brain", seq=0, t=t, body=body)


def assigned(step, body, end_s):
    explain = Explain(step=step, chosen=body, by="only", candidates=(), sentence="")
    item = Assignment(goal="g1", step=step, body=body, start_s=0.0, end_s=end_s, explain=explain)
    return event(StepAssigned(assignment=item))


def planned():
    steps = (TaskStep(id="s1", skill="pick"), TaskStep(id="s2", skill="wash"))
    return event(GraphPlanned(goal="g1", revision=1, steps=steps))


def posted():
    return event(GoalPosted(goal=Goal(id="g1", text="x", who="mia", t=0.0)))


def closed():
    return event(GoalClosed(goal="g1", status="satisfied"))


def test_a_goal_waits_for_the_step_that_ends_last_for_as_long_as_planned():
    heard = Heard()
    thoughts = Hints(heard, lambda goal: True)
    thoughts.follow(2.0, [posted(), planned(), assigned("s1", "arm", 9.0)])
    assert heard.told == [("g1", "pick", "arm", 7.0)]
    thoughts.follow(3.0, [assigned("s2", "waiter-1", 43.0)])
    assert heard.told[1:] == [("g1", "wash", "waiter-1", 40.0)]
    # An end that hardly moves is no news; one that does is.
    thoughts.follow(4.0, [assigned("s2", "waiter-1", 44.0)])
    assert len(heard.told) == 2
    thoughts.follow(5.0, [assigned("s2", "waiter-1", 95.0)])
    assert heard.told[2:] == [("g1", "wash", "waiter-1", 90.0)]
    thoughts.follow(90.0, [closed()])
    assert heard.told[3:] == [("g1", "ended")]
    thoughts.follow(91.0, [closed()])
    assert len(heard.told) == 4


def test_a_goal_with_a_question_waits_for_the_person():
    heard = Heard()
    thoughts = Hints(heard, lambda goal: True)
    thoughts.follow(0.0, [posted(), event(GoalQuestioned(goal="g1", question="Which?"))])
    assert heard.told == [("g1", "answer", "mia", None)]


def test_a_step_that_is_done_is_waited_for_no_more():
    heard = Heard()
    thoughts = Hints(heard, lambda goal: True)
    thoughts.follow(0.0, [posted(), planned(), assigned("s1", "arm", 50.0)])
    done = StepEnded(
        request="r", goal="g1", step="s1", skill="pick", body="arm", outcome="done", duration_s=5.0
    )
    thoughts.follow(5.0, [event(done), assigned("s2", "waiter-1", 15.0)])
    assert heard.told[-1] == ("g1", "wash", "waiter-1", 10.0)


def test_of_goals_that_the_model_was_never_asked_about_nothing_is_told():
    heard = Heard()
    thoughts = Hints(heard, lambda goal: False)
    thoughts.follow(0.0, [posted(), planned(), assigned("s1", "arm", 9.0), closed()])
    assert heard.told == []


@pytest.mark.parametrize("policy", ["retinue", "occupancy"])
def test_a_run_tells_its_endpoint_how_long_the_robots_will_take(tmp_path, policy):
    engine = Clever(CLEAR)
    with served(engine, policy=policy) as endpoint:
        seen = []

        def look(_):
            programs = read_status(endpoint.url, "none").programs
            seen.extend(p for p in programs if p.expected_s is not None)

        result = run(
            RunConfig(
                world="restaurant",
                wishes=(PostedWish(t=0.0, text=ODD),),
                runtime="local",
                model=f"{endpoint.url}/v1#simulated",
                out=str(tmp_path / "run"),
                film=False,
            ),
            look,
        )
        assert [goal.status for goal in result.goals] == ["satisfied"]
        assert result.llm.calls == 1
        (hint,) = engine.hints
        assert (hint.tool, hint.last_step) == ("fleet", False)
        # While robots work the endpoint knows for what, on whom and for how long it waits.
        assert {p.name for p in seen} == {hint.program}
        assert all(p.tool and p.body and p.expected_s > 1.0 for p in seen)
        # Its KV is freed when the goal is reached.
        assert read_status(endpoint.url, "none").programs == ()


def test_the_time_to_live_of_a_pin_follows_what_is_told():
    engine = Clever(CLEAR, slots=2)
    with served(engine, policy="occupancy") as endpoint:
        # A long prompt is worth holding; its price is that of a quiet engine.
        text = "cup " * 60_000
        model = Metered(OpenAiModel(f"{endpoint.url}/v1", "simulated"))
        request = ModelRequest(messages=(Message(role="user", content=text),), program="g1")
        model.reply(request)
        thoughts = Hints(model, model.asked)

        def left():
            (program,) = read_status(endpoint.url, "none").programs
            return program.pin_left_s

        thoughts.follow(0.0, [posted(), planned(), assigned("s2", "waiter-1", 40.0)])
        long = left()
        thoughts.follow(0.0, [assigned("s2", "waiter-1", 4.0)])
        short = left()
        assert long > 40.0
        assert 4.0 < short < long / 2
        thoughts.follow(1.0, [closed()])
        assert read_status(endpoint.url, "none").programs == ()
        model.close()


def test_endpoints_of_others_are_told_nothing():
    class Loud(OpenAiModel):
        def _connected(self):
            raise AssertionError("nothing may be sent")

    model = Metered(Loud("http://127.0.0.1:9/v1", "x"))
    model.ended("g1")
    Hints(model, lambda goal: True).follow(
        0.0, [posted(), planned(), assigned("s1", "arm", 9.0), closed()]
    )


def test_the_glasses_wait_for_their_wearer_and_leave_nothing_behind():
    engine = Clever("It is a fig.")
    with served(engine) as endpoint:
        tool = LanguageTool(f"{endpoint.url}/v1#simulated", "mia")
        assert "fig" in tool.answer("What is this?")["text"]
        (hint,) = engine.hints
        assert (hint.tool, hint.body, hint.priority, hint.implied) == ("question", "mia", 1, False)
        (program,) = read_status(endpoint.url, "none").programs
        assert (program.name, program.state, program.kv) == (hint.program, "waiting", "pinned")
        tool.close()
        assert read_status(endpoint.url, "none").programs == ()
