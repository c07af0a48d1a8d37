"""The rules for tests hold in the tests."""

import socket
import sys
import time
import types

import pytest


def test_sleeping_fails():
    with pytest.raises(pytest.fail.Exception, match="pass a clock in"):
        time.sleep(0)


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org"])
def test_leaving_the_machine_fails(host):
    with socket.socket() as client, pytest.raises(pytest.fail.Exception, match="loopback"):
        client.connect((host, 80))


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())


@pytest.fixture(scope="module")
def fake_ray():
    """A module that looks like ray, in place before the rules of the first test are set."""
    module = types.ModuleType("ray")
    module.init = module.is_initialized = lambda: False
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "ray", module)
        yield module


def test_starting_ray_unasked_fails(fake_ray):
    with pytest.raises(pytest.fail.Exception, match="not marked"):
        fake_ray.init()
