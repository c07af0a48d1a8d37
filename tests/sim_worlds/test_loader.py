"""A scenario file is read, merged with the catalogue, or answered with one sentence and a line."""

import math
import re

import pytest

from devices.contracts import BodyCard
from sim_worlds.contracts import Says
from sim_worlds.errors import ScenarioError, UnknownWorld
from sim_worlds.loader import builtin, installed, load, read
from sim_worlds.loading.marked_yaml import read_marked


def _line(text: str, words: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if words in line)


def test_a_sound_file_becomes_a_scenario_with_the_catalogue(flat):
    scenario = flat()
    assert [t.id for t in scenario.things[:2]] == ["cup-1", "cup-2"]
    assert {"cup", "table"} <= {card.cls for card in scenario.classes}
    assert {"pour", "charge"} <= {process.name for process in scenario.processes}
    assert {"server", "drone"} <= {card.kind for card in scenario.cards}


def test_the_file_replaces_catalogue_entries_by_name(flat):
    scenario = flat(
        "classes:\n  - {cls: milk, mass_kg: 9.0}\nprocesses: [{name: wipe, seconds: 1}]\n"
    )
    assert [c.mass_kg for c in scenario.classes if c.cls == "milk"] == [9.0]
    assert [p.seconds for p in scenario.processes if p.name == "wipe"] == [1]


def test_cards_of_installed_packages_can_be_used(flat_text):
    gardener = BodyCard(kind="gardener", title="gardener", mobility="wheels", speed_m_s=1.0)
    text = flat_text.replace("kind: server", "kind: gardener")
    with pytest.raises(ScenarioError, match="kind of body `gardener`"):
        read(text, "flat.yaml")
    assert read(text, "flat.yaml", [gardener]).bodies[2].kind == "gardener"


def test_words_that_older_yaml_takes_for_booleans_stay_words(flat):
    scenario = flat("happenings:\n  - {kind: moves, t: 1, thing: milk, to: table, relation: on}\n")
    assert scenario.happenings[0].relation == "on"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[on, off, yes, no, y]", ["on", "off", "yes", "no", "y"]),
        ("[true, False, ~, null, '', \"~\", '1']", [True, False, None, None, "", "~", "1"]),
        ("[0x1f, 0o17, 017, +1, -1.5e3, .5, 1.]", [31, 15, 17, 1, -1500.0, 0.5, 1.0]),
        ("[12:30, 2024-01-01, 1_000, 1.2.3]", ["12:30", "2024-01-01", "1_000", "1.2.3"]),
        ("[!!str 12, !!float 1, -.inf]", ["12", 1.0, -math.inf]),
        ("{a: &x {b: 1, c: 2}, d: {<<: *x, c: 3}}", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
    ],
)
def test_values_are_those_of_yaml_1_2(text, value):
    found = read_marked(text, "x.yaml").data
    assert (found, repr(found)) == (value, repr(value))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: {c", 3, "not valid YAML: "),
        ("a: 1\nb: *gone", 2, "no anchor &gone"),
        ("a: 1\nb: &b [*b]", 2, "no anchor &b"),
        ("a: 1\nb: " + "[" * 100_000, 2, "nested too deeply"),
        ("a: 1\n? [b]\n: c", 2, "a key has to be a word"),
        ("a: 1\n<<: [3]", 2, "merges mappings only"),
        ("a: 1\na: 2", 2, "stands here a second time"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("a: 1\nb: !robot c3", 2, "tag !robot"),
        ("a: 1\nb: !!int c3", 2, "tag !!int"),
        ("a: " + "1" * 5000, 1, "not valid YAML: "),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(text, line, says):
    with pytest.raises(ScenarioError, match=rf"^x\.yaml:{line}: ") as caught:
        read_marked(text, "x.yaml")
    assert says in str(caught.value)


def test_a_says_happening_carries_conditions(flat):
    happening = flat(
        "happenings:\n"
        "  - kind: says\n    t: 5\n    who: ann\n    text: milk please\n"
        "    success: [{kind: at, what: {ids: [milk]}, where: ann}]\n"
    ).happenings[0]
    assert isinstance(happening, Says)
    assert happening.success[0].where == "ann"


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("no_record: [{id: quiet, room: longe}]", "unknown room `longe`; did you mean `lounge`"),
        ("no_record: [{id: quiet}]", "give one"),
        ("no_record: [{id: q, polygon: [[0, 0], [1, 1]]}]", "has 2 corners"),
        ("no_record: [{id: q, room: lounge, from_s: 5, to_s: 4}]", "ends before it begins"),
        ("no_record: [{id: q, room: lounge}, {id: q, room: lounge}]", "is taken already"),
        ("keep: [{cls: persn, keep_s: 9}]", "unknown class `persn`; did you mean `person`"),
        ("keep: [{place: moon, keep_s: 9}]", "unknown room, fixture or class `moon`"),
        ("keep: [{cls: person, keep_s: 0}]", "greater than 0"),
    ],
)
def test_privacy_that_can_not_be_is_told_with_its_line(flat, rule, says):
    with pytest.raises(ScenarioError) as wrong:
        flat(f"privacy:\n  {rule}\n")
    assert says in str(wrong.value)


