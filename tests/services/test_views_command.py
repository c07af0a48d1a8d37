"""retinue memory scene|reach|look|disputes|bodies|tasks|context, as typed at the terminal."""

import json

import pytest

from devices.facts import ClassCard, StateSpec
from devices.skill import SkillCard
from stem_memory.contracts import BodyEnrolled, GoalPosted, GraphPlanned, StepEnded, StepStarted
from stem_memory.log.store import EventStore
from stem_memory.tasks import Goal, TaskStep
from stem_memory.testing import body, card, events_of, observed, sighting, start_of

MUG = ClassCard(
    cls="mug", names=("mug",), states={"clean": StateSpec(values=(True, False), default=True)}
)


@pytest.fixture
def run(tmp_path):
    """A run folder: a mug seen by two who disagree, a body rebuilt on the way, one goal planned."""
    spec = body("waiter-1", 5.4, 2)
    start = start_of(
        classes=[MUG],
        skills=[SkillCard(name="pick", title="take a thing", params=())],
        things={"mug-1": "mug on table-2", "ann": "person at hall"},
        bodies=[spec, body("waiter-2", 1, 3)],
    )
    take = TaskStep(id="s1", skill="pick", args={"obj": "mug-1"}, place="table-2", title="take it")
    put = TaskStep(id="s2", skill="pick", after=("s1",), title="put it down")
    begun = StepStarted(
        request="r1", goal="g1", step="s1", skill="pick", body="waiter-1", deadline_s=60.0
    )
    ended = StepEnded(
        request="r1", goal="g1", step="s1", skill="pick", body="waiter-1", outcome="done",
        duration_s=4.0, evidenced=True,
    )  # fmt: skip
    later = [
        (1.0, GoalPosted(goal=Goal(id="g1", text="the mug please", who="ann", t=1.0))),
        (2.0, GraphPlanned(goal="g1", revision=1, steps=(take, put))),
        (3.0, begun),
        (7.0, ended),
        observed("waiter-1", 8.0, sighting("mug-1", "mug on table-2", 6.2, 2, clean=True)),
        observed("waiter-2", 8.0, sighting("mug-1", "mug on table-1", 6.2, 2, clean=False)),
        (10.0, BodyEnrolled(spec=spec, card=card("waiter", reach_m=0.1, radius_m=0.1, hands=0))),
    ]
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        store.append(events_of([*start, *later]))
    return tmp_path


def test_what_holds_what(run, told):
    code, out, _ = told("scene", run)
    assert code == 0
    lines = out.splitlines()
    hall = next(i for i, line in enumerate(lines) if line.strip() == "hall")
    assert lines[hall].startswith("  h")
    assert any(line.strip() == "mug-1" for line in lines[hall:])
    tree = json.loads(told("scene", run, "--json")[1])
    assert tree["category"] == "site"
    lies = json.loads(told("scene", run, "--of", "mug", "--json")[1])["relations"]
    assert lies[0]["relation"] == "on"


def test_who_reaches_it_is_asked_of_the_body_of_that_time(run, told):
    def waiter(*more):
        found = json.loads(told("reach", "mug", run, "--json", *more)[1])["bodies"]
        return next(one for one in found if one["body"] == "waiter-1")

    assert waiter("--at", "5s")["could_reach"] is True
    now = waiter()
    assert (now["could_reach"], now["since_s"]) == (False, 10.0)
    assert "no hands" in told("reach", "mug", run)[1]


def test_where_a_look_tells_most(run, told):
    found = json.loads(told("look", run, "--json")[1])["places"]
    assert found[0]["bits"] > 0
    assert len(told("look", run, "--limit", "1")[1].splitlines()) == 2


def test_disputes_are_kept_and_shown(run, told):
    found = json.loads(told("disputes", run, "--json")[1])["disputes"]
    assert {(d["thing"], d["attr"]) for d in found} == {("mug-1", "location"), ("mug-1", "clean")}
    out = told("disputes", run)[1]
    assert "waiter-1" in out
    assert "waiter-2" in out


def test_a_body_its_revisions_and_what_it_learnt(run, told):
    assert "waiter-2" in told("bodies", run)[1]
    (story,) = json.loads(told("bodies", run, "waiter-1", "--json")[1])["bodies"]
    assert [r["since_s"] for r in story["revisions"]] == [0.0, 10.0]
    cell = next(one for one in story["learnt"] if one["place"] == "table-2")
    assert (cell["skill"], cell["cls"], cell["expected"]["attempts"]) == ("pick", "mug", 1)
    assert cell["expected"]["success_sd"] > 0
    (before,) = json.loads(told("bodies", run, "waiter-1", "--at", "5s", "--json")[1])["bodies"]
    assert len(before["revisions"]) == 1
    assert "± " in told("bodies", run, "waiter-1")[1]


def test_tasks_their_revisions_and_the_way_back(run, told):
    assert "g1" in told("tasks", run)[1]
    story = json.loads(told("tasks", run, "g1", "--json")[1])
    assert [(t["task"], t["status"]) for t in story["tasks"]] == [("s1", "checked"), ("s2", "open")]
    first = json.loads(told("tasks", run, "g1", "--revision", "1", "--json")[1])
    assert first["tasks"][0]["status"] == "open"
    code, out, _ = told("tasks", run, "g1", "--back", "1", "--reason", "wrong mug")
    assert code == 0
    assert "wrong mug" in out
    again = json.loads(told("tasks", run, "g1", "--json")[1])
    assert [t["status"] for t in again["tasks"]] == ["open", "open"]
    assert again["newest"] == story["newest"] + 1


def test_context_keeps_its_budget_and_names_its_events(run, told):
    lines = json.loads(told("context", "bring the mug to ann", run, "--json")[1])["lines"]
    assert any("mug" in line for line in lines)
    assert any(line.endswith("]") for line in lines)
    few = json.loads(told("context", "bring the mug to ann", run, "--tokens", "40", "--json")[1])
    assert sum(-(-len(line) // 4) for line in few["lines"]) <= 40
    assert few["lines"] == lines[: len(few["lines"])]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("reach", "unicorn", "RUN"), "Memory knows no 'unicorn'"),
        (("scene", "RUN", "--of", "unicorn"), "Memory knows no 'unicorn'"),
        (("scene", "RUN", "--at", "teatime"), "is no time"),
        (("bodies", "RUN", "robocop"), "knows no body 'robocop'"),
        (("tasks", "RUN", "g9"), "there is no task graph g9; there are: g1"),
        (("tasks", "RUN", "g1", "--revision", "99"), "99 is none"),
        (("tasks", "RUN", "--back", "1"), "--back needs the GOAL"),
        (("tasks", "RUN", "g1", "--back", "99"), "99 is none"),
        (("context", "a mug", "RUN", "--tokens", "0"), "--tokens"),
        (("look", "RUN", "--limit", "0"), "--limit"),
        (("look", "nowhere"), "There is no memory at"),
    ],
)
def test_nonsense_is_one_sentence(run, told, words, says):
    before = (run / "memory.db").read_bytes()
    code, out, err = told(*(run if word == "RUN" else word for word in words))
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert (run / "memory.db").read_bytes() == before
