"""Strangers' offers are found through the same door as ours; broken ones are named, not hidden."""

import sys
from pathlib import Path

import pytest

from services.plugins import KINDS, discover

MODULE = """
from devices.contracts import BodyCard

PLANTER = BodyCard(kind="planter", title="garden robot", mobility="wheels")
NOT_A_BODY = 7

class Water:
    from devices.skill import SkillCard
    card = SkillCard(name="water", title="water a plant", params=())

    def build(self, order, context):
        raise NotImplementedError

WATER = Water()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution with these entry points on the path."""

    def make(name: str, points: str, module: str = "") -> Path:
        site = tmp_path / name
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        if module:
            (site / f"{name}.py").write_text(module, encoding="utf-8")
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(str(site))
        return site

    return make


def test_ours_come_through_the_door():
    plugins = discover()
    assert plugins.broken == ()
    assert {"server", "arm", "drone"} <= plugins.of("devices").keys()
    assert {"pick", "place", "carry_together"} <= plugins.of("skills").keys()


def test_a_strangers_body_skill_and_world_are_found(install):
    site = install(
        "gardener",
        "[retinue.devices]\nplanter = gardener:PLANTER\n"
        "[retinue.skills]\nwater = gardener:WATER\n"
        "[retinue.worlds]\ngarden = gardener:__file__\n",
        MODULE,
    )
    plugins = discover("devices", "skills", "worlds")
    assert plugins.of("devices")["planter"].title == "garden robot"
    assert plugins.of("skills")["water"].card.name == "water"
    assert Path(plugins.of("worlds")["garden"]).parent == site
    mine = [plugin for plugin in plugins.found if plugin.distribution == "gardener"]
    assert {plugin.kind for plugin in mine} == {"devices", "skills", "worlds"}


def test_asking_twice_gives_the_same(install):
    install("gardener", "[retinue.devices]\nplanter = gardener:PLANTER\n", MODULE)
    assert discover() == discover()


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ("[retinue.devices]\nx = gardener:GONE\n", "AttributeError"),
        ("[retinue.devices]\nx = no_such_module:X\n", "ModuleNotFoundError"),
        ("[retinue.devices]\nx = gardener:NOT_A_BODY\n", "must be a BodyCard or a BodyKind"),
        ("[retinue.skills]\nx = gardener:PLANTER\n", "no `card` that is a SkillCard"),
        ("[retinue.processes]\nx = gardener\n", "x.yaml of gardener cannot be read"),
        ("[retinue.worlds]\nx = gardener:NOT_A_BODY\n", "path of a scenario file"),
        ("[retinue.worlds]\nx = gardener:__name__\n", "there is no file gardener"),
        ("[retinue.tools]\nx = gardener:NOT_A_BODY\n", "must be callable"),
        ("[retinue.queries]\nx = gardener:NOT_A_BODY\n", "must be callable"),
        ("[retinue.queries]\nx = gardener:Water.build\n", "can not be typed at a terminal"),
    ],
)
def test_a_broken_offer_is_named_with_its_package_and_error(install, points, says):
    install("gardener", points, MODULE)
    plugins = discover()
    (broken,) = plugins.broken
    assert broken.distribution == "gardener"
    assert says in broken.error
    assert "gardener" in str(broken)
    # The others still work.
    assert plugins.of("devices").keys() >= {"server"}


def test_a_module_that_raises_on_import_is_reported(install):
    install("gardener", "[retinue.tools]\nx = gardener:X\n", "raise RuntimeError('no camera')")
    (broken,) = discover("tools").broken
    assert "RuntimeError: no camera" in broken.error


def test_a_name_that_is_taken_is_reported(install):
    install("gardener", "[retinue.devices]\ndrone = gardener:PLANTER\n", MODULE)
    plugins = discover("devices")
    (broken,) = plugins.broken
    assert "already" in broken.error


def test_kinds_are_the_documented_groups():
    text = (Path(__file__).resolve().parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`retinue.{kind}`" not in text] == []
