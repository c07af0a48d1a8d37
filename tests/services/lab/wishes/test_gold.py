"""The gold is valid, large and fair enough to judge by; a mistake in it is told in a sentence."""

from __future__ import annotations

import pytest

from brain.planning.decompose import decompose
from devices.facts import At, Be, Clear, Known, Selector, Told, bind_all
from devices.roadmap import Roadmap
from services.errors import UserError
from services.lab.wishes.canonical import words
from services.lab.wishes.gold import read_gold
from services.lab.wishes.site import site_of
from sim_worlds.loader import installed
from stem_memory.tasks import Goal, GoalRecord

DEV, TRAIN, TEST = read_gold("dev"), read_gold("train"), read_gold("test")


def test_every_wish_of_every_split_is_valid():
    # Reading checks ids, classes, states and values against the survey of each world.
    assert len(DEV) + len(TEST) >= 320
    assert len(TRAIN) >= 300
    assert len(TEST) >= 190
    whole = DEV + TRAIN + TEST
    assert len({wish.id for wish in whole}) == len(whole)


def test_the_worlds_and_a_layout_that_only_the_test_split_knows():
    assert {wish.world for wish in DEV + TRAIN} == {"restaurant", "household", "supermarket"}
    office = [wish for wish in TEST if wish.world == "office"]
    assert len(office) >= 50
    assert "office" not in installed()


def test_many_test_wishes_must_not_be_carried_out():
    assert sum(wish.expected != "understood" for wish in TEST) >= 50


def test_every_kind_of_wish_is_there():
    kinds = (
        "plain polite terse compound references corrections quantities typos indirect place state "
        "exceptions people robots knowledge impossible unknown ambiguous vague dialogue answers"
    )
    for split in (DEV, TRAIN, TEST):
        assert set(kinds.split()) <= {tag for wish in split for tag in wish.tags}


def test_no_wording_is_in_two_splits():
    splits = [{words(wish.text) for wish in split} for split in (DEV, TRAIN, TEST)]
    assert len(set().union(*splits)) == sum(map(len, splits))


def test_nobody_says_the_same_twice_to_learn_from():
    assert len({(words(wish.text), wish.by, wish.before) for wish in TRAIN}) == len(TRAIN)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["dev", "train", "test"])
def test_the_fleet_of_the_site_can_do_what_the_gold_says(split):
    impossible = []
    roadmaps = {}
    for wish in read_gold(split):
        view = site_of(wish.world).memory
        roadmap = roadmaps.setdefault(wish.world, Roadmap(view.plan()))
        for reading in wish.readings:
            bound = bind_all(reading, view, 0.0)
            goal = Goal(id="g1", text=wish.text, who="anyone", t=0.0)
            plan = decompose(GoalRecord(goal=goal, conditions=bound), bound, view, roadmap)
            if plan.kind != "planned":
                impossible.append((wish.id, wish.text, plan.reason))
    assert not impossible


def write(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_short_notation(tmp_path):
    path = write(
        tmp_path,
        """
household:
  - say: everything at once
    tags: [odd]
    understood:
      - {at: [milk], where: fridge}
      - {at: {cls: cup, fill: coffee}, where: sam, count: 2}
      - {at: {cls: toy_like, exclude: [ball]}, where: toy-box}
      - {at: [dog], where: sofa}
      - {at: {cls: body}, where: study, count: 1}
      - {be: {cls: mug, clean: false}, clean: true}
      - {clear: kitchen-table}
      - {tell: lily, message: good night}
      - {know: [tv], attr: power}
""",
    )
    (wish,) = read_gold(path)
    assert wish.readings[0] == (
        At(what=Selector(ids=("milk",)), where="fridge", relation="in"),
        At(
            what=Selector(cls="cup", having={"fill": "coffee"}),
            where="sam",
            relation="held",
            count=2,
            fresh=True,
        ),
        At(what=Selector(cls="toy_like", exclude=("ball",)), where="toy-box", relation="in"),
        At(what=Selector(ids=("dog",)), where="sofa", relation="at"),
        At(what=Selector(cls="body"), where="study", relation="at", count=1),
        Be(what=Selector(cls="mug", having={"clean": False}), attr="clean", value=True),
        Clear(where="kitchen-table"),
        Told(who="lily", message="good night"),
        Known(what=Selector(ids=("tv",)), attr="power"),
    )


@pytest.mark.parametrize(
    ("gold", "sentence"),
    [
        ("understood: [{at: [dragon], where: fridge}]", "nothing here is called dragon"),
        ("understood: [{at: {cls: dragon}, where: fridge}]", "no class dragon"),
        ("understood: [{be: [milk], open: true}]", "milk has no open"),
        ("understood: [{be: [tv], power: maybe}]", "the power of tv is never maybe"),
        ("understood: [{be: {cls: mug, colour: pink}, clean: true}]", "means 0 things"),
        ("understood: [{at: {cls: apple}, where: sofa, count: 9}]", "means 3 things"),
        ("understood: [{at: [milk], where: tv}]", "nothing fits on tv"),
        ("understood: [{tell: milk, message: hi}]", "milk is no person"),
        ("understood: [{clear: milk}]", "milk is no fixture"),
        ("understood: [{wash: [milk]}]", "neither at, be, clear, tell nor know"),
        ("understood: []", "a reading has no conditions"),
        ("ask: true, refuse: true", "exactly one of understood"),
        ("ask: true, by: milk", "milk who says it is no person"),
        ("ask: true, colour: red", "unknown fields colour"),
    ],
)
def test_a_wrong_wish_is_named_with_what_is_wrong(tmp_path, gold, sentence):
    path = write(tmp_path, f"household:\n  - {{say: hello, tags: [odd], {gold}}}\n")
    with pytest.raises(UserError, match=sentence) as caught:
        read_gold(path)
    assert "own/household/1" in str(caught.value)


def test_a_file_that_is_not_there_or_is_no_list_of_wishes(tmp_path):
    with pytest.raises(UserError, match="can not be read"):
        read_gold(str(tmp_path / "none.yaml"))
    with pytest.raises(UserError, match="no list of wishes"):
        read_gold(write(tmp_path, "- a\n- b\n"))
    with pytest.raises(UserError, match="is not YAML"):
        read_gold(write(tmp_path, "a: [b"))


def test_a_site_is_what_the_loop_would_open_with():
    site = site_of("restaurant")
    view = site.fresh()
    assert site.operator == "mia"
    assert view.category("waiter-1") == "body"
    assert "pour" in view.skills()
    assert view.location("keys").holder == "host-desk"
    assert not view.goals()
