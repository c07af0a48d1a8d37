"""A trial is a pure function of its seed, keeps its promises, and its checks see what breaks them."""

import pytest

from devices.skill import Failed, Succeeded
from services.lab.fleet.ledger import Ledger
from services.lab.fleet.trial import Trial
from stem_memory.contracts import Event, GoalPosted, Said, StepEnded, StepStarted
from stem_memory.tasks import Goal

pytestmark = pytest.mark.slow


# 63: an order was on its way to a body whose work was given away meanwhile. 91: everybody was stopped while
# somebody rested from what had failed, and the brain wanted to be asked at the same moment for ever.
@pytest.mark.parametrize("seed", [63, 91])
def test_what_once_went_wrong_keeps_its_promises(tmp_path, seed):
    found = Trial(seed, tmp_path).run()
    assert found.faults == ()
    assert found.disagreed == ()
    assert "open" not in found.statuses


def test_a_seed_gives_the_same_trial_again(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert Trial(40, tmp_path / "a").run() == Trial(40, tmp_path / "b").run()


def recorded(ledger, *bodies, t=1.0):
    for number, body in enumerate(bodies):
        ledger.recorded(Event(origin="test", seq=number, t=t, body=body), t)


def started(request, step="s1"):
    return StepStarted(
        request=request, goal="g1", step=step, skill="wipe", body="ann", deadline_s=60.0, target="x"
    )  # fmt: skip


def ended(request, outcome):
    return StepEnded(
        request=request, goal="g1", step="s1", skill="wipe", body="ann", outcome=outcome, duration_s=1.0
    )  # fmt: skip


def done(request):
    return Succeeded(request=request, body="ann", t=1.0)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda x: x.begun("r1", "ann", 2.0), "begun 2 times"),
        (lambda x: x.ended(done("r1"), 9.0), "not in the log"),
        (lambda x: (recorded(x, ended("r1", "lapsed")), x.commanded("r1", 2.0)), "went on after"),
        (lambda x: (recorded(x, ended("r1", "lapsed")), x.ended(done("r1"), 2.0)), "went on after"),
        (
            lambda x: (
                x.ended(Failed(request="r1", body="ann", t=1.0, reason="slip", detail=""), 1.0),
                recorded(x, ended("r1", "done")),
            ),
            "the log says done",
        ),
        (
            lambda x: (recorded(x, started("r2")), x.begun("r2", "ben", 2.0), x.commanded("r1", 3.0)),
            "began while r1 was under way",
        ),
        (
            lambda x: (
                recorded(x, started("r2"), ended("r1", "done"), ended("r2", "done")),
                x.ended(done("r1"), 1.0), x.begun("r2", "ben", 2.0), x.ended(done("r2"), 3.0),
            ),
            "was done 2 times",
        ),
        (lambda x: recorded(x, GoalPosted(goal=Goal(id="g9", text="", who="", t=0.0))), "neither ended"),
        (lambda x: recorded(x, *(2 * [Said(id="u", who="", text="", key="k")])), "2 times in the log"),
    ],
)  # fmt: skip
def test_each_broken_promise_is_seen(break_it, says):
    ledger = Ledger()
    recorded(ledger, started("r1"), Said(id="u1", who="mia", text="wipe", key="words"))
    ledger.begun("r1", "ann", 1.0)
    words = {"words": "", **({"k": ""} if "2 times in" in says else {})}
    assert ledger.faults({"words": ""}, []) == []
    break_it(ledger)
    (fault, *_) = ledger.faults(words, [])
    assert says in fault
    assert ledger.faults({"words": ""}, ["ann"])[-1:] != []
