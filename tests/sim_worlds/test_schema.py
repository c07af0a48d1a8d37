"""The schema of scenario files says yes to what the loader takes, and no to what it can tell is wrong."""

import copy

import pytest

from devices.robots import CARDS
from sim_worlds.loader import catalogue, installed
from sim_worlds.loading.marked_yaml import read_marked
from sim_worlds.loading.schema import scenario_schema

jsonschema = pytest.importorskip("jsonschema")


@pytest.fixture(scope="module")
def schema():
    classes, processes = catalogue()
    return scenario_schema(classes, CARDS, processes)


@pytest.fixture(scope="module")
def checker(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def household():
    return read_marked(installed()["household"].read_text(encoding="utf-8"), "household.yaml").data


@pytest.mark.parametrize("name", sorted(installed()))
def test_every_world_that_ships_fits(checker, name):
    data = read_marked(installed()[name].read_text(encoding="utf-8"), name).data
    assert [error.message for error in checker.iter_errors(data)] == []


@pytest.mark.parametrize(
    ("spoil", "about"),
    [
        (lambda w: w.update(operatr="sam"), "operatr"),
        (lambda w: w.pop("operator"), "operator"),
        (lambda w: w["plan"]["rooms"][0].update(polygon="round"), "round"),
        (lambda w: w["happenings"].append({"t": 1, "who": "sam", "to": "sofa"}), "is not valid"),
        (lambda w: w["happenings"].append({"kind": "flies", "t": 1}), "is not valid"),
    ],
)
def test_what_is_wrong_is_underlined(checker, household, spoil, about):
    world = copy.deepcopy(household)
    world.setdefault("happenings", [])
    spoil(world)
    assert any(about in error.message for error in checker.iter_errors(world))


def test_editors_are_offered_what_there_is_and_take_what_a_file_declares(schema):
    def offered(noun, field):
        return schema["$defs"][noun]["properties"][field]["anyOf"]

    assert "kitchen" in offered("Room", "cls")[0]["enum"]
    assert "cup_shelf" in offered("Fixture", "cls")[0]["enum"]
    assert "mug" in offered("ScenarioThing", "cls")[0]["enum"]
    assert "humanoid" in offered("BodySpec", "kind")[0]["enum"]
    offers = schema["$defs"]["Fixture"]["properties"]["offers"]
    assert {"wash", "coffee", "charge"} <= set(offers["items"]["anyOf"][0]["enum"])
    assert offered("Room", "cls")[1] == {"type": "string"}


def test_every_noun_tells_what_it_is(schema):
    assert [name for name, noun in schema["$defs"].items() if not noun.get("description")] == []
