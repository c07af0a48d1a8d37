"""The program as a value, and as a drawing."""

import importlib

import pytest

from services.runtime.topology import drawn, topology


def test_every_node_held_is_there_and_every_maker_exists():
    program = topology(("waiter-1", "waiter-2"))
    for node in program.nodes:
        for held in node.holds:
            program.node(held)
        if node.name not in ("session", "world", "memory", "brain", "body"):
            module, _, name = node.made_by.partition(":")
            assert hasattr(importlib.import_module(module), name)


def test_a_site_that_stays_up_has_a_door_and_daemons():
    program = topology(is_up=True)
    lines = drawn(program).splitlines()
    assert lines[0].startswith("hub: ")
    assert [line for line in lines if "a program that calls" in line]
    for name in ("hub", "daemon"):
        module, _, maker = program.node(name).made_by.partition(":")
        assert hasattr(importlib.import_module(module), maker)


def test_bodies_are_counted_and_named():
    body = topology(("waiter-1", "waiter-2")).node("body")
    assert (body.count, body.names) == (2, ("waiter-1", "waiter-2"))


def test_without_a_model_the_brain_holds_none():
    program = topology((), model="none")
    assert program.node("brain").holds == ()
    with pytest.raises(KeyError):
        program.node("model")


def test_the_drawing_has_a_line_for_each_node():
    lines = drawn(topology(("waiter-1",))).splitlines()
    assert lines[0].startswith("session: ")
    assert [line for line in lines if "└─ model: " in line]
    assert [line for line in lines if line.endswith("   waiter-1")]


def test_it_is_what_the_composition_root_starts(tmp_path):
    from services.runtime.local import LocalRuntime
    from services.session.contracts import RunConfig
    from services.session.run import run

    class Recording(LocalRuntime):
        def __init__(self):
            super().__init__()
            self.started = {}

        def spawn(self, name, factory, *args):
            self.started[name] = f"{factory.__module__}:{factory.__name__}"
            return super().spawn(name, factory, *args)

        def share(self, name, factory, *args):
            self.started["memory"] = f"{factory.__module__}:{factory.__name__}"
            return super().share(name, factory, *args)

    runtime = Recording()
    config = RunConfig(
        world="restaurant",
        bodies=3,
        model="none",
        film=False,
        out=str(tmp_path / "run"),
        wishes=({"t": 0.0, "text": "where is the host stand"},),
    )
    run(config, runtime=runtime)
    bodies = tuple(name for name in runtime.started if name not in ("world", "memory", "brain"))
    assert len(bodies) == 3
    program = topology(bodies, model="none")
    expected = {
        name: node.made_by
        for node in program.nodes
        if node.lives == "actor" and node.count
        for name in (node.names or (node.name,))
    }
    assert runtime.started == expected