def test_privacy_is_read(flat):
    privacy = flat(
        "privacy:\n  no_record: [{id: quiet, room: lounge, categories: [person]}]\n"
        "  keep: [{cls: person, place: table, keep_s: 60}]\n"
    ).privacy
    assert privacy.no_record[0].room == "lounge"
    assert privacy.keep[0].keep_s == 60


MISTAKES = [
    ("room: lounge, x: 8.5", "room: longe, x: 8.5", "id: table", "did you mean `lounge`"),
    ("cls: milk,", "cls: mlik,", "id: milk", "unknown class `mlik`; did you mean `milk`"),
    ("at: fridge}", "at: frigde}", "id: milk", "unknown place `frigde`; did you mean `fridge`"),
    ("kind: server", "kind: servr", "id: waiter", "unknown kind of body `servr`"),
    ("title: A small flat", "titel: A small flat", "titel", "unknown field `titel`"),
    ("operator: ann", "operator: eve", "operator", "unknown person `eve`"),
    ("[5, 4], [0, 4]]}", "[0, 4], [5, 4]]}", "id: kitchen", "not simple"),
    ("[[5, 0], [11, 0]", "[[4, 0], [11, 0]", "id: lounge", "overlaps room `kitchen`"),
    ("at: [5, 2]", "at: [4, 2]", "id: arch", "not in a wall"),
    ("at: [5, 2]", "at: [5, 0.2]", "id: arch", "not in a wall"),
    ("x: 8.5, y: 2.0", "x: 11.0, y: 2.0", "id: table", "partly outside room `lounge`"),
    ("x: 3.6, y: 0.35", "x: 2.6, y: 0.35", "id: fridge", "stands in fixture `counter`"),
    ("{x: 7.0, y: 0.6}", "{x: 8.5, y: 2.0}", "id: waiter", "in an obstacle"),
    ("{x: 7.0, y: 0.6}", "{x: 17.0, y: 2.0}", "id: waiter", "in an obstacle"),
    ("count: 2", "count: 7", "id: cup", "holds 6 objects and would get 7"),
    ("id: milk, ", "id: cup-1, ", "id: cup-1", "taken already"),
    ("id: milk, ", "id: The_Milk, ", "id: The_Milk", "not an id"),
    ("{clean: false}, believed", "{clean: dirty}, believed", "id: plate", "use one of true, false"),
    ("store-door: {open", "store-dor: {open", "store-dor:", "did you mean `store-door`"),
    ("table: {clean", "table: {clan", "table: {clan", "did you mean `clean`"),
    ("capacity: 4", "capacity: four", "id: fridge", "`capacity` is `four`"),
    ("at: kitchen}", "at: milk}", "id: bob", "unknown room or fixture `milk`"),
    ("name: flat\ntitle", "name: [flat\ntitle", "title", "not valid YAML"),
    ("title: A small flat", "title: a\ntitle: b", "title: b", "a second time"),
    ("width_m: 1.2", "width_m: 0", "id: arch", "wide"),
]


@pytest.mark.parametrize(("old", "new", "where", "says"), MISTAKES)
def test_a_mistake_is_one_sentence_with_its_line(flat_text, old, new, where, says):
    text = flat_text.replace(old, new, 1)
    assert text != flat_text
    with pytest.raises(ScenarioError) as caught:
        read(text, "my.yaml")
    sentence = caught.value.problems[0]
    assert says in sentence
    assert "; " in sentence
    assert "\n" not in str(caught.value)
    assert sentence.startswith(f"my.yaml:{_line(text, where)}: ")


