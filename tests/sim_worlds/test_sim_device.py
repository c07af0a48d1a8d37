"""A body of a world is a device like any other."""

import pytest

from devices.contracts import Drive
from devices.errors import Unreachable
from devices.testing import TimedContract
from sim_worlds.engine import SimWorld
from sim_worlds.errors import WorldMisuse
from sim_worlds.faults.usual import Offline
from sim_worlds.sim_device import SimSite


class TestSimDevice(TimedContract):
    @pytest.fixture(autouse=True)
    def _flat(self, flat):
        self.scenario = flat()

    def open(self):
        return SimSite(SimWorld(self.scenario, seed=1)).device("waiter")


def test_devices_of_one_site_share_its_time(flat):
    site = SimSite(SimWorld(flat()))
    waiter, mate = site.device("waiter"), site.device("mate")
    drive = Drive(id="d", skill="navigate", to="lounge", path=((10.0, 0.6),), speed_m_s=1.0)
    waiter.act(drive)
    assert mate.receipts() == ()
    site.advance_to(5.0)
    assert site.now == 5.0
    assert [r.outcome for r in waiter.receipts()] == ["done"]
    assert waiter.observe().state.pose.x == 10.0
    with pytest.raises(WorldMisuse, match="take one of helper, mate, waiter"):
        site.device("robbie")


def test_a_dead_body_is_unreachable_until_it_is_back(flat):
    site = SimSite(SimWorld(flat(), faults=(Offline(body="waiter", t=1.0, lasts_s=3.0),)))
    waiter = site.device("waiter")
    site.advance_to(2.0)
    with pytest.raises(Unreachable, match="does not answer"):
        waiter.observe()
    site.advance_to(6.0)
    assert waiter.observe().t == 4.0
