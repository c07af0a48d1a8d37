"""A body, a skill, a process and a world of somebody else: installed, planned, performed, judged."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from services.session.contracts import PostedWish, RunConfig, RunResult
from services.session.run import run
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

MODULE = """
from cerebellum.leaves import operate
from cerebellum.tree import Tree
from devices.contracts import BodyCard
from devices.skill import Atom, Param, SkillCard

GARDENER = BodyCard(
    kind="gardener",
    title="garden robot",
    mobility="wheels",
    speed_m_s=0.7,
    skills={"navigate": 1.0, "look": 1.0, "scan": 1.0, "sprinkle": 1.0},
)


class Sprinkle:
    card = SkillCard(
        name="sprinkle",
        title="water a plant",
        params=(Param(name="target", kind="fixture", cls=("plant_pot",)),),
        at="target",
        pre=(Atom(pred="be", args=("$target", "watered"), value=False),),
        post=(Atom(pred="be", args=("$target", "watered"), value=True),),
        base_s=9.0,
        process="sprinkle",
        verbs=("water", "irrigate"),
    )

    def build(self, order, context):
        target = context.argument("target")
        return Tree(operate(context, "sprinkle", target, at=target))


SPRINKLE = Sprinkle()
"""

WORLD = """
name: garden
title: A house with a garden
operator: me
classes:
  - cls: plant_pot
    category: fixture
    names: [plant, plant pot]
    states: {watered: {values: [false, true], default: false}}
processes:
  - {name: sprinkle, target_cls: [plant_pot], needs: {watered: false}, sets: {watered: true}, seconds: 9}
plan:
  name: garden
  rooms:
    - {id: hall, cls: hall, polygon: [[0, 0], [4, 0], [4, 4], [0, 4]]}
    - {id: garden, cls: terrace, polygon: [[4, 0], [10, 0], [10, 4], [4, 4]]}
  doors:
    - {id: way, rooms: [hall, garden], at: [4, 2], width_m: 1.4}
  fixtures:
    - {id: rose, cls: plant_pot, names: [rose], room: garden, x: 9, y: 2, size_m: [0.4, 0.4]}
    - {id: fern, cls: plant_pot, names: [fern], room: garden, x: 6, y: 3.5, size_m: [0.4, 0.4]}
people:
  - {id: me, at: hall}
bodies:
  - {id: greta, kind: gardener, pose: {x: 2, y: 2}}
"""


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The world's file, beside which the robot and its skill are installed."""
    info = tmp_path / "site" / "gardener-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: gardener\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(
        "[retinue.devices]\ngardener = gardener_robot:GARDENER\n"
        "[retinue.skills]\nsprinkle = gardener_robot:SPRINKLE\n",
        encoding="utf-8",
    )
    (tmp_path / "site" / "gardener_robot.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "garden.yaml").write_text(WORLD, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "gardener_robot", raising=False)
    return tmp_path / "garden.yaml"


def water(world: Path) -> RunResult:
    return run(
        RunConfig(
            world=str(world),
            wishes=(PostedWish(t=0.0, text="please water the rose"),),
            runtime="local",
            out=str(world.parent / "run"),
            film=False,
        )
    )


@pytest.mark.scenario
def test_a_strangers_robot_does_a_strangers_skill_in_a_strangers_world(garden: Path) -> None:
    result = water(garden)
    assert [goal.status for goal in result.goals] == ["satisfied"], result.goals
    assert result.goals[0].checked_by_world
    assert result.steps >= 1


@pytest.mark.scenario
def test_a_body_that_is_refused_again_and_again_gives_the_world_time_to_change(
    garden: Path,
) -> None:
    # The world wants something of which the skill's card says nothing: it refuses at once.
    state = "watered: {values: [false, true], default: false}"
    frozen = state + ", frozen: {values: [false, true], default: true}"
    world = garden.read_text(encoding="utf-8").replace(state, frozen)
    garden.write_text(
        world.replace("needs: {watered: false}", "needs: {frozen: false}"), encoding="utf-8"
    )
    result = water(garden)
    assert [goal.status for goal in result.goals] == ["failed"], result.goals
    path = Path(result.run_dir) / "memory.db"
    with EventStore.reader(path, Vault.beside(path)) as store:
        ended = [e.event for e in store.read(kinds=("step_ended",))]
    tried = [e.t for e in ended if e.body.skill == "sprinkle"]
    pauses = [round(later - sooner, 3) for sooner, later in pairwise(tried)]
    assert pauses[:7] == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0]


IRON = """
- name: iron
  title: iron a shirt
  target_cls: [shirt]
  at_offers: ironing
  needs: {ironed: false}
  sets: {ironed: true}
  hands: 1
  seconds: 12
  verbs: [iron, press, smooth out]
"""

LAUNDRY = """
name: laundry
title: A laundry
operator: me
classes:
  - cls: board
    category: fixture
    names: [ironing board]
  - cls: shirt
    category: object
    names: [shirt]
    states: {ironed: {values: [false, true], default: false}}
    mass_kg: 0.3
    size_m: 0.3
cards:
  - kind: presser
    title: laundry robot
    mobility: wheels
    speed_m_s: 0.8
    hands: 2
    carry: 2
    skills: {navigate: 1.0, pick: 1.0, place: 1.0, look: 1.0, scan: 1.0, say: 1.0, iron: 1.0}
plan:
  name: laundry
  rooms:
    - {id: room, cls: hall, polygon: [[0, 0], [6, 0], [6, 5], [0, 5]]}
  doors: []
  fixtures:
    - {id: table, cls: table, room: room, x: 1.5, y: 4.3, size_m: [1.0, 0.6], capacity: 4}
    - {id: ironing-board, cls: board, room: room, x: 4.8, y: 1, size_m: [1.2, 0.4], capacity: 2, offers: [ironing]}
people:
  - {id: me, at: room}
things:
  - {id: white-shirt, cls: shirt, names: [white shirt], at: table}
  - {id: blue-shirt, cls: shirt, names: [blue shirt], at: table, states: {ironed: true}}
bodies:
  - {id: paula, kind: presser, pose: {x: 3, y: 2.5}}
"""


@pytest.fixture
def laundry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The world's file, beside which a process is installed as data alone."""
    info = tmp_path / "site" / "ironing-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: ironing\nVersion: 1.0\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(
        "[retinue.processes]\niron = ironing\n", encoding="utf-8"
    )
    (tmp_path / "site" / "ironing").mkdir()
    (tmp_path / "site" / "ironing" / "iron.yaml").write_text(IRON, encoding="utf-8")
    (tmp_path / "laundry.yaml").write_text(LAUNDRY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "ironing", raising=False)
    return tmp_path / "laundry.yaml"


@pytest.mark.scenario
@pytest.mark.parametrize(
    "text",
    [
        "iron the white shirt",
        "the white shirt should be ironed",
        "press the unironed shirt",
        "iron the white shirt on the ironing board",
    ],
)
def test_a_strangers_process_is_one_file_of_data(laundry: Path, text: str) -> None:
    result = run(
        RunConfig(
            world=str(laundry),
            wishes=(PostedWish(t=0.0, text=text),),
            runtime="local",
            out=str(laundry.parent / "run"),
            film=False,
        )
    )
    assert [goal.status for goal in result.goals] == ["satisfied"], result.goals
    assert result.goals[0].checked_by_world
    assert result.goals[0].understood == "White shirt is ironed."