HAPPENINGS = [
    ("{kind: walk, t: 1, who: eve, to: table}", "unknown person `eve`"),
    ("{kind: walk, t: 1, who: ann, to: milk}", "unknown room or fixture `milk`"),
    ("{kind: wlak, t: 1, who: ann, to: table}", "unknown kind `wlak`"),
    ("{t: 1, who: ann, to: table}", "has no `kind`"),
    ("{kind: vanishes, t: 1, thing: mlik}", "unknown object `mlik`"),
    ("{kind: vanishes, thing: milk}", "field `t` is missing"),
    ("{kind: moves, t: 1, thing: milk, to: moon}", "unknown place `moon`"),
    ("{kind: changes, t: 1, thing: plate, states: {clen: true}}", "did you mean `clean`"),
    ("{kind: changes, t: 1, thing: plate, states: {clean: 3}}", "cannot be `3`"),
    ("{kind: appears, t: 1, thing: {id: milk, cls: milk, at: table}}", "taken already"),
    ("{kind: appears, t: 1, thing: {id: egg, cls: dragon, at: table}}", "class `dragon`"),
    ("{kind: appears, t: 1, thing: {id: egg, cls: table, at: table}}", "use a class of objects"),
    ("{kind: says, t: -1, who: ann, text: hi}", "nothing happens at -1"),
    (
        "{kind: says, t: 1, who: ann, text: hi, success: [{kind: clear, where: tabel}]}",
        "unknown place `tabel`",
    ),
    (
        "{kind: says, t: 1, who: ann, text: hi,"
        " success: [{kind: be, what: {ids: [mlik]}, attr: hot, value: true}]}",
        "unknown thing `mlik`",
    ),
]


@pytest.mark.parametrize(("happening", "says"), HAPPENINGS)
def test_a_wrong_happening_is_named(flat_text, happening, says):
    text = f"{flat_text}happenings:\n  - {happening}\n"
    with pytest.raises(ScenarioError, match=re.escape(says)) as caught:
        read(text, "my.yaml")
    assert caught.value.problems[0].startswith(f"my.yaml:{_line(text, happening)}: ")


def test_a_thing_that_appears_may_be_named_later(flat):
    flat(
        "happenings:\n"
        "  - {kind: appears, t: 1, thing: {id: egg, cls: eggs, at: table}}\n"
        "  - {kind: vanishes, t: 2, thing: egg}\n"
    )


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("{kind: offline, body: robbie, t: 1}", "unknown body `robbie`"),
        ("{kind: tool_fail, skill: pikc}", "did you mean `pick`"),
        ("{kind: drain, body: waiter, t: 1, level: 4}", "give 0.0 to 1.0"),
    ],
)
def test_a_wrong_fault_is_named(flat, fault, says):
    with pytest.raises(ScenarioError, match=re.escape(says)):
        flat(f"faults:\n  - {fault}\n")


def test_all_mistakes_are_counted_and_the_first_comes_first(flat):
    with pytest.raises(ScenarioError) as caught:
        flat(
            replace={
                "cls: milk,": "cls: mlik,",
                "cls: apple,": "cls: aple,",
                "cls: plate,": "cls: plat,",
            }
        )
    assert len(caught.value.problems) == 3
    assert str(caught.value).endswith("(and 2 more)")
    assert "mlik" in caught.value.problems[0]


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(ScenarioError, match=r"gone\.yaml:1: the file cannot be read"):
        load(tmp_path / "gone.yaml")


@pytest.mark.parametrize("text", ["", "- 1\n", "just words"])
def test_what_is_no_scenario_says_so(text):
    with pytest.raises(ScenarioError, match=r"x\.yaml:1: this is not a scenario"):
        read(text, "x.yaml")


def test_a_world_outside_the_package_loads(tmp_path, flat_text):
    (tmp_path / "mine.yaml").write_text(flat_text, encoding="utf-8")
    assert load(tmp_path / "mine.yaml").name == "flat"


def test_an_unknown_world_names_those_that_are_there():
    with pytest.raises(UnknownWorld, match="there is no world `moon`"):
        builtin("moon")


def test_every_shipped_world_loads():
    for name in installed():
        assert builtin(name).bodies
