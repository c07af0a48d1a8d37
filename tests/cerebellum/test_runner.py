"""What a body does with orders, as its owner would see it."""

import pytest

from cerebellum.catalogue import skill_kinds
from cerebellum.contracts import BodyInput, Order, Whereabouts
from cerebellum.runner import HALT_WAIT_S
from cerebellum.testing import BODY, FLAT, Bench
from devices.contracts import Grasp, Halt, Operate, Sense, Sighting
from devices.skill import Cancelled, Failed, Progress, SkillRequest, Started, Succeeded

KINDS = skill_kinds()
CARD = BODY.model_copy(update={"skills": dict.fromkeys([*KINDS, "look"], 1.0)})
CUP = {"obj": "cup-1", "source": "table-1"}


def order(skill: str, args: dict, request: str = "r1", due: float = 600.0, **where) -> Order:
    return Order(
        request=SkillRequest(
            id=request,
            goal="g",
            step="s",
            skill=skill,
            body="bench-1",
            args=args,
            deadline_s=due,
        ),
        whereabouts=where,
    )


@pytest.fixture
def bench() -> Bench:
    return Bench(CARD, FLAT, KINDS)


def kinds(bench: Bench) -> list[str]:
    return [command.kind for command in bench.commands]


def phases(bench: Bench) -> list[str]:
    return [event.phase for event in bench.events if isinstance(event, Progress)]


def test_a_slipped_grasp_is_tried_again_after_a_look(bench):
    bench.device.fail_next("grasp", "tool_failed", times=2)
    assert isinstance(bench.run(order("pick", CUP)), Succeeded)
    assert kinds(bench) == ["grasp", "sense", "grasp", "sense", "grasp"]
    assert phases(bench) == ["retry 1", "retry 2"]
    assert isinstance(bench.events[0], Started)


def test_after_two_retries_the_brain_hears_of_it(bench):
    bench.device.fail_next("grasp", "tool_failed", times=3)
    final = bench.run(order("pick", CUP))
    assert (type(final), final.reason) == (Failed, "tool_failed")


def test_what_no_retry_can_mend_is_not_retried(bench):
    bench.device.fail_next("grasp", "too_heavy")
    assert bench.run(order("pick", CUP)).reason == "too_heavy"
    assert kinds(bench) == ["grasp"]


def test_an_object_seen_to_be_gone_is_not_grasped_again(bench):
    bench.device.fail_next("grasp", "slipped")
    bench.device.viewed = ("table-1",)
    assert bench.run(order("pick", CUP)).reason == "not_there"
    assert kinds(bench) == ["grasp", "sense"]


def test_an_object_seen_in_place_is_grasped_again(bench):
    bench.device.fail_next("grasp", "slipped")
    bench.device.viewed = ("table-1",)
    bench.device.sightings["cup-1"] = Sighting(id="cup-1", cls="cup", x=2.0, y=3.0)
    assert isinstance(bench.run(order("pick", CUP)), Succeeded)


def test_skills_do_not_travel_on_their_own(bench):
    final = bench.run(order("charge", {"dock": "dock-1"}))
    assert final.reason == "out_of_reach"
    assert bench.commands == []


def test_processes_name_target_and_setting(bench):
    bench.run(order("wash", {"obj": "cup-1", "source": "sink-1"}))
    [command] = bench.commands
    assert command == Operate(id="r1/1", skill="wash", process="wash", target="cup-1")
    bench.run(order("switch", {"target": "sink-1", "value": "on"}, "r2"))
    assert (bench.commands[-1].target, bench.commands[-1].value) == ("sink-1", "on")


def test_the_deadline_halts_and_fails(bench):
    bench.step(order("navigate", {"to": "dock-1"}, due=2.0))
    bench.clock.advance_to(2.0)
    [halt] = bench.step()
    assert isinstance(halt, Halt)
    assert bench.finals() == [], "it still moves, for all we know"
    bench.step()
    assert [event.reason for event in bench.finals()] == ["deadline"]


def test_a_step_done_just_in_time_counts(bench):
    bench.step(order("say", {"to": "anna", "text": "hello"}, due=1.0))
    bench.clock.advance_to(1.0)
    bench.step()
    assert [type(event) for event in bench.finals()] == [Succeeded]


def test_a_cancelled_drive_ends_short_of_its_goal(bench):
    bench.step(order("navigate", {"to": "dock-1"}))
    bench.clock.advance_to(1.5)
    bench.step(cancels=("r1",))
    bench.step()
    assert [type(event) for event in bench.finals()] == [Cancelled]
    assert 2.0 < bench.device.pose.x < 6.0


def test_a_cancelled_body_keeps_what_it_holds(bench):
    bench.run(order("pick", CUP))
    bench.step(order("place", {"obj": "cup-1", "to": "table-1"}, "r2"))
    bench.step(cancels=("r2",))
    bench.step()
    assert type(bench.finals()[-1]) is Cancelled
    assert bench.device.holding == ["cup-1"]


