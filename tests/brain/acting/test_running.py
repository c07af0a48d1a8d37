"""The ledger: what is under way, folded from the log alone."""

from hypothesis import given
from hypothesis import strategies as st

from brain.acting.running import LOOK, Failures, Ledger
from stem_memory.contracts import BodyBack, BodyLost, GraphPlanned, StepEnded, StepStarted
from stem_memory.testing import events_of


def started(request, body="a", skill="pick", role="step", goal="g1"):
    return StepStarted(
        request=request, goal=goal, step="s1", skill=skill, body=body, deadline_s=9.0, role=role
    )


def ended(request, outcome="done", body="a", skill="pick", reason="", goal="g1"):
    return StepEnded(
        request=request,
        goal=goal,
        step="s1",
        skill=skill,
        body=body,
        outcome=outcome,
        duration_s=1.0,
        reason=reason,
    )


def ledger_of(*happened):
    ledger = Ledger()
    for event in events_of(happened):
        ledger.absorb(event)
    return ledger


def test_a_request_is_under_way_until_it_ends():
    ledger = ledger_of((1.0, started("r1")), (1.0, started("r2", "b", role="errand")))
    assert ledger.busy() == {"a", "b"}
    assert ledger.steps() == {("g1", "s1")}
    assert [r.request for r in ledger.of_goal("g1")] == ["r1", "r2"]
    assert ledger_of((1.0, started("r1")), (2.0, ended("r1"))).busy() == set()


def test_a_look_for_evidence_is_counted_where_it_is_for():
    ledger = ledger_of((1.0, started("r1")), (2.0, started("r1" + LOOK, role="errand")))
    assert ledger.requests["r1"].looks == 1
    assert ledger.requests["r1" + LOOK].looks == 0


def test_failures_count_in_a_row():
    fails = [(float(n), ended(f"r{n}", "failed")) for n in (1, 2, 3)]
    assert ledger_of(*fails).failed("a", "pick", "g1") == Failures(3, 3.0)
    assert ledger_of(*fails).failed("b", "pick", "g1") == Failures()
    assert ledger_of(*fails, (4.0, ended("r4"))).failed("a", "pick", "g1") == Failures()


def test_who_failed_often_rests_longer_but_not_for_ever():
    rests = [Failures(n, 100.0).rest_until(1.0, 30.0) - 100.0 for n in range(9)]
    assert rests == [0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_who_did_not_reach_has_to_come_again():
    astray = (1.0, ended("r1", "failed", reason="out_of_reach"))
    assert ledger_of(astray).astray == {"a"}
    assert ledger_of(astray, (2.0, ended("r2", skill="navigate"))).astray == set()


@given(st.lists(st.tuples(st.sampled_from(["lost", "back"]), st.sampled_from("ab")), max_size=12))
def test_the_lost_are_those_last_heard_of_as_lost(news):
    kinds = {
        "lost": lambda b: BodyLost(body=b, last_heard_s=0.0),
        "back": lambda b: BodyBack(body=b),
    }
    ledger = ledger_of(*((1.0, kinds[kind](body)) for kind, body in news))
    last = {body: kind for kind, body in news}
    assert ledger.lost == {body for body, kind in last.items() if kind == "lost"}


def test_revisions_are_remembered():
    plans = [(1.0, GraphPlanned(goal="g1", revision=n, steps=())) for n in (1, 2)]
    assert ledger_of(*plans).revisions == {"g1": 2}
