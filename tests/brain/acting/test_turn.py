"""One turn: what is recorded is known at once, what is sent says where things are."""

from brain.acting.running import Ledger
from brain.acting.turn import Turn
from stem_memory.contracts import StepEnded, StepStarted


def turn_of(it, now=5.0, seq=3):
    return Turn(now, it.view, Ledger(), seq)


def started(**more):
    fields = {"request": "r1", "goal": "", "step": "", "skill": "pick", "body": "waiter-1"} | more
    return StepStarted(deadline_s=20.0, **fields)


def test_what_is_recorded_is_numbered_and_known_at_once(case):
    turn = turn_of(case({"cup-1": "cup on table-1"}))
    turn.send(started(), {"obj": "cup-1", "source": "table-1"})
    assert [(event.origin, event.seq, event.t) for event in turn.events] == [("brain", 3, 5.0)]
    assert turn.ledger.busy() == {"waiter-1"}
    assert turn.memory.bodies()["waiter-1"].busy == "r1"
    assert turn.result(7.0).events == tuple(turn.events)
    assert turn.result(7.0).wake_s == 7.0


def test_a_request_says_where_memory_believes_its_things_to_be(case):
    it = case({"cup-1": "cup on table-1"})
    turn = turn_of(it)
    turn.send(started(), {"obj": "cup-1", "source": "table-1", "value": 0.5}, partner="host")
    (item,) = turn.dispatches
    assert item.request.partner == "host"
    assert item.whereabouts["cup-1"] == ("table-1", *it.view.position("cup-1"))
    assert item.whereabouts.keys() == {"cup-1", "table-1", "host"}


def test_to_cancel_asks_who_works_on_it(case):
    turn = turn_of(case())
    turn.send(started(body="host"), {})
    turn.cancel("r1")
    assert turn.result(None).cancels == (("host", "r1"),)
    ended = StepEnded(
        request="r1",
        goal="",
        step="",
        skill="pick",
        body="host",
        outcome="cancelled",
        duration_s=0.0,
    )
    turn.end(ended)
    assert turn.ledger.busy() == set()