def test_a_body_that_does_not_confirm_its_halt_is_told_again_and_given_up(bench):
    bench.step(order("navigate", {"to": "dock-1"}))
    bench.device.act = lambda command: None
    assert len(bench.step(cancels=("r1",))) == 1
    bench.clock.advance_to(HALT_WAIT_S)
    bench.device.receipts = lambda: ()
    assert [type(command) for command in bench.step()] == [Halt]
    assert [type(event) for event in bench.finals()] == [Cancelled]


def test_cancel_and_new_order_in_one_breath(bench):
    bench.step(order("navigate", {"to": "dock-1"}))
    bench.step(order("say", {"to": "anna", "text": "hello"}, "r2"), cancels=("r1",))
    for _ in range(3):
        bench.advance()
        bench.step()
    assert [(event.request, type(event)) for event in bench.finals()] == [
        ("r1", Cancelled),
        ("r2", Succeeded),
    ]


def test_orders_wait_their_turn(bench):
    bench.run(order("pick", CUP), order("say", {"to": "anna", "text": "hello"}, "r2"))
    assert [event.request for event in bench.finals()] == ["r1", "r2"]
    assert phases(bench) == ["queued"]


def test_the_same_request_twice_is_done_once(bench):
    bench.run(order("pick", CUP))
    bench.step(order("pick", CUP))
    assert kinds(bench) == ["grasp"]
    first, second = bench.finals()
    assert first == second


def test_a_request_cancelled_before_it_came_does_not_run(bench):
    bench.step(cancels=("r1",))
    bench.step(order("pick", CUP))
    assert bench.commands == []
    assert {type(event) for event in bench.finals()} == {Cancelled}


def test_an_emergency_stop_holds_until_somebody_resumes(bench):
    bench.step(order("navigate", {"to": "dock-1"}), order("pick", CUP, "r2"))
    bench.clock.advance_to(1.0)
    assert [type(command) for command in bench.step(stop=True)] == [Halt]
    assert [event.reason for event in bench.finals()] == ["stopped", "stopped"]
    bench.step(order("pick", CUP, "r3"))
    assert bench.finals()[-1].reason == "stopped"
    bench.step(order("say", {"to": "anna", "text": "hello"}, "r4"), resume=True)
    assert bench.commands[-1].kind == "speak"


def test_a_body_low_on_battery_goes_to_its_dock_and_nowhere_else(bench):
    bench.device.battery = 0.03
    assert bench.run(order("navigate", {"to": "table-1"})).reason == "battery_low"
    assert isinstance(bench.run(order("navigate", {"to": "dock-1"}, "r2")), Succeeded)
    bench.step(order("charge", {"dock": "dock-1"}, "r3"))
    assert bench.commands[-1].kind == "operate"


def test_what_the_card_lacks_is_refused():
    bench = Bench(BODY.model_copy(update={"skills": {"look": 1.0}}), FLAT, KINDS)
    assert bench.run(order("pick", CUP)).reason == "not_able"


def test_an_unknown_skill_names_the_known_ones(bench):
    final = bench.run(order("juggle", {}))
    assert final.reason == "unknown_skill"
    assert "navigate" in final.detail


def test_a_body_that_cannot_look_retries_without_looking():
    bench = Bench(BODY.model_copy(update={"skills": {"pick": 1.0}}), FLAT, KINDS)
    bench.device.fail_next("grasp", "tool_failed")
    assert isinstance(bench.run(order("pick", CUP)), Succeeded)
    assert [type(command) for command in bench.commands] == [Grasp, Grasp]


def test_a_failed_look_does_not_spoil_the_retry(bench):
    bench.device.fail_next("grasp", "tool_failed")
    bench.device.fail_next("sense", "tool_failed")
    assert isinstance(bench.run(order("pick", CUP)), Succeeded)
    assert [type(command) for command in bench.commands] == [Grasp, Sense, Grasp]


def test_carrying_together_needs_a_partner(bench):
    final = bench.run(order("carry_together", CUP | {"to": "hall"}))
    assert final.reason == "bad_order"


def test_things_on_a_floor_are_reached_where_they_lie(bench):
    bench.device.sightings["ball"] = Sighting(id="ball", cls="ball", x=0.4, y=0.4)
    where = Whereabouts(holder="kitchen", x=0.4, y=0.4)
    args = {"obj": "ball", "source": "kitchen"}
    assert bench.run(order("pick", args, ball=where)).reason == "out_of_reach"
    bench.run(order("navigate", {"to": "ball"}, "r2", ball=where))
    assert isinstance(bench.run(order("pick", args, "r3", ball=where)), Succeeded)


def test_an_order_that_comes_too_late_moves_nothing(bench):
    assert bench.run(order("pick", CUP, due=0.0)).reason == "deadline"
    assert bench.commands == []


def test_it_asks_to_be_woken_on_a_millisecond_not_too_early(bench):
    news = BodyInput(now=0.0, orders=(order("pick", CUP, due=12.3456),))
    wake_s = bench.runner.step(news).wake_s
    assert wake_s == 12.346
    out = bench.runner.step(BodyInput(now=wake_s))
    assert [type(command) for command in out.commands] == [Halt]
