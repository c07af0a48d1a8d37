"""Every built-in skill keeps the contract that strangers' skills must keep."""

from importlib.metadata import EntryPoint

import pytest

import cerebellum.catalogue
from cerebellum.catalogue import skill_kinds
from cerebellum.contracts import Order
from cerebellum.errors import BadCatalogue
from cerebellum.testing import SkillContract
from devices.contracts import Pose

AT_DOOR, AT_DOCK = Pose(x=3.2, y=2.0), Pose(x=6.7, y=2.0)
CASES = {
    "navigate": ({"to": "dock-1"}, None),
    "pick": ({"obj": "cup-1", "source": "table-1"}, None),
    "place": ({"obj": "cup-1", "to": "table-1"}, None),
    "hand_over": ({"obj": "cup-1", "to": "anna"}, None),
    "open": ({"target": "kitchen-door"}, AT_DOOR),
    "close": ({"target": "kitchen-door"}, AT_DOOR),
    "switch": ({"target": "sink-1", "value": "on"}, None),
    "pour": ({"obj": "cup-1", "source": "table-1", "value": "coffee"}, None),
    "wash": ({"obj": "cup-1", "source": "sink-1"}, None),
    "wipe": ({"target": "table-1"}, None),
    "heat": ({"obj": "soup-1", "source": "table-1"}, None),
    "slice": ({"obj": "bread-1", "source": "table-1"}, None),
    "scan": ({"target": "kitchen"}, None),
    "look": ({"target": "table-1"}, None),
    "say": ({"to": "anna", "text": "dinner is ready"}, None),
    "charge": ({"dock": "dock-1"}, AT_DOCK),
    "carry_together": ({"obj": "sofa-1", "source": "table-1", "to": "hall"}, None),
}


def contract(name: str) -> type[SkillContract]:
    args, pose = CASES[name]
    partner = "bench-2" if name == "carry_together" else None

    class TestSkill(SkillContract):
        kind = skill_kinds()[name]

        def order(self) -> Order:
            return self.order_for(args, partner)

    if pose is not None:
        TestSkill.pose = pose
    return TestSkill


for name in CASES:
    globals()[f"TestSkill_{name}"] = contract(name)


def test_every_card_has_a_behaviour():
    assert set(CASES) == set(skill_kinds())


@pytest.fixture
def installed(monkeypatch):
    def install(*entries: tuple[str, str]) -> None:
        points = [EntryPoint(name, value, "retinue.skills") for name, value in entries]
        monkeypatch.setattr("devices.installed.entry_points", lambda group: points)
        monkeypatch.setattr(cerebellum.catalogue, "processes", tuple)

    return install


def test_skills_come_through_entry_points(installed):
    installed(("pick", "cerebellum.skills.pick"), ("look", "cerebellum.skills.look"))
    assert list(skill_kinds()) == ["look", "pick"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_package", "cannot be loaded"),
        ("cerebellum.cards", "must have a SkillCard"),
        ("cerebellum.cards:PICK", "must have a SkillCard"),
    ],
)
def test_what_is_no_skill_is_named(installed, value, says):
    installed(("mine", value))
    with pytest.raises(BadCatalogue, match=f"'mine'.*{says}"):
        skill_kinds()


def test_two_skills_of_one_name_are_refused(installed):
    installed(("a", "cerebellum.skills.pick"), ("b", "cerebellum.skills.pick"))
    with pytest.raises(BadCatalogue, match="two packages offer the skill 'pick'"):
        skill_kinds()
