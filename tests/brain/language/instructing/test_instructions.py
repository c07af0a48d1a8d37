"""What people tell the fleet to do with goals and robots, in three worlds, and what is none of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.contracts import Ask, Instruct, Refuse, Unheeded
from brain.interpret import WishInterpreter
from brain.language.instructing.instructions import instruction_of
from brain.language.words.lexicon import among
from services.lab.wishes.gold import read_gold
from services.lab.wishes.site import site_of
from stem_memory.contracts import (
    Event,
    GoalClosed,
    GoalPosted,
    GoalQuestioned,
    GoalUnderstood,
    Instructed,
    Payload,
)
from stem_memory.instructions import (
    Cancel,
    Change,
    Instruction,
    Pause,
    Release,
    Resume,
    Stop,
)
from stem_memory.tasks import Goal

READER = WishInterpreter()
UNHEEDED = "?"


class Room:
    """A world in which some people asked for something already, ten seconds apart."""

    def __init__(self, world: str, *wishes: str | tuple[str, str]) -> None:
        site = site_of(world)
        self.operator = site.operator
        self.memory = site.fresh()
        self.now = 0.0
        self._seq = 0
        for number, wish in enumerate(wishes, 1):
            text, who = (wish, site.operator) if isinstance(wish, str) else wish
            self._post(f"g{number}", text, who)

    def record(self, body: Payload) -> None:
        event = Event(origin="test", seq=self._seq, t=self.now, body=body)
        self._seq += 1
        self.memory.apply(event)

    def do(self, instruction: Instruction) -> None:
        self.record(Instructed(instruction=instruction, by=self.operator))

    def _post(self, name: str, text: str, who: str) -> None:
        self.now += 10.0
        goal = Goal(id=name, text=text, who=who, t=self.now)
        self.record(GoalPosted(goal=goal))
        meant = READER.interpret(goal, self.memory)
        assert not isinstance(meant, Refuse), meant
        if isinstance(meant, Ask):
            self.record(GoalQuestioned(goal=name, question=meant.question, options=meant.options))
        else:
            self.record(
                GoalUnderstood(goal=name, conditions=meant.conditions, summary=meant.summary)
            )

    def hear(self, text: str, who: str | None = None) -> Instruct | Unheeded | None:
        return instruction_of(text, who or self.operator, self.memory, self.now)

    def told(self, text: str, who: str | None = None) -> str | None:
        """What was understood, in short: "cancel g1", "stop", "g1 = wipe table 2", "?"."""
        heard = self.hear(text, who)
        if heard is None:
            return None
        assert heard.reply.endswith((".", "?"))
        if isinstance(heard, Unheeded):
            return UNHEEDED
        rest = f" > {heard.rest}" if heard.rest else ""
        return "; ".join(map(_short, heard.instructions)) + rest


def _short(told: Instruction) -> str:
    if isinstance(told, Cancel):
        return " ".join(("undo" if told.roll_back else "cancel", *told.goals))
    if isinstance(told, Pause | Resume):
        return " ".join((told.kind, *told.goals))
    if isinstance(told, Stop | Release):
        return " ".join((told.kind, *told.bodies))
    assert isinstance(told, Change)
    if told.text is not None:
        return f"{told.goal} = {told.text}"
    due = f" due {told.deadline_s:g}" if told.deadline_s is not None else ""
    return f"{told.goal}{due}" + (f" at {told.priority}" if told.priority is not None else "")


def restaurant() -> Room:
    """A new one, to be changed; see `busy` for one to be asked only."""
    return Room(
        "restaurant",
        "bring two coffees to table 4",
        "wipe table 2",
        "bring a glass of water to table 3",
        ("bring Carla a tea", "carla"),
    )


def household() -> Room:
    return Room(
        "household",
        "bring me the red mug",
        "turn off the living room lamp",
        "mop the spill",
        "put the shoes on the shoe rack",
    )


def supermarket() -> Room:
    return Room(
        "supermarket",
        "bring two bananas to checkout 1",
        "mop the spill",
        ("bring three milks to checkout 2", "tom"),
        "send the drone to the storage",
    )


@cache
def busy(world: str) -> Room:
    """The room of this world in which things are under way."""
    return {"restaurant": restaurant, "household": household, "supermarket": supermarket}[world]()


@cache
def idle(world: str) -> Room:
    """The same where nobody asked for anything."""
    return Room(world)


WORLDS = ("restaurant", "household", "supermarket")

GOLD = yaml.safe_load((Path(__file__).parent / "instructions.yaml").read_text(encoding="utf-8"))
PAIRS = [(world, *pair) for world in WORLDS for pair in GOLD[world]]
NONE = [(world, text) for world in WORLDS for text in GOLD["none"][world]]


@pytest.mark.parametrize(("world", "text", "told"), PAIRS)
def test_what_an_instruction_comes_to(world: str, text: str, told: str) -> None:
    assert busy(world).told(text) == told


@pytest.mark.parametrize(("world", "text"), NONE)
def test_what_is_no_instruction(world: str, text: str) -> None:
    assert busy(world).told(text) is None


# -- what is open makes the difference -----------------------------------------------------------


@pytest.mark.parametrize("text", ["go on", "continue", "you can move again", "all clear, go on"])
def test_going_on_releases_everybody_and_what_is_paused(text: str) -> None:
    room = restaurant()
    room.do(Stop())
    room.do(Pause(goals=("g1",)))
    assert room.told(text) == "release; resume g1"


def test_one_robot_goes_on_alone() -> None:
    room = restaurant()
    room.do(Stop())
    assert room.told("waiter 1, go on") == "release waiter-1"
    assert room.told("release the waiters") == "release waiter-1 waiter-2 waiter-3"
    room.do(Release())
    room.do(Stop(bodies=("waiter-1",)))
    assert room.told("release waiter-2") == UNHEEDED
    assert room.told("go on") == "release"


def test_what_is_paused_goes_on_by_name() -> None:
    room = restaurant()
    room.do(Pause(goals=("g1", "g2")))
    assert room.told("go on with the coffees") == "resume g1"
    assert room.told("continue the cleaning of table 2") == "resume g2"
    assert room.told("resume") == "resume g1 g2"
    assert room.told("pause the coffees") == UNHEEDED


def test_a_wish_after_going_on_is_a_wish() -> None:
    room = restaurant()
    room.do(Stop())
    assert room.told("go on and bring me a tea") == "release > bring me a tea"


def test_without_goals_only_what_is_surely_an_instruction_is_one() -> None:
    room = Room("restaurant")
    assert room.told("cancel the coffees") == UNHEEDED
    assert room.told("forget the coffees") is None
    assert room.told("make it three") is None
    assert room.told("table 5 instead") is None
    assert room.told("wait") is None
    assert room.told("stop") == "stop"


def test_ones_own_come_first_and_the_others_are_named() -> None:
    room = Room("restaurant", ("a coffee for table 6", "carla"), "bring two coffees to table 4")
    assert room.told("cancel the coffees") == "cancel g2"
    heard = room.hear("cancel the coffees")
    assert heard is not None
    assert "g1" in heard.reply
    assert room.told("cancel the coffee", "carla") == "cancel g1"
    assert room.told("never mind", "carla") == "cancel g1"
    assert room.told("never mind", "dan") is None
    assert room.told("cancel that", "dan") == UNHEEDED
    assert room.told("cancel g1", "dan") == "cancel g1"


def test_several_are_asked_about_unless_all_are_meant() -> None:
    room = Room("restaurant", "a coffee for table 1", "a coffee for table 2", "a tea for table 3")
    heard = room.hear("cancel the coffee")
    assert isinstance(heard, Unheeded)
    assert "g1" in heard.reply
    assert "g2" in heard.reply
    assert room.told("cancel the coffees") == "cancel g1 g2"
    assert room.told("cancel the coffee for table 2") == "cancel g2"


def test_what_is_over_is_told() -> None:
    room = restaurant()
    room.record(GoalClosed(goal="g1", status="satisfied"))
    heard = room.hear("cancel the coffees")
    assert isinstance(heard, Unheeded)
    assert "done" in heard.reply
    assert room.told("forget the coffees") is None


def test_what_cleans_up_after_a_goal_is_nobodys_order() -> None:
    room = restaurant()
    left = Goal(id="g9", text="put the coffee down", who=room.operator, t=room.now, cause="g1")
    room.record(GoalPosted(goal=left))
    assert room.told("never mind") == "cancel g3"


def test_drinks_go_by_what_people_call_them() -> None:
    room = Room("restaurant", "two flat whites to table 4", "a tea to table 1")
    assert room.told("cancel the coffees") == "cancel g1"
    assert room.told("cancel the lattes") == "cancel g1"


@cache
def asked() -> Room:
    return Room("household", "bring me the mug")


@cache
def asked_amid_others() -> Room:
    return Room("household", "turn off the living room lamp", "bring me the mug", "mop the spill")


@cache
def several_wishes_in_one() -> Room:
    wish = "bring two coffees and a tea to table 4, then clear table 2 and wipe it"
    return Room("restaurant", wish)


# -- part of a wish --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cancel the tea", "bring two coffees to table 4, then clear table 2 and wipe it"),
        ("cancel the coffees", "bring a tea to table 4, then clear table 2 and wipe it"),
        ("cancel the coffees and the tea", "clear table 2, then wipe it"),
        (
            "don't clear table 2",
            "bring two coffees and a tea to table 4, then wipe table 2",
        ),
        ("cancel table 2", "bring two coffees and a tea to table 4"),
        (
            "change the tea to a juice",
            "bring two coffees and a juice to table 4, then clear table 2 and wipe it",
        ),
        (
            "make it three coffees",
            "bring three coffees and a tea to table 4, then clear table 2 and wipe it",
        ),
        (
            "instead of the coffees bring two juices",
            "bring two juices and a tea to table 4, then clear table 2 and wipe it",
        ),
    ],
)
def test_a_part_is_left_out_or_changed_and_the_rest_goes_on(text: str, told: str) -> None:
    assert several_wishes_in_one().told(text) == f"g1 = {told}"


def test_a_number_that_may_be_of_several_is_asked_about() -> None:
    room = Room("restaurant", "bring two coffees and a tea to table 4")
    assert room.told("make it three") == UNHEEDED


# -- questions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["never mind", "no", "forget it", "cancel", "nothing", "leave it"])
def test_an_open_question_may_be_called_off(text: str) -> None:
    assert asked_amid_others().told(text) == "cancel g2"


@pytest.mark.parametrize("text", ["the red one", "go on", "make it two", "the red mug instead"])
def test_what_may_answer_a_question_is_no_instruction(text: str) -> None:
    assert asked().told(text) is None


# -- nothing else ----------------------------------------------------------------------------------

_WISHES = sorted(
    (wish.world, wish.text, wish.by or "")
    for wish in read_gold("dev")
    if wish.world in WORLDS and not {"vague", "dialogue"} & set(wish.tags)
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(_WISHES), st.booleans(), st.sampled_from(["", "please ", "Oh, ", "hey, "]))
def test_wishes_are_never_instructions(
    wish: tuple[str, str, str], has_goals: bool, before: str
) -> None:
    world, text, by = wish
    room = busy(world) if has_goals else idle(world)
    assert room.told(before + text, by or None) is None


_WORDS = st.sampled_from(
    sorted(
        among(
            "cancel stop go on hold wait make it the that three table 4 coffees all everything instead "
            "of g1 g2 and , . but not don't undo pause resume first within two minutes"
        )
    )
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_WORDS, max_size=8))
def test_any_words_come_to_something(words: list[str]) -> None:
    heard = busy("restaurant").hear(" ".join(words))
    assert heard is None or heard.reply
    if isinstance(heard, Instruct):
        assert heard.instructions
