from importlib.metadata import EntryPoint

import pytest

from devices.catalogue import body_kinds
from devices.clock import ManualClock
from devices.contracts import BodyCard, Drive, Grasp, Halt, Pose
from devices.device import BodyKind, Device
from devices.errors import Refused
from devices.robots import ARM, CARDS, SERVER
from devices.testing import FakeDevice, TimedContract


class TestFakeDevice(TimedContract):
    def open(self) -> Device:
        return FakeDevice(SERVER, ManualClock(), room="hall")


def test_a_fake_body_drives_at_its_speed():
    clock = ManualClock()
    body = FakeDevice(SERVER, clock)
    body.act(Drive(id="c", skill="navigate", to="x", path=((0.0, 0.0), (3.0, 4.0)), speed_m_s=0.5))
    clock.advance_to(9.9)
    assert body.receipts() == ()
    clock.advance_to(10.0)
    assert [r.outcome for r in body.receipts()] == ["done"]
    assert body.observe().state.pose == Pose(x=3.0, y=4.0)


def test_a_halted_fake_body_stops_on_the_way():
    clock = ManualClock()
    body = FakeDevice(SERVER, clock)
    body.act(Drive(id="c", skill="navigate", to="x", path=((10.0, 0.0),), speed_m_s=1.0))
    clock.advance_to(4.0)
    body.act(Halt(id="h"))
    assert body.observe().state.pose.x == pytest.approx(4.0)


def test_a_fake_body_fails_as_often_as_told():
    clock = ManualClock()
    body = FakeDevice(SERVER, clock)
    body.fail_next("grasp", "tool_failed", times=1)
    for k in range(2):
        body.act(Grasp(id=f"c{k}", skill="pick", object="cup", source="table"))
        clock.advance_to(clock.now() + 1)
    assert [(r.outcome, r.reason) for r in body.receipts()] == [
        ("failed", "tool_failed"),
        ("done", ""),
    ]


def test_six_different_kinds_ship():
    assert len({card.kind for card in CARDS}) == 6
    assert {card.mobility for card in CARDS} == {"wheels", "legs", "air", "fixed"}


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.kind)
def test_a_card_is_of_one_piece(card: BodyCard):
    assert card.low_m < card.high_m
    assert card.hands <= card.carry
    assert (card.speed_m_s > 0) == ("navigate" in card.skills)
    assert all(rate > 0 for rate in card.skills.values())


@pytest.fixture
def installed(monkeypatch):
    """Pretend that packages offer these entry points."""

    def install(*entries: tuple[str, str]) -> None:
        points = [EntryPoint(name, value, "retinue.devices") for name, value in entries]
        monkeypatch.setattr("devices.installed.entry_points", lambda group: points)

    return install


def test_a_card_or_a_kind_may_stand_behind_an_entry_point(installed):
    installed(("server", "devices.robots:SERVER"), ("arm", "devices.robots:ARM"))
    assert list(body_kinds()) == ["arm", "server"]
    assert body_kinds()["arm"] == BodyKind(card=ARM)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_package:CARD", "cannot be loaded"),
        ("devices.robots:NO_SUCH_CARD", "cannot be loaded"),
        ("devices.robots:CARDS", "must be a BodyCard or a BodyKind"),
    ],
)
def test_a_bad_entry_point_is_named(installed, value, says):
    installed(("mine", value))
    with pytest.raises(Refused, match=f"'mine'.*{says}"):
        body_kinds()


def test_two_kinds_of_one_name_are_refused(installed):
    installed(("a", "devices.robots:SERVER"), ("b", "devices.robots:SERVER"))
    with pytest.raises(Refused, match="two packages offer a body of kind 'server'"):
        body_kinds()


def open_fake(address: str) -> Device:
    return FakeDevice(SERVER, ManualClock(), body=address)


def test_a_kind_with_a_driver_opens(monkeypatch):
    import sys
    import types

    driver = types.ModuleType("strangers_driver")
    driver.open = open_fake
    monkeypatch.setitem(sys.modules, "strangers_driver", driver)
    device = BodyKind(card=SERVER, driver="strangers_driver:open").open("robot-1")
    assert device.observe().body == "robot-1"


@pytest.mark.parametrize(
    ("driver", "says"), [(None, "no driver"), ("nowhere:open", "cannot be loaded")]
)
def test_a_kind_without_its_driver_refuses(driver, says):
    with pytest.raises(Refused, match=says):
        BodyKind(card=SERVER, driver=driver).open("robot-1")
